"""Runs the simulated WhatsApp as a process of its own: `python -m tests.whatsapp_server`.

It prints one JSON object (`environment`, `control`, `phone`), or with `--shell` lines for `eval`, and stays
until it is interrupted or its standard input is closed (`--until-eof`). The control interface is documented in
control.py.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import threading
from pathlib import Path

from tests.whatsapp_server.control import ControlServer
from tests.whatsapp_server.world import SHOP_NAME, SHOP_PHONE, WhatsAppServer


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(
        prog="python -m tests.whatsapp_server",
        description="A WhatsApp on loopback for the unmodified neonize: links, delivers, breaks on request.",
        epilog="Start the client with the printed environment in its initial environment (Go reads it only then).",
    )
    made.add_argument("--port", type=int, default=0, help="the proxy's port (default: a free one)")
    made.add_argument(
        "--control-port", type=int, default=0, help="the control interface's port (default: a free one)"
    )
    made.add_argument("--folder", type=Path, help="where certificates go (default: a temporary folder)")
    made.add_argument("--shop-phone", default=SHOP_PHONE, help="the shop's number, digits (default: %(default)s)")
    made.add_argument("--shop-name", default=SHOP_NAME, help="the shop's name (default: %(default)s)")
    made.add_argument(
        "--customer", action="append", default=[], metavar="NAME", help="add a customer; may be repeated"
    )
    made.add_argument("--shell", action="store_true", help="print `export NAME=VALUE` lines instead of JSON")
    made.add_argument("--until-eof", action="store_true", help="end when standard input is closed")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; gives the exit status."""
    options = parser().parse_args(arguments)
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
    server = WhatsAppServer(
        shop_phone=options.shop_phone, shop_name=options.shop_name, folder=options.folder, port=options.port
    )
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with server as wa:
        for name in options.customer:
            wa.add_customer(name)
        control = ControlServer(wa, options.control_port)
        _announce(wa, control.url, shell=options.shell)
        if options.until_eof:
            threading.Thread(target=_wait_for_eof, args=(done,), daemon=True).start()
        done.wait()
        control.stop()
    return 0


def _wait_for_eof(done: threading.Event) -> None:
    sys.stdin.read()
    done.set()


def _announce(wa: WhatsAppServer, control: str, *, shell: bool) -> None:
    if shell:
        for name, value in {**wa.environment, "WHATSAPP_SERVER_CONTROL": control}.items():
            print(f"export {name}={shlex.quote(value)}", flush=True)
        return
    print(
        json.dumps({"environment": wa.environment, "control": control, "phone": wa.phone.phone_number}),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
