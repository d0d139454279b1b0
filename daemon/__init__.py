"""The daemon: it links accounts, receives, sends and looks after the desk.

Begin with `cli`; the rooms are in the README.
"""
