"""A small process that fetches one attachment: `python -m daemon.media_download`, started by the session.

Begin with `job.py`, which says what it is told and what it answers. It loads neither WhatsApp's library nor the
database, needs the same little memory for every file, and may die at any time.
"""
