"""The README says what the program does."""

import re
from pathlib import Path

from daemon.cli import COMMANDS
from daemon.config import SETTINGS
from tests.bench.__main__ import BENCHES
from tests.support.passkey import ways_round_a_passkey

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


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
        assert (ROOT / path).is_file()


def test_every_file_and_folder_of_the_map_exists() -> None:
    built = README[README.index("## How it is built") :]
    paths = re.findall(r"`((?:daemon|webui|auth_store|scripts|tests)/[\w./]+)`", built)
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_map_answers_at_least_ten_questions() -> None:
    rows = README[README.index("| I want to change") :].splitlines()[2:]
    assert len(rows) >= 10
    assert all(re.search(r"\| `(daemon|webui)/", row) for row in rows)


def test_the_tree_names_every_room() -> None:
    tree = README[README.index("## How it is built") :].split("```")[1]
    for home in ("daemon", "webui"):
        rooms = {path.parent.name for path in (ROOT / home).glob("*/__init__.py")}
        loose = {path.stem for path in (ROOT / home).glob("*.py")} - {"__init__"}
        part = re.search(rf"^{home}/.*\n((?:  .*\n)+)", tree, re.MULTILINE)
        assert part
        assert {name for name in rooms if f"  {name}/" not in part[1]} == set()
        assert {name for name in loose if not re.search(rf"\b{name}\b", part[1])} == set()
