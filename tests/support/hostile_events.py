"""Events and stanzas as nobody sends them: bytes for texts, extreme numbers, deep nests, torn ends."""

import math
from collections.abc import Callable
from random import Random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from tests.whatsapp_server.wire.protos import e2e, history_sync, neonize

# stands in texts for bytes that are none, until the whole is serialized; each of the same length
_MARK = "\x01\x02\x03"
_NO_TEXT = (b"\xff\xfe\xed", b"\xed\xa0\x80", b"\xc3\x28\x00", b"\xf0\x9f\x92", b"\x00\x00\x00", b"\x80\x1b[")
_TEXTS = (
    "halo kak", "", " ", _MARK, f"ada {_MARK}?", "\x00", "\x1b[31m", "\u202eexe.fdp", "\u2028\u2029", "\r\n\r",
    "<script>alert(1)</script>", "{{ 7 * 7 }}", "=1+1", "%s %(x)s %n", "' OR 1=1 --", "http://" + "a." * 40 + "id",
    "http://[::", "(" * 300, "@" * 50, "0812" * 20, "\ufeff", "\ufffe", "e\u0301" * 40, "5", "a@b.c" * 30,
)  # fmt: skip
_USERS = (
    "551",
    "552",
    "553",
    "118",
    "62811",
    "62812",
    "status",
    "",
    _MARK,
    "0",
    "9" * 70,
    "a:b",
    "a@b",
    "../x",
    " ",
)
_SERVERS = (
    ("lid",) * 6 + ("s.whatsapp.net",) * 4 + ("g.us", "broadcast", "newsletter", "hosted.lid", "", _MARK, "bot")
)
_IDS = ("", _MARK, "~" + "0" * 31, "A" * 65, 'A" id="B', "A\nB", "A B", "'", "\x00", "é", "x" * 5000)
_NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**32 - 1, 2**53, 2**63 - 1, -(2**63), 2**64 - 1)
_FLOATS = (0.0, -6.2, 106.8, math.nan, math.inf, -math.inf, 1e308, -1e308, 91.0, 5e-324)
_NOW = 1795323605
# contents that daemon/whatsapp/content.py knows, wrappers, and what is about another message
_KNOWN = (
    "conversation", "extendedTextMessage", "imageMessage", "videoMessage", "ptvMessage", "audioMessage",
    "documentMessage", "stickerMessage", "locationMessage", "liveLocationMessage", "contactMessage",
    "contactsArrayMessage", "pollCreationMessage", "pollCreationMessageV3", "buttonsResponseMessage",
    "eventMessage", "productMessage", "orderMessage", "requestPaymentMessage", "buttonsMessage", "listMessage",
    "templateMessage", "interactiveMessage", "groupInviteMessage", "interactiveResponseMessage",
    "templateButtonReplyMessage", "listResponseMessage", "protocolMessage", "reactionMessage", "editedMessage",
    "ephemeralMessage", "viewOnceMessage", "documentWithCaptionMessage", "messageContextInfo",
)  # fmt: skip
_BOUNDS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def text(rng: Random) -> str:
    """A text of the kinds that break things; seldom a very long one."""
    found = rng.choice(_TEXTS) + rng.choice(("", "", rng.choice(_TEXTS)))
    return found * rng.choice((40, 4000)) if rng.random() < 0.01 else found


def content(rng: Random) -> Any:
    """A waE2E.Message, as neonize hands it over; what can't be parsed is an empty one."""
    made = e2e.Message()
    part = made
    for _ in range(rng.choice((0,) * 9 + (1, 2, 30))):
        part = getattr(part, rng.choice(("ephemeralMessage", "viewOnceMessage", "editedMessage"))).message
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name = rng.choice(_KNOWN) if rng.random() < 0.9 else rng.choice([f.name for f in part.DESCRIPTOR.fields])
        _set(rng, part, part.DESCRIPTOR.fields_by_name[name], 0)
    return _spoilt(rng, made) or e2e.Message()


def message(rng: Random) -> Any:
    """A neonize.Message; half of them with ids of their own."""
    made = neonize.Message()
    made.Info.CopyFrom(_info(rng))
    made.Message.CopyFrom(content(rng))
    return made


def unreadable(rng: Random) -> Any:
    """A neonize.UndecryptableMessage."""
    made = neonize.UndecryptableMessage(DecryptFailMode=rng.choice((1, 2)))
    made.Info.CopyFrom(_info(rng))
    return made


def receipt(rng: Random) -> Any:
    """A neonize.Receipt."""
    made = neonize.Receipt(Timestamp=_second(rng), Type=rng.choice((1, 2, 3, 4, 5, 6, 8, 9)))
    made.MessageSource.CopyFrom(_source(rng))
    made.MessageIDs.extend(_id(rng) for _ in range(rng.choice((0, 1, 3, 5000 if rng.random() < 0.01 else 2))))
    return _spoilt(rng, made, torn=0.0) or made


def typing(rng: Random) -> Any:
    """A neonize.ChatPresence."""
    made = neonize.ChatPresence(State=rng.choice((1, 2)))
    made.MessageSource.CopyFrom(_source(rng))
    return _spoilt(rng, made, torn=0.0) or made


def history(rng: Random) -> Any:
    """A HistorySync of a few chats."""
    made = history_sync.HistorySync(syncType=rng.choice((0, 2, 3, 4)))
    for _ in range(rng.choice((1, 2))):
        chat = made.conversations.add(ID=f"{rng.choice(_USERS)}@{rng.choice(_SERVERS)}", name=text(rng))
        for _ in range(2):
            web = chat.messages.add().message
            web.key.ID, web.key.fromMe = _id(rng), rng.random() < 0.3
            web.messageTimestamp = abs(_second(rng))
            web.pushName = text(rng)
            web.message.CopyFrom(content(rng))
    made.pushnames.add(ID=f"{rng.choice(_USERS)}@{rng.choice(_SERVERS)}", pushname=text(rng))
    return _spoilt(rng, made) or history_sync.HistorySync()


