"""What comes behind the proxy and TLS: the request that becomes the websocket, and media requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import h11

from tests.whatsapp_server.server.connection import Connection
from tests.whatsapp_server.server.media_host import PLAIN, MediaHost, Reply, Trick
from tests.whatsapp_server.server.websocket import accept_key

if TYPE_CHECKING:
    from tests.whatsapp_server.server.endpoint import Endpoint

CHAT_PATH = b"/ws/chat"
_CHUNK = 65536
_MOST_UNSENT = 1_000_000


class HttpsProtocol(asyncio.Protocol):
    """HTTP/1.1 over TLS with keep-alive; an upgrade on the chat's path hands the transport to a Connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._http = h11.Connection(h11.SERVER)
        self._transport: asyncio.Transport | None = None
        self._request: h11.Request | None = None
        self._body: list[bytes] = []
        self._is_mute = False

    def secured(self, transport: asyncio.Transport) -> None:
        """TLS stands; requests may come. (start_tls does not call connection_made.)"""
        self._transport = transport
        self._advance()

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        if self._transport is not None:
            self._advance()

    def eof_received(self) -> bool:
        return False

    def _advance(self) -> None:
        transport = self._transport
        assert transport is not None
        try:
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    self._request, self._body = event, []
                    self._is_mute = self._is_tricked(transport, event)
                    if event.target.partition(b"?")[0] == CHAT_PATH:
                        self._upgrade(transport, event)
                        return
                elif isinstance(event, h11.Data):
                    self._body.append(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage) and self._is_mute:
                    return
                elif isinstance(event, h11.EndOfMessage):
                    self._answer(transport)
                else:
                    return
        except h11.RemoteProtocolError as error:
            self._endpoint.log_trouble(f"HTTP: {error}")
            transport.abort()

    def _is_tricked(self, transport: asyncio.Transport, request: h11.Request) -> bool:
        """Whether an upload meets a host that never answers."""
        media = self._endpoint.media
        trick = media.trick()
        if request.method != b"POST" or trick is None:
            return False
        media.tricked += 1
        if trick == Trick.READS_NOTHING:
            transport.pause_reading()
            self._endpoint.run(asyncio.get_running_loop().create_task(_hold(transport, media, trick)))
        elif trick == Trick.READS_SLOWLY:
            self._endpoint.run(asyncio.get_running_loop().create_task(_read_slowly(transport)))
        elif trick == Trick.RESETS:
            asyncio.get_running_loop().call_later(0.1, transport.abort)
        elif trick == Trick.TRICKLES:
            self._endpoint.run(asyncio.get_running_loop().create_task(_trickle(transport)))
        return trick in (Trick.READS_NOTHING, Trick.RESETS, Trick.TRICKLES, Trick.ANSWERS_NOTHING)

    def _upgrade(self, transport: asyncio.Transport, request: h11.Request) -> None:
        endpoint = self._endpoint
        key = next((value for name, value in request.headers if name == b"sec-websocket-key"), b"")
        if endpoint.faults.refuses() or not key:
            endpoint.note_refusal()
            transport.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            transport.close()
            return
        transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
        )
        connection = Connection(endpoint, transport)
        transport.set_protocol(connection)
        # a GET without body ends with its header: what h11 has read beyond it belongs to the websocket
        rest, _ = self._http.trailing_data
        if rest:
            connection.data_received(rest)

    def _answer(self, transport: asyncio.Transport) -> None:
        assert self._request is not None
        reply = self._endpoint.media.handle(
            self._request.method.decode(), self._request.target.decode(), b"".join(self._body)
        )
        if reply.manner is not PLAIN:
            # whatever is wrong about it, h11 would set right
            self._endpoint.run(asyncio.get_running_loop().create_task(_misbehave(transport, reply)))
            return
        headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body)))]
        answer = h11.Response(status_code=reply.status, headers=headers)
        for event in (answer, h11.Data(data=reply.body), h11.EndOfMessage()):
            transport.write(self._http.send(event) or b"")
        if self._http.our_state is h11.MUST_CLOSE:
            transport.close()
        else:
            self._http.start_next_cycle()


async def _hold(transport: asyncio.Transport, media: MediaHost, trick: Trick) -> None:
    """As long as the trick is played; whoever has gone meanwhile is not noticed."""
    while media.trick() == trick:
        await asyncio.sleep(0.1)
    transport.abort()


async def _read_slowly(transport: asyncio.Transport) -> None:
    while not transport.is_closing():
        transport.pause_reading()
        await asyncio.sleep(0.5)
        transport.resume_reading()
        await asyncio.sleep(0)


async def _trickle(transport: asyncio.Transport) -> None:
    """An answer that never ends, a byte now and then."""
    while not transport.is_closing():
        transport.write(b"H" if transport.get_write_buffer_size() else b"HTTP/1.1 200 OK\r\nX: ")
        await asyncio.sleep(0.2)


async def _misbehave(transport: asyncio.Transport, reply: Reply) -> None:
    """Answer a request for a file in its manner, and close."""
    manner, body = reply.manner, reply.body
    length = len(body) if manner.claims is None else manner.claims
    size = "Transfer-Encoding: chunked" if manner.chunked else f"Content-Length: {length}"
    where = f"Location: {manner.location}\r\n" if manner.location else ""
    transport.write(f"HTTP/1.1 {reply.status} So\r\nConnection: close\r\n{where}{size}\r\n\r\n".encode())
    step = 1 if manner.drip else _CHUNK
    for start in range(0, len(body) if manner.cut_after is None else manner.cut_after, step):
        if transport.is_closing():
            return
        piece = body[start : start + step]
        transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if manner.chunked else piece)
        # as a real server, which waits for its client
        while transport.get_write_buffer_size() > _MOST_UNSENT:
            await asyncio.sleep(0.005)
        await asyncio.sleep(manner.drip)
    if manner.chunked and manner.cut_after is None:
        transport.write(b"0\r\n\r\n")
    transport.close()
