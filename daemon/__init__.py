"""The daemon: it links accounts, receives, sends and looks after the desk.

`cli` is its door; the rooms are in the README.
"""