def stanza(rng: Random) -> bytes:
    """A message's stanza, or a receipt's, as the library's log has it: attributes in order, nothing escaped."""
    jids = [
        f"{rng.choice(_USERS)}{rng.choice(('', ':3', ':99999999999'))}@{rng.choice(_SERVERS)}" for _ in range(3)
    ]
    attributes = {
        "from": jids[0],
        "id": _id(rng),
        "t": str(_second(rng)),
        "type": rng.choice(("text", "reaction")),
    }
    more = {
        "notify": text(rng), "participant": jids[1], "recipient": jids[2], "sender_pn": jids[1], "edit": "1",
        "verified_level": "high", "verified_name": text(rng), "addressing_mode": "lid", "offline": "1", "zz": "",
    }  # fmt: skip
    attributes |= {name: more[name] for name in rng.sample(sorted(more), rng.randint(0, 5))}
    head = " ".join(f'{name}="{value}"' for name, value in sorted(attributes.items()))
    tag = rng.choice(("message", "message", "message", "receipt"))
    rest = (
        "/>" if tag == "receipt" else rng.choice(('><enc type="msg" v="2"/></message>', '><verified_name v="1"/>'))
    )
    node = _put_bytes(rng, f"<{tag} {head}{rest}".encode())
    return node[: rng.randrange(len(node))] if rng.random() < 0.1 else node


def line(rng: Random) -> bytes:
    """A line of the file of arrivals that nobody wrote so."""
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: b"secrets " + rng.choice((b"", b"x", b"-1", b"9" * 30, b"\xff")),
        lambda: b"done " + _put_bytes(rng, _id(rng).encode()),
        lambda: rng.randbytes(rng.randrange(200)),
        lambda: b"\x00" * 4096,
        lambda: b"<message " + b"a" * rng.choice((10, 100_000)),
        lambda: b"peer",
    )
    return rng.choice(kinds)()


def _info(rng: Random) -> Any:
    made = neonize.MessageInfo(ID=_id(rng), Pushname=text(rng), Category=rng.choice(("",) * 9 + ("peer", _MARK)))
    made.MessageSource.CopyFrom(_source(rng))
    made.Timestamp = _second(rng) * (1000 if rng.random() < 0.8 else 1)
    return _spoilt(rng, made, torn=0.0) or made


def _source(rng: Random) -> Any:
    made = neonize.MessageSource(IsFromMe=rng.random() < 0.2, IsGroup=False)
    for name in ("Chat", "Sender", "SenderAlt", "RecipientAlt"):
        user, server = rng.choice(_USERS), rng.choice(_SERVERS)
        device = rng.choice((0, 0, 0, 3, 2**32 - 1))
        getattr(made, name).CopyFrom(
            neonize.JID(User=user, Server=server, Device=device, RawAgent=0, Integrator=0, IsEmpty=False)
        )
    return made


def _id(rng: Random) -> str:
    return rng.choice(_IDS) if rng.random() < 0.1 else f"3EB0{rng.randrange(10**9):09}"


def _second(rng: Random) -> int:
    return _NOW + rng.randrange(3600) if rng.random() < 0.8 else rng.choice(_NUMBERS[:-3]) // 1000


def _set(rng: Random, target: Any, field: Any, depth: int) -> None:
    """Set a field to something; a message's some fields."""
    if field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED:
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for _ in range(rng.choice((1, 2, 200 if rng.random() < 0.02 else 1))):
                _some(rng, getattr(target, field.name).add(), depth + 1)
        return
    if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        part = getattr(target, field.name)
        part.SetInParent()
        _some(rng, part, depth + 1)
        return
    setattr(target, field.name, _value(rng, field))


def _some(rng: Random, part: Any, depth: int) -> None:
    fields = list(part.DESCRIPTOR.fields)
    if depth > 6 or not fields:
        return
    plain = [field for field in fields if field.cpp_type != FieldDescriptor.CPPTYPE_MESSAGE]
    nested = [field for field in fields if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE]
    for field in rng.sample(plain, min(len(plain), rng.randint(1, 6))):
        _set(rng, part, field, depth)
    for field in rng.sample(nested, min(len(nested), rng.choice((0, 1, 1, 2)))):
        _set(rng, part, field, depth)


def _value(rng: Random, field: Any) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            return rng.randbytes(rng.choice((0, 32, 1_200_000 if rng.random() < 0.002 else 8)))
        case FieldDescriptor.CPPTYPE_STRING:
            return text(rng)
        case FieldDescriptor.CPPTYPE_BOOL:
            return rng.random() < 0.5
        case FieldDescriptor.CPPTYPE_ENUM:
            return rng.choice(field.enum_type.values).number
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return rng.choice(_FLOATS)
    low, high = _BOUNDS[field.cpp_type]
    return min(max(rng.choice(_NUMBERS), low), high)


def _spoilt(rng: Random, made: Any, torn: float = 0.05) -> Any:
    """The message after its bytes were damaged; None if nothing can read it any more."""
    data = _put_bytes(rng, made.SerializePartialToString())
    if data and rng.random() < torn:
        at = rng.randrange(len(data))
        data = data[:at] if rng.random() < 0.5 else data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    try:
        found = type(made)()
        found.MergeFromString(data)
    except DecodeError:
        return None
    return found


def _put_bytes(rng: Random, data: bytes) -> bytes:
    return data.replace(_MARK.encode(), rng.choice(_NO_TEXT))
