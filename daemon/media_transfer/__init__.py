"""A small process that fetches a file from WhatsApp's media hosts, or brings one there.

The session starts it (`python -m daemon.media_transfer`), one process a file. Begin with `download_job.py` and
`upload_job.py`, which say what it is told and what it answers. It loads neither WhatsApp's library nor the
database, needs the same little memory for every file, and may die at any time.
"""
