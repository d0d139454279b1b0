"""A message's words as WhatsApp shows them: *bold*, _italic_, ~strike~, ```mono```, quotes, lists and links.

What customers write is never HTML: it is escaped first, and only the elements below are put in.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping

from markupsafe import Markup, escape

# letters from which on a message is folded up at first
LONG = 800
_FENCE = re.compile("```")
_CODE = re.compile(r"(?<!`)`([^`\n]{1,2000})`(?!`)")
# as far as a link can go in a text; brackets and stops at its end belong to the sentence
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'`]{1,2000}", re.IGNORECASE)
_AFTER_LINK = ".,:;!?)]}*_~'\""
_MARKS = (("*", "strong"), ("_", "em"), ("~", "s"))
_STYLES = [
    (
        re.compile(
            rf"(?<![\w{re.escape(mark)}]){re.escape(mark)}(?=[^\s{re.escape(mark)}])([^\n{re.escape(mark)}]{{1,2000}})"
            rf"(?<=\S){re.escape(mark)}(?![\w{re.escape(mark)}])"
        ),
        rf"<{tag}>\1</{tag}>",
    )
    for mark, tag in _MARKS
]
_QUOTE = re.compile(r"> ?(.*)")
_BULLET, _NUMBER = re.compile(r"[*-] +(\S.*)"), re.compile(r"(\d{1,3})\. +(\S.*)")
# stands for a part that is ready, and never comes from outside: control characters are taken out at the gate
_HOLE = "\x00"


def rich(text: str, mentions: tuple[re.Pattern[str], Mapping[str, str]] | None = None) -> Markup:
    """The words with WhatsApp's marks drawn.

    `mentions` finds whom they name by its first group, and has the HTML of each.
    """
    ready: list[str] = []

    def keep(html: str) -> str:
        ready.append(html)
        return f"{_HOLE}{len(ready) - 1}{_HOLE}"

    text = text.replace(_HOLE, "")
    text = _with_mono(text, keep)
    text = _CODE.sub(lambda found: keep(f"<code>{escape(found[1])}</code>"), text)
    text = _LINK.sub(lambda found: _link(found[0], keep), text)
    if mentions is not None:
        pattern, drawn = mentions
        text = pattern.sub(lambda found: keep(drawn[found[1]]), text)
    html = "".join(_blocks(str(escape(text)).split("\n")))
    return Markup(re.sub(rf"{_HOLE}(\d+){_HOLE}", lambda found: ready[int(found[1])], html))  # noqa: S704 (escaped)


def _with_mono(text: str, keep: Callable[[str], str]) -> str:
    """```…``` over any number of lines, with no space behind the opening and before the closing."""
    fences = [found.start() for found in _FENCE.finditer(text)]
    closing = [at for at in fences if at > 0 and not text[at - 1].isspace()]
    parts, end = [], 0
    for at in fences:
        # each fence is looked at once, whatever a customer writes
        if at < end or not text[at + 3 : at + 4].strip():
            continue
        nearest = bisect_left(closing, at + 4)
        if nearest == len(closing):
            break
        parts += [text[end:at], keep(f'<code class="mono">{escape(text[at + 3 : closing[nearest]])}</code>')]
        end = closing[nearest] + 3
    return "".join([*parts, text[end:]])


def _link(address: str, keep: Callable[[str], str]) -> str:
    whole = address.rstrip(_AFTER_LINK)
    # a bracket that was opened within the address is a part of it
    if address[len(whole) :].startswith(")") and whole.count("(") > whole.count(")"):
        whole = address[: len(whole) + 1]
    if whole.lower() in ("www", "http://", "https://"):
        return address
    href = whole if "://" in whole else f"https://{whole}"
    shown = whole if len(whole) <= 60 else f"{whole[:59]}…"
    html = f'<a href="{escape(href)}" target="_blank" rel="noopener noreferrer nofollow">{escape(shown)}</a>'
    return keep(html) + address[len(whole) :]


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines, already escaped: runs of quoted lines and of list entries are one element each."""
    begun, is_first = "", True
    for line in lines:
        tag, html = _block(line)
        if tag != begun:
            if begun:
                yield f"</{begun}>"
            if tag:
                yield f"<{tag}>"
            elif not is_first and not begun:
                yield "\n"
        elif (not tag and not is_first) or tag == "blockquote":
            yield "\n"
        begun, is_first = tag, False
        yield html
    if begun:
        yield f"</{begun}>"


def _block(line: str) -> tuple[str, str]:
    """What a line belongs to, and itself."""
    # the sign is escaped by now
    if line.startswith("&gt;") and (found := _QUOTE.fullmatch(line.replace("&gt;", ">", 1))):
        return "blockquote", _styled(found[1])
    if found := _BULLET.fullmatch(line):
        return "ul", f"<li>{_styled(found[1])}</li>"
    if found := _NUMBER.fullmatch(line):
        return "ol", f'<li value="{int(found[1])}">{_styled(found[2])}</li>'
    return "", _styled(line)


def _styled(line: str) -> str:
    for pattern, html in _STYLES:
        line = pattern.sub(html, line)
    return line
