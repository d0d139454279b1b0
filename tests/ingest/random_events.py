"""Random days of a shop: every kind of event that ingest understands, for hypothesis to arrange."""

from dataclasses import dataclass

from hypothesis import strategies as st

from daemon.domain.calls import CallStep
from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    CallChanged,
    Event,
    HistoryReceived,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Nothing,
    Origin,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
    TypingChanged,
)
from tests.support.builders import OURSELVES, at, both, group_chat, lid, phone

# three customers under every form of their addresses; the third has moved to another LID
PARTIES = [
    form
    for digit in ("1", "2", "3")
    for form in (lid(f"55{digit}"), phone(f"6281{digit}"), both(f"55{digit}", f"6281{digit}"))
] + [lid("553b"), both("553b", "62813")]
GROUP = group_chat()
IDS = [f"3EB0{n}" for n in range(5)]
NAMES = ["", "Budi", "Budi Santoso"]
PHONE, LAPTOP = 0, 7


@dataclass(frozen=True)
class Elsewhere:
    """Another process writes: an admin resolves a conversation, or a reply closes its turn."""

    what: str
    party: Party


Step = Event | Elsewhere


@st.composite
def origins(draw: st.DrawFn, seconds: int) -> Origin:
    """A person's chat, from either side, at a time of the event's own."""
    from_me = draw(st.booleans())
    device = draw(st.sampled_from([PHONE, LAPTOP])) if from_me else 0
    return Origin(draw(st.sampled_from(PARTIES)), from_me, device, at(seconds))


@st.composite
def received(draw: st.DrawFn, seconds: int, history: bool = False) -> MessageReceived:
    """A message of a person, a group or our own notes; some are unreadable at first."""
    origin = draw(origins(seconds))
    other = draw(st.sampled_from([None] * 6 + [GROUP, OURSELVES]))
    if other is not None:
        origin = Origin(other, origin.from_me, origin.device, origin.at, "62819@s.whatsapp.net")
    kind = draw(st.sampled_from([MessageKind.TEXT, MessageKind.TEXT, MessageKind.IMAGE, MessageKind.UNREADABLE]))
    text = None if kind == MessageKind.UNREADABLE else f"teks {seconds}"
    return MessageReceived(
        draw(st.sampled_from(IDS)),
        origin,
        kind,
        text,
        draw(st.sampled_from(NAMES)),
        draw(st.sampled_from([None, *IDS])),
        {"mime": "image/jpeg", "size": 9} if kind == MessageKind.IMAGE else {},
        b"\x0a\x00" if kind == MessageKind.IMAGE else None,
        history,
    )


@st.composite
def events(draw: st.DrawFn, seconds: int) -> Event:
    """One event; marks (edits, deletions, reactions) hit messages that may never have come."""
    target = draw(st.sampled_from(IDS))
    match draw(st.sampled_from("mmmmmmrrrehvtnc")):
        case "m":
            return draw(received(seconds))
        case "r":
            ids = tuple(draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3)))
            return ReceiptReceived(ids, draw(origins(seconds)), draw(st.sampled_from(list(ReceiptKind))))
        case "e":
            return MessageEdited(target, draw(origins(seconds)), draw(st.sampled_from(["", f"ubah {seconds}"])))
        case "v":
            return MessageRevoked(target, draw(origins(seconds)))
        case "h":
            found = draw(st.lists(received(seconds, history=True), max_size=3))
            names = [(m.origin.party, "Dari Riwayat") for m in found if m.origin.party != GROUP]
            return HistoryReceived(tuple(found), tuple(names[:1]))
        case "t":
            return TypingChanged(draw(origins(seconds)), draw(st.booleans()))
        case "c":
            step, is_video = draw(st.sampled_from(list(CallStep))), draw(st.booleans())
            return CallChanged(draw(st.sampled_from(IDS)), draw(origins(seconds)), step, is_video)
        case "n":
            return Nothing("nothing")
        case _:
            raise AssertionError


@st.composite
def reactions(draw: st.DrawFn, seconds: int) -> Reacted:
    """A reaction or its removal."""
    target, emoji = draw(st.sampled_from(IDS)), draw(st.sampled_from(["👍", "❤️", ""]))
    return Reacted(target, draw(origins(seconds)), emoji, draw(st.booleans()))


@st.composite
def days(draw: st.DrawFn, elsewhere: bool = False, longest: int = 25) -> list[Step]:
    """A sequence of events, each at a second of its own."""
    steps: list[Step] = []
    for seconds in range(draw(st.integers(1, longest))):
        choice = draw(st.integers(0, 9))
        if elsewhere and choice < 2:
            what = draw(st.sampled_from(["resolve", "close"]))
            steps.append(Elsewhere(what, draw(st.sampled_from(PARTIES[:3]))))
        elif elsewhere and choice < 8:
            # a busy customer, whose place is worth remembering
            origin = Origin(draw(st.sampled_from(PARTIES[:3])), False, 0, at(seconds))
            steps.append(MessageReceived(f"BUSY{seconds}", origin, MessageKind.TEXT, f"teks {seconds}"))
        else:
            steps.append(draw(reactions(seconds) if choice == 9 else events(seconds)))
    return steps
