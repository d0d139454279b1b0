"""Makes the neonize of a child process trust the simulated WhatsApp. Only launcher.py puts it on PYTHONPATH.

The client library has the root of WhatsApp's Noise certificates compiled in: 32 bytes in its writable data.
Right after the library is loaded, and only in a process that was given WHATSAPP_SERVER_NOISE_ROOT, they are
replaced by the root of the server under test. A process that never imports neonize pays for one entry in
sys.meta_path.

No other file may touch the library's memory. Standard library only: this runs in every Python started below a
test.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Iterable

VARIABLE = "WHATSAPP_SERVER_NOISE_ROOT"
MODULE = "neonize._binder"
PINNED_ROOT = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")


class _Loader(importlib.abc.Loader):
    """Loads the module that loads the library, then replaces the root."""

    def __init__(self, original: importlib.abc.Loader, root: bytes) -> None:
        self._original, self._root = original, root

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self._original.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        self._original.exec_module(module)
        replace_root(self._root)


class _Finder(importlib.abc.MetaPathFinder):
    """Wraps the loader of one module, then leaves."""

    def __init__(self, root: bytes) -> None:
        self._root = root

    def find_spec(
        self, fullname: str, path: object = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._root)
        return spec


def replace_root(root: bytes) -> None:
    """Find the pinned root in the library's writable mappings and overwrite it.

    Raises RuntimeError unless it is there once.
    """
    import ctypes

    places = []
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        regions = _writable_regions(maps)
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for start, end in regions:
            memory.seek(start)
            data = memory.read(end - start)
            at = data.find(PINNED_ROOT)
            while at >= 0:
                places.append(start + at)
                at = data.find(PINNED_ROOT, at + 1)
    if len(places) != 1:
        raise RuntimeError(f"the pinned Noise root is in the library's data {len(places)} times, not once")
    ctypes.memmove(places[0], root, len(root))


def _writable_regions(maps: Iterable[str]) -> list[tuple[int, int]]:
    """Give (start, end) of the library's writable mappings, the anonymous one that continues its data included."""
    regions, in_library = [], False
    for line in maps:
        fields = line.split(maxsplit=5)
        path = fields[5].strip() if len(fields) == 6 else ""
        if path:
            in_library = "neonize" in path.rsplit("/", 1)[-1] and ".so" in path
        if in_library and fields[1].startswith("rw"):
            start, _, end = fields[0].partition("-")
            regions.append((int(start, 16), int(end, 16)))
            in_library = bool(path)
    return regions


def _run_shadowed() -> None:
    """Run the sitecustomize that this one hides, if there is another further down sys.path."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_root = os.environ.get(VARIABLE, "")
if len(_root) == 64:
    sys.meta_path.insert(0, _Finder(bytes.fromhex(_root)))
_run_shadowed()
