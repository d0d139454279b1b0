"""Cells of files that spreadsheets open: none of them may become a formula there."""

# a cell that begins with one of these is a formula to some spreadsheet
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: whatever could be one gets an apostrophe in front."""
    return f"'{value}" if value.lstrip(" \u00a0").startswith(_FORMULA) else value
