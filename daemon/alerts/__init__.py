"""What is wrong now, and how it leaves the house.

`facts` looks, `evaluate` decides, `delivery` sends; `worker` is the thread that does it all.
"""
