"""`scripts/run --demo`: the real daemon on the simulated WhatsApp, with five customers who write to it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.whatsapp_server.demo import run_demo
from tests.whatsapp_server.world import WhatsAppServer

ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    """Start WhatsApp, the daemon and the customers; end them all together."""
    parser = argparse.ArgumentParser(prog="scripts/run --demo", description=__doc__)
    parser.add_argument("--pace", type=float, default=1.0, help="how much faster than life the customers are")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="balas-demo-"))
    try:
        with WhatsAppServer() as wa:
            environment = _environment(wa, folder)
            print("This is a demo: WhatsApp, the phone and the customers are simulated.", flush=True)
            daemon = subprocess.Popen([sys.executable, "-m", "daemon.cli", "run"], env=environment, cwd=ROOT)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda n, frame: daemon.terminate())
            threading.Thread(target=_scan, args=(wa, environment), daemon=True).start()
            demo = run_demo(wa, pace=options.pace)
            code = daemon.wait()
            demo.stop()
            return code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(wa: WhatsAppServer, folder: Path) -> dict[str, str]:
    environment = {**os.environ, **wa.environment, "BALAS_DATA": str(folder)}
    environment["PYTHONPATH"] = f"{wa.environment['PYTHONPATH']}{os.pathsep}{ROOT}"
    environment.setdefault("BALAS_SHOP", "Toko Kita")
    environment.pop("DATABASE_URL", None)
    return environment


def _scan(wa: WhatsAppServer, environment: dict[str, str]) -> None:
    """The simulated phone scans the code that `balas pair` shows, as soon as the daemon is there to show one."""
    while True:
        pairing = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "pair", "--json"],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert pairing.stdout is not None
        for line in pairing.stdout:
            if code := json.loads(line)["qr"]:
                wa.phone.scan(code)
        if pairing.wait() == 0:
            return


if __name__ == "__main__":
    sys.exit(main())
