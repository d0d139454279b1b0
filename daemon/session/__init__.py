"""The session process of one account (a linked number), which may be killed at any time.

Begin with `process`, its life; the other modules do its work.
"""
