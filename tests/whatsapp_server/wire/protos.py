"""The protobuf classes that come with neonize, loaded without importing neonize (which would start Go).

`from tests.whatsapp_server.wire.protos import e2e` gives the generated module; each is imported when first
asked for. The generated modules import each other as top-level packages, so neonize's `proto` folder is put on
sys.path, as neonize does itself: both then share the same classes.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

_MODULES = {
    "adv": "waAdv.WAAdv_pb2",
    "cert": "waCert.WACert_pb2",
    "common": "waCommon.WACommon_pb2",
    "companion_reg": "waCompanionReg.WACompanionReg_pb2",
    "e2e": "waE2E.WAWebProtobufsE2E_pb2",
    "neonize": "Neonize_pb2",
    "history_sync": "waHistorySync.WAWebProtobufsHistorySync_pb2",
    "server_sync": "waServerSync.WAServerSync_pb2",
    "vname_cert": "waVnameCert.WAWebProtobufsVnameCert_pb2",
    "wa6": "waWa6.WAWebProtobufsWa6_pb2",
    "web": "waWeb.WAWebProtobufsWeb_pb2",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(name)
    folder = _proto_folder()
    if folder not in sys.path:
        sys.path.append(folder)
    loaded = importlib.import_module(module)
    globals()[name] = loaded
    return loaded


def _proto_folder() -> str:
    spec = importlib.util.find_spec("neonize")
    for folder in [] if spec is None else spec.submodule_search_locations or []:
        return str(Path(folder) / "proto")
    raise FileNotFoundError("neonize is not installed: pip install neonize")
