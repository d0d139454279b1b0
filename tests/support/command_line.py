"""`balas` as a command on a data folder, without a daemon that runs."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.shop import ROOT, free_port


def balas(data: Path, *arguments: str, stdin: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `balas ARGUMENTS` on a data folder."""
    given = {"BALAS_DATA": str(data), "BALAS_PORT": str(free_port()), "BALAS_LANGUAGE": "en", **settings}
    return subprocess.run(
        [sys.executable, "-m", "daemon.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **given},
        cwd=data.parent,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def refused(result: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """One sentence on stderr that holds these words, an exit code, and nothing else."""
    assert result.returncode != 0
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    assert lines[0].endswith(".")
    for word in words:
        assert word in lines[0]
    assert result.stdout == ""
