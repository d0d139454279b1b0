"""A QR code as one SVG path: sharp at any size, no image library, no inline style."""

from functools import lru_cache

from markupsafe import Markup

# ISO/IEC 18004 asks for four light modules around the code.
QUIET_ZONE = 4


@lru_cache(maxsize=8)
def svg(text: str, label: str = "") -> Markup:
    """The code of a text as an `<svg>` element, dark on white in every colour scheme."""
    # not before a code is drawn: it brings a library for pictures, and a start is to be quick
    from qrcode.constants import ERROR_CORRECT_L
    from qrcode.main import QRCode

    code = QRCode(border=QUIET_ZONE, error_correction=ERROR_CORRECT_L)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(_runs(row, y) for y, row in enumerate(rows))
    return Markup(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {n} {n}" role="img" aria-label="{label}"'
        ' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{n}v{n}H0z"/><path fill="#000" d="{path}"/></svg>'
    ).format(n=len(rows), label=label, path=path)


def _runs(row: list[bool | None], y: int) -> str:
    """One line of modules as rectangles, neighbours joined."""
    parts: list[str] = []
    start: int | None = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            parts.append(f"M{start} {y}h{x - start}v1H{start}z")
            start = None
    return "".join(parts)
