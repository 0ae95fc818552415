"""How Python calls the core: what a call means can be read where it stands."""

import ast
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src" / "fastrnn"
if not SOURCES.is_dir():
    pytest.skip("the sources are not beside the tests", allow_module_level=True)

#: More arguments than these are named.
MOST_BY_POSITION = 6


def names_of_core(tree):
    """Return the names under which a file has the core: modules, functions and objects of it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fastrnn._core"):
            names |= {alias.asname or alias.name for alias in node.names}
    return names | ({"core", "_core"} if names else set())


def calls(path):
    """Yield the calls of the core in a file, and how many arguments each passes by position."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = names_of_core(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        parts = {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
        parts |= {part.attr for part in ast.walk(node.func) if isinstance(part, ast.Attribute)}
        if parts & names:
            yield node.lineno, len(node.args)


def test_calls_are_found():
    found = [number for path in SOURCES.rglob("*.py") for _, number in calls(path)]
    assert len(found) > 40
    assert max(found) > 2


FOLDERS = sorted(
    path.name for path in SOURCES.iterdir() if path.is_dir() and any(path.rglob("*.py"))
)


@pytest.mark.parametrize("folder", [*FOLDERS, "."])
def test_no_call_of_the_core_passes_more_than_six_arguments_by_position(folder):
    paths = SOURCES.glob("*.py") if folder == "." else (SOURCES / folder).rglob("*.py")
    against = [
        f"{path.relative_to(SOURCES)}:{line} passes {number}"
        for path in paths
        for line, number in calls(path)
        if number > MOST_BY_POSITION
    ]
    assert not against
