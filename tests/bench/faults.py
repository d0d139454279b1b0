"""What goes wrong in the soak: each fault with the states that the link must pass through, and how it is lifted.

Two groups: during the gentle ones the link must stay as it is, the hard ones end the session. `FaultControl` and
the processes' signals do the breaking; a fault returns when it is over, as seen from outside.
"""

import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.domain.links import LinkReason as R
from daemon.domain.links import LinkState as S
from tests.bench.stage import Stage
from tests.support.waiting import wait_until
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node

# seconds from the end of a fault to a link that works
SOON, AFTER_BACKING_OFF = 15.0, 25.0
Passage = tuple[S, R]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong; without `passes` the link must not move at all.

    `errors` is a pattern of the lines of level ERROR that belong to it, `within` the seconds in which the shop
    works again.
    """

    name: str
    do: Callable[[Stage], object]
    passes: tuple[Passage, ...] = ()
    errors: str = ""
    within: float = SOON


def _unreadable(stage: Stage) -> None:
    stage.say(damaged=True)


def _unreadable_for_good(stage: Stage) -> None:
    stage.say(damaged=True, answer=False)


def _view_once(stage: Stage) -> None:
    words = f"sekali lihat {secrets.token_hex(4)}"
    stage.traffic.written[stage.unlucky.send_unavailable(payload.text(words))] = words


def _customer_forgets_keys(stage: Stage) -> None:
    stage.unlucky.lose_sessions()
    before = len(stage.unlucky.received)
    stage.say()
    wait_until(lambda: len(stage.unlucky.received) > before, 20, "an answer to who had lost his keys")


def _malformed(stage: Stage) -> None:
    lid = stage.unlucky.user.lid_jid
    now = stage.wa.network.now()
    garbage, empty = secrets.token_hex(10).upper(), secrets.token_hex(10).upper()
    # WhatsApp says that there was something: a person has to hear of it
    stage.traffic.written |= {garbage: "", empty: ""}

    def message(wa_id: str, *content: Node) -> Node:
        return Node("message", {"from": lid, "id": wa_id, "type": "text", "t": now}, list(content))

    stage.stanza(
        message(garbage, Node("enc", {"v": "2", "type": "pkmsg"}, secrets.token_bytes(90))),
        message(empty),
        Node("message", {"from": lid}),
        Node("receipt", {"from": lid}),
        Node("receipt", {"from": Jid("", "nowhere"), "id": "1"}),
        Node("notification", {"from": lid, "id": "1", "type": "weather", "t": now}, [Node("rain")]),
        Node("notification", {"from": lid, "id": "2"}),
        Node("notification", {"from": lid, "id": "3", "type": "devices", "t": now}),
        Node("notification", {"from": lid, "id": "4", "type": "encrypt", "t": now}),
        Node("iq", {"from": Jid("", "s.whatsapp.net"), "id": "99-1", "type": "get", "xmlns": "urn:unknown"}),
        Node("iq", {"from": Jid("", "s.whatsapp.net"), "id": "99-2", "type": "result"}),
        Node("ib", {"from": Jid("", "s.whatsapp.net")}, [Node("confetti", {"count": "many"})]),
        Node("call", {"from": lid, "id": "5", "t": now}),
        Node("presence", {"from": lid, "type": "dancing"}),
        Node("ack", {"class": "message", "id": "nobody's"}),
        Node("surprise", {"id": "6"}, b"\x00\xff"),
        b"\x00\xf8\xff\xfe no stanza at all",
    )


def _media_fail(status: int) -> Callable[[Stage], None]:
    def do(stage: Stage) -> None:
        stage.faults.fail_media(status)
        caption = f"foto {secrets.token_hex(4)}"
        wa_id = stage.unlucky.send_image(secrets.token_bytes(3000), caption)
        stage.traffic.written[wa_id] = caption
        time.sleep(4)
        stage.faults.fail_media(None)

    return do


def _slow_acks(stage: Stage) -> None:
    stage.faults.hold_acks()
    time.sleep(4)
    stage.faults.release_acks()


def _phone_away(stage: Stage) -> None:
    stage.wa.phone.go_offline()
    time.sleep(4)
    stage.wa.phone.go_online()


def _pause(role: str, seconds: float) -> Callable[[Stage], None]:
    def do(stage: Stage) -> None:
        with stage.held(role):
            time.sleep(seconds)

    return do


def _refused_reply(stage: Stage) -> None:
    (device,) = stage.wa.phone.linked_numbers()
    stage.faults.refuse_sends("479", number=device)


def _burst(stage: Stage) -> None:
    texts = [f"deras {secrets.token_hex(4)}" for _ in range(200)]
    for wa_id, words in zip(stage.unlucky.release(stage.unlucky.prepare_texts(texts)), texts, strict=True):
        stage.traffic.written[wa_id] = words


GENTLE = (
    Fault("a message that is readable only when sent again", _unreadable),
    Fault("a message that stays unreadable", _unreadable_for_good),
    Fault("a message for the phone alone", _view_once),
    Fault("a customer who has lost his keys", _customer_forgets_keys),
    # named when the next life of a session that is killed reads what had arrived
    Fault("malformed stanzas", _malformed, errors="notes about lost messages could not be read"),
    Fault("media servers answer 500", _media_fail(500)),
    Fault("media servers answer 404", _media_fail(404)),
    Fault("acknowledgements come late", _slow_acks),
    Fault("a reply is refused", _refused_reply),
    Fault("the phone is offline", _phone_away),
    Fault("the session gets no time", _pause("session", 7)),
    Fault("the supervisor gets no time", _pause("supervisor", 5)),
    Fault("the inbox gets no time", _pause("worker", 7)),
    Fault("a browser that stops reading", lambda stage: stage.strangers.stall()),
    Fault("browsers that disappear", lambda stage: stage.strangers.vanish()),
    Fault("200 messages at once", _burst),
)


def _refused_connections(stage: Stage) -> None:
    stage.faults.refuse_logins(4)
    stage.faults.drop_connection()
    time.sleep(4)


def _failure(reason: str, times: int = 1) -> Callable[[Stage], None]:
    def do(stage: Stage) -> None:
        stage.faults.connect_failure(reason, times=times)
        stage.faults.drop_connection()

    return do


def _ban(stage: Stage) -> None:
    stage.faults.connect_failure("402", code="101", expire="3")
    stage.faults.drop_connection()
    stage.at(S.BANNED)
    time.sleep(3)


def _person(state: S, do: Callable[[Stage], object]) -> Callable[[Stage], None]:
    """What only a person puts right: the owner presses the button."""

    def whole(stage: Stage) -> None:
        do(stage)
        stage.at(state)
        wait_until(lambda: stage.shop.pid("session") is None, 20, "the session's end")
        stage.owner.press("/link/reconnect")

    return whole


def _kill(stage: Stage) -> None:
    stage.shop.kill("session")


def _kill_while_sending(stage: Stage) -> None:
    stage.faults.hold_acks()
    time.sleep(2)
    stage.shop.kill("session")
    stage.faults.release_acks()


def _stuck(stage: Stage) -> None:
    stage.shop.processes()["session"].send_signal(signal.SIGSTOP)
    # its end comes when the supervisor has lost patience
    stage.at(S.OFFLINE)


def _full_disk(stage: Stage) -> None:
    assert stage.disk is not None
    filler = stage.disk / "film.mp4"
    usage = os.statvfs(stage.disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, usage.f_bavail * usage.f_frsize - 40 * 1024**2)
    stage.at(S.OFFLINE)
    time.sleep(2)
    filler.unlink()


def _unknown_typing(stage: Stage) -> None:
    stage.stanza(Node("chatstate", {"from": stage.unlucky.user.lid_jid}, [Node("dancing")]))


_DROPPED, _BUSY, _DIED = (S.OFFLINE, R.DROPPED), (S.OFFLINE, R.SERVER_BUSY), (S.OFFLINE, R.SESSION_DIED)
_REFUSED = (S.REFUSED, R.UNKNOWN_CODE)
DISK_FULL = "a full disk"

HARD = (
    Fault("the connection drops", lambda stage: stage.faults.drop_connection(), (_DROPPED,)),
    Fault("stream error 503", lambda stage: stage.faults.stream_error("503"), (_BUSY,)),
    Fault("stream error 515", lambda stage: stage.faults.stream_error("515")),
    Fault("an unknown stream error", lambda stage: stage.faults.stream_error("599"), (_DROPPED,)),
    Fault(
        "connections are refused", _refused_connections, (_DROPPED, (S.OFFLINE, R.NETWORK)), "", AFTER_BACKING_OFF
    ),
    Fault("login answered with 503", _failure("503", 2), (_DROPPED, _BUSY), "", AFTER_BACKING_OFF),
    Fault("login answered with 400", _failure("400"), (_DROPPED, _REFUSED), "", AFTER_BACKING_OFF),
    Fault("login answered with 415", _failure("415"), (_DROPPED, _REFUSED), "", AFTER_BACKING_OFF),
    Fault("login answered with 501", _failure("501"), (_DROPPED, _REFUSED), "", AFTER_BACKING_OFF),
    Fault("a ban of three seconds", _ban, (_DROPPED, (S.BANNED, R.NONE)), "", AFTER_BACKING_OFF),
    Fault(
        "replaced by another session",
        _person(S.REPLACED, lambda stage: stage.faults.stream_error("replaced")),
        ((S.REPLACED, R.NONE),),
    ),
    Fault("called outdated", _person(S.OUTDATED, _failure("405")), (_DROPPED, (S.OUTDATED, R.NONE))),
    Fault(
        "a receipt of an unknown type",
        lambda stage: stage.faults.unknown_receipt_type(stage.unlucky, "3EB0" + secrets.token_hex(8).upper()),
        (_DIED,),
    ),
    Fault("typing of an unknown kind", _unknown_typing, (_DIED,)),
    Fault("the session is killed", _kill, (_DIED,)),
    Fault("the session is killed while acknowledgements are missing", _kill_while_sending, (_DIED,)),
    Fault("the session is stuck", _stuck, (_DIED,), r"shows no sign of life and is killed"),
    Fault(DISK_FULL, _full_disk, ((S.OFFLINE, R.DISK_FULL),)),
)
