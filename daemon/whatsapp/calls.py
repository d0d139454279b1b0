"""neonize's events of calls, and the stanzas behind them in the library's log → domain values.

A call is made by `offer` (in a group by `offer_notice`); `accept` and `terminate` tell what became of it, the
latter with the reason `accepted_elsewhere` if another device of ours took it (whatsmeow's call.go; the reasons are
the apps' own). What the apps tell each other meanwhile is nothing for people.
"""

import re
from typing import Any

from daemon.domain.calls import CallStep
from daemon.domain.ids import Address, ChatKind, Party
from daemon.domain.messages import CallChanged, Event, Nothing, Origin
from daemon.whatsapp import wire_text
from daemon.whatsapp.translate import address_of

_ANSWERED_ELSEWHERE = b"accepted_elsewhere"
_STEPS = {
    b"offer": CallStep.OFFERED,
    b"offer_notice": CallStep.OFFERED,
    b"accept": CallStep.ANSWERED,
    b"terminate": CallStep.ENDED,
}
_ATTRIBUTE = re.compile(rb' ([a-z_-]+)="([^"]*)"')
_STANZA = re.compile(rb'^<call((?: [a-z_-]+="[^"]*")+)><([a-z_]+)((?: [a-z_-]+="[^"]*")*)')


def translate_offer(event: Any) -> Event:
    """A CallOfferEv or a CallOfferNoticeEv (of a group)."""
    is_video = any(part.Tag == "video" for part in event.data.Nodes) or getattr(event, "media", "") == "video"
    return _of_event(event, CallStep.OFFERED, is_video)


def translate_accept(event: Any) -> Event:
    """A CallAcceptEv."""
    return _of_event(event, CallStep.ANSWERED)


def translate_terminate(event: Any) -> Event:
    """A CallTerminateEv."""
    reason = event.reason if isinstance(event.reason, bytes) else event.reason.encode(errors="replace")
    return _of_event(event, _end(reason))


def _of_event(event: Any, step: CallStep, is_video: bool = False) -> Event:
    meta = event.basicCallMeta
    group = next((part.jid for part in event.data.Attrs if part.name == "group-jid"), None)
    found = _call(
        meta.callID,
        step,
        meta.timestamp,
        address_of(getattr(meta, "from")),
        address_of(meta.callCreator),
        address_of(meta.callCreatorAlt),
        address_of(group) if group is not None else None,
        is_video,
    )
    return found or Nothing("a call of nobody's")


def parse_call(line: bytes) -> CallChanged | None:
    """What a stanza in the library's log says; None if it is nothing for people, or torn."""
    found = _STANZA.match(line)
    step = _STEPS.get(found[2]) if found else None
    if found is None or step is None:
        return None
    head, body = dict(_ATTRIBUTE.findall(found[1])), dict(_ATTRIBUTE.findall(found[3]))
    get = body.get
    if step == CallStep.ENDED:
        step = _end(get(b"reason", b""))
    seconds = head.get(b"t", b"")
    return _call(
        get(b"call-id", b""),
        step,
        int(seconds) if re.fullmatch(rb"\d{1,11}", seconds) else 0,
        wire_text.address_in(head.get(b"from", b"")),
        wire_text.address_in(get(b"call-creator", b"")),
        wire_text.address_in(get(b"caller_pn") or get(b"caller_lid") or b""),
        wire_text.address_in(get(b"group-jid", b"")),
        b"<video" in line[found.end() :] or get(b"media") == b"video",
    )


def _end(reason: bytes) -> CallStep:
    return CallStep.ANSWERED if reason == _ANSWERED_ELSEWHERE else CallStep.ENDED


def _call(
    call_id: str | bytes,
    step: CallStep,
    seconds: float,
    sender: Address | None,
    creator: Address | None,
    alternative: Address | None,
    group: Address | None,
    is_video: bool,
) -> CallChanged | None:
    """The call; None if it names no caller, or no call."""
    # who sends a stanza is WhatsApp's word, who made the call is his own
    caller = sender if sender is not None and sender.kind == ChatKind.PERSON else creator
    name = wire_text.identifier(call_id)
    if caller is None or caller.kind != ChatKind.PERSON or not name:
        return None
    at = wire_text.moment(seconds)
    if group is not None and group.kind == ChatKind.GROUP:
        origin = Origin(Party(group.bare()), False, 0, at, str(caller.bare()))
    else:
        is_his = creator is not None and creator.user == caller.user and alternative is not None
        other = alternative.bare() if is_his and alternative and alternative.kind == ChatKind.PERSON else None
        origin = Origin(Party(caller.bare(), other), False, caller.device, at)
    return CallChanged(name, origin, step, is_video, creator.bare() if creator else None)
