"""The history that a phone uploads for a new companion: chats, names, and the notice of where they lie.

Shapes: whatsmeow message.go (DownloadHistorySync): a HistorySync message, zlib-compressed, encrypted as media
of kind history, announced by a peer message with a HistorySyncNotification.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.whatsapp_server.server.network import User
from tests.whatsapp_server.wire.media import EncryptedMedia, MediaKind, encrypt_media
from tests.whatsapp_server.wire.protos import common, e2e, history_sync, web

INITIAL_BOOTSTRAP, INITIAL_STATUS_V3, FULL, RECENT, NON_BLOCKING_DATA, ON_DEMAND = 0, 1, 2, 3, 5, 6
"""Values of HistorySync.HistorySyncType."""

COUNTED = {FULL, RECENT}
"""Kinds that say how far they are; a bootstrap never gets to 100 (mautrix-whatsapp pull request 469)."""

CHUNK_MESSAGES = 500
"""Messages in one uploaded chunk."""


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One message of the past in a chat with `user`; `at` in Unix seconds."""

    user: User
    id: str
    from_me: bool
    message: Any = field(repr=False)
    at: float


def web_message(past: PastMessage) -> Any:
    """Give a past message in the form that phones store and send."""
    info = web.WebMessageInfo(
        key=common.MessageKey(remoteJID=str(past.user.lid_jid), fromMe=past.from_me, ID=past.id),
        message=past.message,
        messageTimestamp=int(past.at),
        status=web.WebMessageInfo.SERVER_ACK if past.from_me else web.WebMessageInfo.DELIVERY_ACK,
    )
    if not past.from_me and past.user.push_name:
        info.pushName = past.user.push_name
    secret = past.message.messageContextInfo.messageSecret
    if secret:
        info.messageSecret = secret
    return info


def chats(messages: Iterable[PastMessage]) -> list[Any]:
    """Group past messages into conversations, newest message first, as phones send them."""
    by_user: dict[str, list[PastMessage]] = {}
    for message in messages:
        by_user.setdefault(message.user.lid, []).append(message)
    return [_chat(sorted(group, key=lambda past: past.at, reverse=True)) for group in by_user.values()]


def _chat(newest_first: Sequence[PastMessage]) -> Any:
    user = newest_first[0].user
    unread = 0
    for past in newest_first:
        if past.from_me:
            break
        unread += 1
    conversation = history_sync.Conversation(
        ID=str(user.lid_jid),
        pnJID=str(user.phone_jid),
        lidJID=str(user.lid_jid),
        conversationTimestamp=int(newest_first[0].at),
        unreadCount=unread,
        endOfHistoryTransfer=True,
        endOfHistoryTransferType=history_sync.Conversation.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY,
    )
    for order, past in enumerate(reversed(newest_first), start=1):
        conversation.messages.insert(0, history_sync.HistorySyncMsg(message=web_message(past), msgOrderID=order))
    return conversation


def chunks(kind: int, messages: Sequence[PastMessage], size: int = CHUNK_MESSAGES) -> list[Any]:
    """Give the HistorySync messages of one upload, oldest chunk last; one empty chunk when there is nothing."""
    newest_first = sorted(messages, key=lambda past: past.at, reverse=True)
    starts = range(0, max(len(newest_first), 1), size)
    mappings = name_pairs(past.user for past in messages)
    return [
        history_sync.HistorySync(
            syncType=kind,
            conversations=chats(newest_first[start : start + size]),
            chunkOrder=order,
            progress=(order * 100) // len(starts) if kind in COUNTED else None,
            phoneNumberToLidMappings=mappings,
        )
        for order, start in enumerate(starts, start=1)
    ]


def name_pairs(users: Iterable[User]) -> list[Any]:
    """Give the phone number and hidden id of each user once."""
    pairs = {(user.phone_jid, user.lid_jid) for user in users}
    return [
        history_sync.PhoneNumberToLIDMapping(pnJID=str(phone), lidJID=str(lid))
        for phone, lid in sorted(pairs, key=str)
    ]


def latest(messages: Iterable[PastMessage]) -> list[PastMessage]:
    """Give the newest message of each chat."""
    newest: dict[str, PastMessage] = {}
    for past in sorted(messages, key=lambda past: past.at):
        newest[past.user.lid] = past
    return list(newest.values())


def push_names(users: Iterable[User]) -> Any:
    """Give the chunk with the names people gave themselves."""
    names = [
        history_sync.Pushname(ID=str(jid), pushname=user.push_name)
        for user in {user.lid: user for user in users}.values()
        if user.push_name
        for jid in (user.lid_jid, user.phone_jid)
    ]
    return history_sync.HistorySync(syncType=history_sync.HistorySync.PUSH_NAME, pushnames=names)


def without_chats(kind: int) -> Any:
    """Give a chunk of the kinds that hold statuses, stickers and the like, but no conversations."""
    return history_sync.HistorySync(syncType=kind)


def pack(chunk: Any) -> EncryptedMedia:
    """Compress and encrypt one chunk for the media host."""
    return encrypt_media(zlib.compress(chunk.SerializeToString()), MediaKind.HISTORY)


def notification(chunk: Any, media: EncryptedMedia, path: str) -> Any:
    """Build the peer message that says where a chunk lies."""
    notice = e2e.HistorySyncNotification(
        fileSHA256=media.file_sha256,
        fileLength=media.length,
        mediaKey=media.media_key,
        fileEncSHA256=media.file_enc_sha256,
        directPath=path,
        syncType=chunk.syncType,
        chunkOrder=chunk.chunkOrder,
        progress=chunk.progress,
    )
    return e2e.Message(
        protocolMessage=e2e.ProtocolMessage(
            type=e2e.ProtocolMessage.HISTORY_SYNC_NOTIFICATION, historySyncNotification=notice
        )
    )
