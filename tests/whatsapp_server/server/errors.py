"""The error that a query is answered with."""

from __future__ import annotations


class QueryFailed(Exception):
    """A query is refused. `code` and `text` are as the real server gives them (whatsmeow errors.go)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text = code, text
