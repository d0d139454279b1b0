"""The keys: the folder and files that hold them, and the admins' accounts.

Imports neither `daemon` nor `webui`.
"""
