"""An admin's browser without the browser: cookies, the form token, the requests that the inbox's script makes."""

import http.client
import json
import re
import secrets
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit


class BrowserAdmin:
    """Logged in once; may be used from several threads, one request each at a time."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.username = username
        self.url = url
        self._host = urlsplit(url).netloc
        self._cookies: dict[str, str] = {}
        self._lines = threading.local()
        token = self._token("/login")
        fields = {"username": username, "password": password, "csrf_token": token}
        code, _ = self._request("POST", "/login", fields)
        if code != 303:
            raise RuntimeError(f"the login was answered with {code}")
        self._csrf = self._token("/")

    def answer(
        self,
        conversation_id: int,
        turn_id: int | None,
        shown: int,
        text: str,
        key: str | None = None,
        files: Sequence[str] = (),
    ) -> int:
        """Send a reply to the turn that he sees, up to the message `shown`; gives the status.

        Without a turn it follows up what was said before. 201: accepted; 409: somebody was faster.
        """
        fields = {"text": text, "shown": str(shown), "files": " ".join(files)}
        fields |= {"turn_id": str(turn_id)} if turn_id is not None else {"follow_up": "1"}
        fields |= {"request_key": key or secrets.token_urlsafe(16)}
        code, _ = self._request("POST", f"/c/{conversation_id}/answer", fields, Accept="application/json")
        return code

    def bring(self, conversation_id: int, content: bytes, name: str, mime: str = "image/jpeg") -> str:
        """Attach a file to the reply field; gives the word that a reply names it by."""
        headers = {"Content-Type": mime, "X-File-Name": name, "X-CSRFToken": self._csrf}
        code, answer = self._request("POST", f"/c/{conversation_id}/files", content, **headers)
        if code != 201:
            raise RuntimeError(f"a file was answered with {code}")
        return str(json.loads(answer)["word"])

    def decide(self, conversation_id: int, message_id: int, decision: str, shown: int) -> int:
        """Say what becomes of a reply that waits for a person, having seen up to `shown`; gives the status."""
        path = f"/c/{conversation_id}/replies/{message_id}/{decision}"
        return self._request("POST", path, {"csrf_token": self._csrf, "shown": str(shown)})[0]

    def look(self, path: str) -> int:
        """Open a page, whatever it answers; gives the status."""
        return self._request("GET", path)[0]

    def press(self, path: str) -> None:
        """A button that is a form of its own."""
        code, _ = self._request("POST", path, {"csrf_token": self._csrf})
        if code != 303:
            raise RuntimeError(f"{path} was answered with {code}")

    @property
    def cookies(self) -> str:
        """The header by which a websocket is let in."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def page(self, path: str) -> str:
        """A page as the browser loads it."""
        code, body = self._request("GET", path)
        if code != 200:
            raise RuntimeError(f"{path} was answered with {code}")
        return body

    def json(self, path: str) -> Any:
        """What a script asks for."""
        return json.loads(self._request("GET", path, Accept="application/json")[1])

    def _token(self, path: str) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.page(path))
        assert found
        return found[1]

    def _request(
        self, method: str, path: str, fields: dict[str, str] | bytes | None = None, **more: str
    ) -> tuple[int, str]:
        headers = {"Cookie": self.cookies, "Origin": self.url, **more}
        body: str | bytes | None = None
        if isinstance(fields, bytes):
            body = fields
        elif fields is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": getattr(self, "_csrf", ""),
            }
            body = urlencode(fields)
        for last in (False, True):
            line = self._line()
            try:
                line.request(method, path, body, headers)
                response = line.getresponse()
                text = response.read().decode()
                break
            except (http.client.HTTPException, ConnectionError):
                # a line that the server had closed; the request key makes a second try harmless
                line.close()
                if last:
                    raise
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response.status, text

    def _line(self) -> http.client.HTTPConnection:
        if not hasattr(self._lines, "line"):
            self._lines.line = http.client.HTTPConnection(self._host, timeout=60)
        line: http.client.HTTPConnection = self._lines.line
        return line
