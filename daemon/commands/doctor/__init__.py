"""`balas doctor`: `command` prints, `checks` says what is looked at and in which order."""
