"""The bot.

`decide` says from values alone what it would do, `run` does it, `rules` are the texts that the owner writes.
"""
