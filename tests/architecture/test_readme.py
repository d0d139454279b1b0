"""The README says what the program does."""

import re
from pathlib import Path

from daemon.cli import COMMANDS
from daemon.config import SETTINGS
from tests.bench.__main__ import BENCHES
from tests.webui.test_texts import ways_round_a_passkey

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_table_of_settings_is_the_one_in_config() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| `([^`]*)` \| (.+) \|$", README, re.MULTILINE)
    assert rows == [(setting.name, setting.default, setting.meaning) for setting in SETTINGS]


def test_every_command_is_listed() -> None:
    for name in COMMANDS:
        assert f"balas {name}" in README


def test_every_bench_is_listed() -> None:
    line = next(line for line in README.splitlines() if "scripts/bench" in line)
    assert all(f"`{name}`" in line for name in BENCHES)


def test_it_recommends_nothing_that_cannot_get_round_a_passkey() -> None:
    about = [paragraph for paragraph in README.split("\n\n") if "passkey" in paragraph]
    assert about
    assert [part for paragraph in about for part in ways_round_a_passkey(paragraph)] == []


def test_every_picture_exists() -> None:
    for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (Path(__file__).parents[2] / path).is_file()
