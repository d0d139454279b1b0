"""A small process that fetches a file from WhatsApp's media hosts, brings one there, or prepares one to be sent.

The session starts it (`python -m daemon.media_process`), one process a file. Begin with the jobs (`…_job.py`),
which say what it is told and what it answers. It loads neither WhatsApp's library nor the database, and may die at
any time.
"""
