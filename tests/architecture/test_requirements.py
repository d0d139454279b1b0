"""The locked versions can be installed wherever the README says that Balas runs."""

from importlib.metadata import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

LOCK = Path(__file__).parents[2] / "requirements.lock"

DEBIAN_12 = "3.11.2"


def test_nothing_that_is_locked_asks_for_a_newer_python_than_debian_12_has() -> None:
    names = [line.partition("==")[0] for line in LOCK.read_text().splitlines()]
    asked = {name: SpecifierSet(metadata(name).get("Requires-Python", "")) for name in names}
    assert {name: str(versions) for name, versions in asked.items() if DEBIAN_12 not in versions} == {}
