"""What is wrong now, and how it is told outside the inbox.

`facts` looks, `evaluate` decides, `delivery` sends; `worker` is the thread that does it all.
"""
