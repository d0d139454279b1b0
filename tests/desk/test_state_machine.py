"""No order of things ends with two answers, a forgotten customer, a lost reply or a claim nobody holds."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_order_of_things_breaks_the_desk(migrated_file: Path) -> None:
    # a process of its own: the real sender loads the Go library
    search = subprocess.run(
        [sys.executable, "-m", "tests.desk.state_machine", str(migrated_file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert search.returncode == 0, search.stdout + search.stderr
