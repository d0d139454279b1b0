"""The fact x state table as a picture: `python -m tests.desk.fact_by_state_picture` draws it anew."""

from enum import StrEnum
from html import escape

from tests.desk.fact_by_state_cells import CANNOT_BE, TABLE, Cells, Fact, written_down

PICTURE = TABLE.with_suffix(".svg")
LEFT, TOP, COLUMN, ROW, MARGIN = 378, 106, 84, 34, 20
TITLE = "What a late fact does to a reply, whatever has become of it"
ABOUT = (
    "Rows: what WhatsApp tells late. Columns: where our reply is by then. "
    "A cell: where it is afterwards, and whose answer the question has."
)


class Kind(StrEnum):
    """What the end of a cell means to the customer; its value is told in the legend."""

    REACHED = "our answer has reached him"
    COMING = "our answer is on its way"
    ELSEWHERE = "answered on the phone, ours stays here"
    BOTH = "both have left, the phone's counts"
    WAITS = "open: he waits for an answer"
    GONE = "nothing is left, or not while it leaves"
    CANNOT = "can't be: it was the bot's"


# by light and by dark
COLOURS = {
    Kind.REACHED: ("#a9dfb8", "#1f6b3c"),
    Kind.COMING: ("#b5d0f7", "#2a5595"),
    Kind.ELSEWHERE: ("#f6d98c", "#77600f"),
    Kind.BOTH: ("#d6bff2", "#60409a"),
    Kind.WAITS: ("#f5b3ab", "#963831"),
    Kind.GONE: ("#cfcfd4", "#55555e"),
    Kind.CANNOT: ("none", "none"),
}
REACHED = ("sent", "delivered", "read", "played")
ON_THE_WAY = ("queued", "sending", "uncertain")


def kind_of(end: str) -> Kind:
    """What a cell's end means."""
    if end == CANNOT_BE:
        return Kind.CANNOT
    where, _, whose = end.partition(", ")
    match whose:
        case "":
            return Kind.GONE
        case "open":
            return Kind.WAITS
        case "ours" if where in REACHED:
            return Kind.REACHED
        case "ours" if where in ON_THE_WAY:
            return Kind.COMING
        case "phone's":
            return Kind.BOTH if where in REACHED else Kind.ELSEWHERE
    raise ValueError(f"no kind: {end}")


def draw(cells: Cells) -> str:
    """The table as SVG: what a fact changes is strong, what it leaves as it was is pale."""
    facts, states = (list(dict.fromkeys(names)) for names in zip(*cells, strict=True))
    width, height = LEFT + COLUMN * len(states) + MARGIN, TOP + ROW * len(facts) + 88
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-labelledby="title about">',
        f'<title id="title">{escape(TITLE)}</title>',
        f'<desc id="about">{escape(ABOUT)}</desc>',
        f"<style>{_style()}</style>",
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
        _text("title", MARGIN, 34, TITLE),
        _text("about", MARGIN, 58, ABOUT),
    ]
    lines += [_text("state", LEFT + COLUMN * (n + 0.5), TOP - 12, state) for n, state in enumerate(states)]
    for row, fact in enumerate(facts):
        y = TOP + ROW * row
        lines.append(_text("fact", LEFT - 12, y + ROW / 2 + 4, fact))
        for column, state in enumerate(states):
            end, usual = cells[fact, state], cells[Fact.NOTHING, state]
            lines += _cell(LEFT + COLUMN * column, y, end, end == usual)
    return "\n".join([*lines, *_legend(TOP + ROW * len(facts) + 26), "</svg>", ""])


def _cell(x: int, y: int, end: str, is_usual: bool) -> list[str]:
    where, _, whose = end.partition(", ")
    strength = "usual" if is_usual else "changed"
    box = f'x="{x + 1}" y="{y + 1}" width="{COLUMN - 2}" height="{ROW - 2}" rx="4"'
    middle = x + COLUMN / 2
    words = [("where", y + 15, where), ("whose", y + 27, whose)] if whose else [("where", y + 21, where)]
    return [
        f'<rect class="{kind_of(end).name.lower()} {strength}" {box}/>',
        *(_text(f"{name} {strength}", middle, at, text) for name, at, text in words),
    ]


def _legend(y: int) -> list[str]:
    lines = []
    for n, kind in enumerate(Kind):
        x, at = MARGIN + 346 * (n % 3), y + 22 * (n // 3)
        lines.append(
            f'<rect class="{kind.name.lower()} changed" x="{x}" y="{at - 12}" width="24" height="16" rx="3"/>'
        )
        lines.append(_text("about", x + 32, at, kind.value))
    return [
        *lines,
        _text("about", MARGIN + 346, y + 44, "strong: what the fact changes; pale: as if nothing had come"),
    ]


def _text(name: str, x: float, y: float, text: str) -> str:
    return f'<text class="{name}" x="{x:g}" y="{y:g}">{escape(text, quote=False)}</text>'


def _style() -> str:
    shape = (
        "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:12px}"
        ".title{font-size:19px;font-weight:600}.about{font-size:13px}.fact{font-size:13px;text-anchor:end}"
        ".state{font-size:13px;font-weight:600;text-anchor:middle}.where,.whose{text-anchor:middle}"
        ".whose{font-size:11px}.where.changed{font-weight:600}rect.usual{fill-opacity:.3}"
        ".cannot{stroke-dasharray:3 3;stroke-width:1}"
    )
    light, dark = (_colours(n, *paper) for n, paper in enumerate((("#ffffff", "#1b1b1f"), ("#16161a", "#f2f2f4"))))
    return f"{shape}{light}@media(prefers-color-scheme:dark){{{dark}}}"


def _colours(which: int, paper: str, ink: str) -> str:
    kinds = "".join(f".{kind.name.lower()}{{fill:{both[which]}}}" for kind, both in COLOURS.items())
    return f".paper{{fill:{paper}}}text{{fill:{ink}}}.cannot{{stroke:{ink}}}{kinds}"


if __name__ == "__main__":
    PICTURE.write_text(draw(written_down()))
