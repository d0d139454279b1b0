"""What keeps the rooms readable, and what import-linter can't see."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOMES = ("daemon", "webui", "auth_store")
# whoever imports one table has all of them in the metadata
REGISTERS = ROOT / "daemon/store/tables/__init__.py"
# Alembic's folder of scripts, which nobody imports
SCRIPTS = ROOT / "daemon/store/migrations/versions/__init__.py"


def modules() -> list[Path]:
    """Every module of the program."""
    return [path for home in HOMES for path in sorted((ROOT / home).rglob("*.py"))]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), path)


def imported(path: Path) -> Iterator[str]:
    """Every module that a module names in an import, wherever it stands."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module is not None
            yield node.module


def test_the_domain_is_made_of_the_standard_library_and_phonenumbers() -> None:
    known = {*sys.stdlib_module_names, "phonenumbers"}
    found = {name for path in (ROOT / "daemon/domain").rglob("*.py") for name in imported(path)}
    assert "phonenumbers" in found
    outside = {name for name in found if name.split(".")[:2] != ["daemon", "domain"]}
    assert {name for name in outside if name.split(".")[0] not in known} == set()


def test_every_package_says_what_it_is_and_where_to_begin() -> None:
    packages = [path for path in modules() if path.name == "__init__.py" and path != SCRIPTS]
    assert len(packages) > 15
    assert [str(path) for path in packages if not ast.get_docstring(parsed(path))] == []


def test_no_package_hands_on_what_is_defined_elsewhere() -> None:
    packages = [path for path in modules() if path.name == "__init__.py" and path != REGISTERS]
    assert [str(path) for path in packages if len(parsed(path).body) > 1] == []


def test_no_module_lists_its_names() -> None:
    assert [str(path) for path in modules() if "__all__" in path.read_text()] == []


def test_every_folder_with_modules_is_a_package() -> None:
    # import-linter walks past any other
    folders = {path.parent for path in modules()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_package_lies_beside_those_that_the_linter_knows() -> None:
    assert {path.parent.name for path in ROOT.glob("*/*.py")} == {*HOMES, "tests"}
    assert list(ROOT.glob("*.py")) == []


def test_only_the_command_line_imports_by_a_name_that_is_put_together() -> None:
    words = ("import_module", "__import__", "runpy", "exec(")
    found = {path.relative_to(ROOT) for path in modules() if any(word in path.read_text() for word in words)}
    assert found == {Path("daemon/cli.py")}


def test_the_library_has_the_only_sqlite_that_opens_its_keys() -> None:
    # closing them with another one in the same process would take the library's locks away
    rooms = [ROOT / "daemon/whatsapp", ROOT / "daemon/session"]
    found = {path.name for room in rooms for path in room.rglob("*.py") if "sqlite3" in set(imported(path))}
    assert found == {"keys_query.py", "message_secrets.py"}
    opening = [path.name for room in rooms for path in room.rglob("*.py") if "sqlite3.connect" in path.read_text()]
    assert opening == ["keys_query.py"]
    # who asks it goes through Keys, which knows whether the library has opened the file
    asking = {path.name for path in modules() if "daemon.whatsapp.keys_query" in set(imported(path))}
    assert asking == {"message_secrets.py"}


@pytest.mark.parametrize("home", ["daemon", "webui"])
def test_at_most_four_modules_lie_loose(home: str) -> None:
    loose = {path.stem for path in (ROOT / home).glob("*.py")} - {"__init__"}
    assert len(loose) <= 4, loose


def test_no_class_name_means_two_things() -> None:
    classes = Counter(
        node.name for path in modules() for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in classes.items() if times > 1] == []
