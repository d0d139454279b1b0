"""Read a part of the history that was kept as it came."""

from collections.abc import Iterator

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.proto.waHistorySync.WAWebProtobufsHistorySync_pb2 import HistorySync

from daemon.domain.messages import HistoryReceived
from daemon.whatsapp.translate import translate_history_messages


def read_history(data: bytes, at_once: int) -> Iterator[HistoryReceived]:
    """The messages and names of a serialized HistorySync, at most so many messages at once.

    Raises DecodeError.
    """
    return translate_history_messages(HistorySync.FromString(data), at_once)
