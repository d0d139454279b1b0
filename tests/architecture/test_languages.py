"""One more language is a line in `daemon.i18n.languages` and a catalogue: nothing else knows one by its code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel import Locale

from daemon.i18n.languages import DEFAULT, LANGUAGES, SOURCE

ROOT = Path(__file__).parents[2]
LIST = ROOT / "daemon/i18n/languages.py"
CATALOGUES = ROOT / "daemon/i18n/translations"
CODE = re.compile(rf"({'|'.join(LANGUAGES)})([-_][A-Za-z]+)?")
# "id" is Indonesian, and what names a row: as a key, and in these calls
NAME_COLUMNS = {"Column", "Index", "partial_index"}


def sources(*endings: str) -> list[Path]:
    folders = (ROOT / name for name in ("daemon", "webui", "auth_store"))
    found = (path for folder in folders for ending in endings for path in folder.rglob(f"*{ending}"))
    # the migrations name columns only
    return [path for path in found if path != LIST and "migrations" not in path.parts]


def names_of_rows(tree: ast.AST) -> Iterator[ast.expr | None]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from node.keys
        elif isinstance(node, ast.Subscript):
            yield node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAME_COLUMNS:
            yield from node.args


def languages_named(code: str) -> list[int]:
    """The lines of a module that name a language."""
    tree = ast.parse(code)
    rows = set(names_of_rows(tree))
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [
        text.lineno for text in texts if CODE.fullmatch(text.value) and (text.value != "id" or text not in rows)
    ]


def test_no_other_module_names_a_language() -> None:
    found = {str(path.relative_to(ROOT)): languages_named(path.read_text()) for path in sources(".py")}
    assert len(found) > 200
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        'language() == "id"',
        '"HH.mm" if x in ("id", other) else y',
        'Setting("L", "id")',
        '{"en": 1}',
        'f("en_GB")',
    ],
)
def test_a_language_is_found_wherever_it_is_named(code: str) -> None:
    assert languages_named(code) == [1]


def test_no_template_and_no_script_decides_by_a_language() -> None:
    decides = re.compile(rf"""(==|!=|\bin\b|\bcase\b)\s*[(\[]?\s*["']({CODE.pattern})["']""")
    found = [path for path in sources(".html", ".js") if decides.search(path.read_text())]
    assert sources(".html", ".js")
    assert found == []


def test_every_language_but_the_texts_own_has_its_catalogue() -> None:
    assert {folder.name for folder in CATALOGUES.iterdir()} == set(LANGUAGES) - {SOURCE}
    assert {DEFAULT, SOURCE} <= set(LANGUAGES)
    for code in LANGUAGES:
        # times and numbers are written as Babel knows them
        assert Locale.parse(code).language == code
