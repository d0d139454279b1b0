"""What a child process needs in its initial environment so that the neonize in it reaches this server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SITE = Path(__file__).parent / "launcher_site"
"""Put first on PYTHONPATH: its sitecustomize.py makes the library trust our Noise root."""

NOISE_ROOT = "WHATSAPP_SERVER_NOISE_ROOT"
"""The variable that carries our root key (64 hex digits) to launcher_site/sitecustomize.py."""


def environment(
    port: int, authority_file: Path, noise_root: bytes, inherited: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give the entries to put into a child's environment.

    Go reads the environment as it was when the process started, so they belong into the `env` of the spawn.
    An existing PYTHONPATH (of `inherited`, by default of this process) is kept behind ours.
    """
    proxy = f"http://127.0.0.1:{port}"
    path = (os.environ if inherited is None else inherited).get("PYTHONPATH", "")
    parts = [str(SITE), *(part for part in path.split(os.pathsep) if part and part != str(SITE))]
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": "",
        "no_proxy": "",
        "SSL_CERT_FILE": str(authority_file),
        "PYTHONPATH": os.pathsep.join(parts),
        NOISE_ROOT: noise_root.hex(),
    }
