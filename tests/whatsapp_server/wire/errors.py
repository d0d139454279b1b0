"""The one error of the wire format."""

from __future__ import annotations


class WireError(ValueError):
    """Bytes from the other end, or a value of ours, that the wire format does not allow."""
