"""A small HTTP+JSON interface over the facade, for driving a simulator that runs as a process of its own.

It listens on loopback only and refuses requests that a web page could make (those carry `Origin`). Bodies and
answers are JSON objects; an error is `{"error": "…"}` with status 400 (bad request), 404 (no such thing) or 409
(not possible now). A customer is named by phone number.

    GET  /                                  this text
    GET  /state                             environment, linked devices, connected, logins, customers, troubles
    POST /customers                         {"name", "phone"?, "lid"?} -> {"phone", "lid"}
    POST /customers/PHONE/text              {"text", "reply_to"?} -> {"id"}
    POST /customers/PHONE/image             {"data": base64, "caption"?} -> {"id"}
    POST /customers/PHONE/react             {"id", "emoji"} -> {"id"}
    POST /customers/PHONE/edit              {"id", "text"} -> {"id"}
    POST /customers/PHONE/revoke            {"id"} -> {"id"}
    POST /customers/PHONE/typing            {"typing": true}
    POST /customers/PHONE/read              {"id"?}
    POST /customers/PHONE/offline | online  {}
    GET  /customers/PHONE/received?since=N  {"messages": [{"id", "text", "at"}, …], "next": N}
    POST /phone/scan                        {"qr"} -> {"device"}
    POST /phone/code                        {"code"} -> {"device"}
    POST /phone/text                        {"to", "text"} -> {"id"}: the owner answers on the phone
    POST /phone/read                        {"to"}
    POST /phone/unlink                      {"device"?}
    POST /phone/refuse_next_link            {"reason"}
    POST /phone/offline | online            {}
    POST /companions                        {"name"} -> {"device"}
    POST /companions/NAME/text              {"to", "text"} -> {"id"}
    POST /clock                             {"shift": seconds}
    POST /faults/drop_connection            {} -> {"count"}
    POST /faults/stop_answering_pings       {}   and resume_pings
    POST /faults/hold_acks                  {}   and release_acks
    POST /faults/refuse_logins              {"seconds"?}   and accept_logins {}
    POST /faults/connect_failure            {"reason", "times"?, and attributes such as "code", "expire"}
    POST /faults/stream_error               {"code"} -> {"count"}
    POST /faults/fail_media                 {"status"}
    POST /faults/unknown_receipt            {"customer", "id"}
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.whatsapp_server.actors.companion import Companion
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.world import WhatsAppServer

Body = dict[str, Any]
Answer = dict[str, Any]

BODY_MAX = 1 << 26


class ControlServer:
    """Serves the interface from threads of its own, until `stop`; `port` 0 takes a free one."""

    def __init__(self, wa: WhatsAppServer, port: int = 0) -> None:
        commands = Commands(wa)

        class Handler(_Handler):
            control = commands

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="control", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the interface is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Commands:
    """What each path does; the first part of the path chooses the method."""

    def __init__(self, wa: WhatsAppServer) -> None:
        self._wa = wa
        self._companions: dict[str, Companion] = {}

    def run(self, method: str, path: str, query: dict[str, list[str]], body: Body) -> Answer:
        """Run one request. Raises LookupError for an unknown path or name, other errors as the facade does."""
        match [method, *(part for part in path.split("/") if part)]:
            case ["GET", "state"]:
                return self._state()
            case ["POST", "customers"]:
                return _person(self._wa.add_customer(**body))
            case ["GET", "customers", phone, "received"]:
                return _received(self._customer(phone), int(query.get("since", ["0"])[0]))
            case ["POST", "customers", phone, action]:
                return self._customer_does(self._customer(phone), action, body)
            case ["POST", "phone", action]:
                return self._phone_does(action, body)
            case ["POST", "companions"]:
                self._companions[body["name"]] = self._wa.add_companion(body["name"])
                return {"device": self._companions[body["name"]].number}
            case ["POST", "companions", name, "text"]:
                return {"id": self._companions[name].send_text(self._customer(body["to"]), body["text"])}
            case ["POST", "clock"]:
                self._wa.clock.shift(float(body["shift"]))
                return {"now": self._wa.clock()}
            case ["POST", "faults", fault]:
                return self._break(fault, body)
        raise LookupError(f"no {method} {path}")

    def _state(self) -> Answer:
        wa = self._wa
        return {
            "environment": wa.environment,
            "phone": wa.phone.phone_number,
            "linked": wa.phone.linked_numbers(),
            "connected": wa.connected(),
            "logins": wa.logins,
            "customers": [_person(customer) for customer in wa.customers],
            "troubles": list(wa.endpoint.troubles),
        }

    def _customer_does(self, customer: Customer, action: str, body: Body) -> Answer:
        does: dict[str, Callable[[], str | None]] = {
            "text": lambda: (
                customer.reply(body["text"], body["reply_to"])
                if body.get("reply_to")
                else customer.send_text(body["text"])
            ),
            "image": lambda: customer.send_image(base64.b64decode(body["data"]), body.get("caption", "")),
            "react": lambda: customer.react(body["id"], body["emoji"]),
            "edit": lambda: customer.edit(body["id"], body["text"]),
            "revoke": lambda: customer.revoke(body["id"]),
            "typing": lambda: customer.typing(bool(body.get("typing", True))),
            "read": lambda: customer.read(body.get("id")),
            "offline": customer.go_offline,
            "online": customer.go_online,
        }
        return {"id": does[action]()}

    def _phone_does(self, action: str, body: Body) -> Answer:
        phone = self._wa.phone
        does: dict[str, Callable[[], Answer | str | None]] = {
            "scan": lambda: {"device": phone.scan(body["qr"])},
            "code": lambda: {"device": phone.enter_code(body["code"])},
            "text": lambda: phone.send_text(self._customer(body["to"]), body["text"]),
            "read": lambda: phone.read(self._customer(body["to"])),
            "unlink": lambda: phone.unlink(body.get("device")),
            "refuse_next_link": lambda: phone.refuse_next_link(body["reason"]),
            "offline": phone.go_offline,
            "online": phone.go_online,
        }
        result = does[action]()
        return result if isinstance(result, dict) else {"id": result}

    def _break(self, fault: str, body: Body) -> Answer:
        faults = self._wa.faults
        match fault:
            case "drop_connection":
                return {"count": faults.drop_connection()}
            case "stream_error":
                return {"count": faults.stream_error(body["code"])}
            case "connect_failure":
                reason, times = body.pop("reason"), float(body.pop("times", 1))
                attrs = {name: str(value) for name, value in body.items()}
                faults.connect_failure(reason, times, **attrs)
            case "refuse_logins":
                faults.refuse_logins(float(body.get("seconds", "inf")))
            case "fail_media":
                faults.fail_media(body["status"])
            case "unknown_receipt":
                faults.unknown_receipt_type(self._customer(body["customer"]), body["id"])
            case "stop_answering_pings" | "resume_pings" | "accept_logins" | "hold_acks" | "release_acks":
                getattr(faults, fault)()
            case _:
                raise LookupError(f"no fault {fault}")
        return {}

    def _customer(self, phone: str) -> Customer:
        for customer in self._wa.customers:
            if customer.phone_number == phone:
                return customer
        raise LookupError("no customer with that number")


def _person(customer: Customer) -> Answer:
    return {"name": customer.name, "phone": customer.phone_number, "lid": customer.lid}


def _received(customer: Customer, since: int) -> Answer:
    received = list(customer.received)
    messages = [{"id": message.id, "text": message.text, "at": message.at} for message in received[since:]]
    return {"messages": messages, "next": len(received)}


class _Handler(BaseHTTPRequestHandler):
    control: Commands
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a question."""
        self._run()

    def do_POST(self) -> None:
        """Do something."""
        self._run()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: paths hold phone numbers."""

    def _run(self) -> None:
        try:
            body = self._body()
        except ValueError as error:
            self._reply(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            return
        if self.headers.get("Origin"):
            self._reply(HTTPStatus.FORBIDDEN, {"error": "not for web pages"})
            return
        parts = urlsplit(self.path)
        if parts.path == "/":
            self._send(HTTPStatus.OK, "text/plain; charset=utf-8", (__doc__ or "").encode())
            return
        try:
            answer = self.control.run(self.command, parts.path, parse_qs(parts.query), body)
        except LookupError as error:
            self._reply(
                HTTPStatus.NOT_FOUND, {"error": f"no {error}" if isinstance(error, KeyError) else str(error)}
            )
        except (TypeError, ValueError) as error:
            self._reply(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except Exception as error:  # a link that is refused, a time-out: the caller decides
            self._reply(HTTPStatus.CONFLICT, {"error": f"{type(error).__name__}: {error}"})
        else:
            self._reply(HTTPStatus.OK, answer)

    def _body(self) -> Body:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_MAX:
            raise ValueError("the body is too large")
        body = json.loads(self.rfile.read(length) or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the body is no JSON object")
        return body

    def _reply(self, status: HTTPStatus, answer: Answer) -> None:
        self._send(status, "application/json", json.dumps(answer).encode())

    def _send(self, status: HTTPStatus, content_type: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
