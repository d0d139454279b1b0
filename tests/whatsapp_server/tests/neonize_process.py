"""The parent's side of neonize_client.py: a child process with the real neonize, and waiting for what it says."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.whatsapp_server.actors.phone import Phone
from tests.whatsapp_server.world import WhatsAppServer

SCRIPT = Path(__file__).with_name("neonize_client.py")
START_TIMEOUT = 60.0

Event = dict[str, Any]


class NeonizeProcess:
    """One linked client. `events` keeps everything it said, in order."""

    def __init__(self, wa: WhatsAppServer, folder: Path, *, debug: bool = False, name: str = "session.db") -> None:
        self._wa = wa
        self._command = [sys.executable, str(SCRIPT), str(folder / name), *(["--debug"] if debug else [])]
        self._environment = {**os.environ, **wa.environment, "NEONIZE_BOT_TAG": "off"}
        self._calls = itertools.count(1)
        self._condition = threading.Condition()
        self._log = (folder / "client.log").open("ab")
        self.events: list[Event] = []
        self.start()

    def start(self) -> None:
        """Start the child, again after `kill`."""
        self.process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """End the child at once, as a crash would."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._log.close()

    def wait_for(
        self,
        name: str,
        matches: Callable[[Event], bool] = lambda event: True,
        timeout: float = 15.0,
        after: int = 0,
    ) -> Event:
        """Wait for an event with this name that matches; give the first from index `after` on.

        Raises TimeoutError.
        """

        def look() -> Event | None:
            return next((e for e in self.events[after:] if e.get("event") == name and matches(e)), None)

        with self._condition:
            if not self._condition.wait_for(lambda: look() is not None, timeout):
                raise TimeoutError(f"no {name} among {[event.get('event') for event in self.events]}")
            found = look()
        assert found is not None
        return found

    def wait_for_text(self, text: str, timeout: float = 15.0) -> Event:
        """Wait for a message that contains this."""
        return self.wait_for("message", lambda event: text in event["text"], timeout)

    def call(self, name: str, timeout: float = 30.0, **arguments: Any) -> Any:
        """Ask the child for something; give its value. Raises RuntimeError for its error, TimeoutError."""
        number = next(self._calls)
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"call": number, "do": name, **arguments}) + "\n")
        self.process.stdin.flush()
        with self._condition:
            if not self._condition.wait_for(lambda: self._reply(number) is not None, timeout):
                raise TimeoutError(f"{name} was not answered")
            reply = self._reply(number)
        assert reply is not None
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply["value"]

    def download(self, message_id: str) -> bytes:
        """Download a received message's file."""
        return base64.b64decode(self.call("download", message_id=message_id))

    def link_by_qr(self, phone: Phone | None = None) -> int:
        """Have the phone scan the first code, and wait until the client is logged in; give its device number."""
        code = self.wait_for("qr", timeout=START_TIMEOUT)["text"]
        number = (phone or self._wa.phone).scan(code)
        self.wait_for("connected", timeout=START_TIMEOUT)
        return number

    def link_by_code(self, phone: Phone | None = None) -> int:
        """Have the phone enter an eight-letter code; give the device number."""
        self.wait_for("qr", timeout=START_TIMEOUT)
        account = phone or self._wa.phone
        number = account.enter_code(self.call("pair_code", phone=account.phone_number))
        self.wait_for("connected", timeout=START_TIMEOUT)
        return number

    def _reply(self, number: int) -> Event | None:
        return next((event for event in self.events if event.get("reply") == number), None)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._condition:
                self.events.append(json.loads(line))
                self._condition.notify_all()
