"""The README is short, and names what exists; tests/test_pages.py runs it."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
if not README.is_file():
    pytest.skip("the README is not beside the tests", allow_module_level=True)

TEXT = README.read_text(encoding="utf-8")


def test_it_is_two_screens():
    assert TEXT.count("\n") <= 140


def test_commands_exist():
    import fastrnn.cli

    blocks = "".join(re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE))
    found = re.findall(r"^fastrnn (\w+(?: [a-z]+)?) ", blocks, re.MULTILINE)
    assert found
    for command in found:
        words = command.split() if command.startswith("cipher") else command.split()[:1]
        if words == ["bench"]:
            continue  # its help is the bench's own, and comes with NumPy
        with pytest.raises(SystemExit) as stopped:
            fastrnn.cli.main([*words, "--help"])
        assert stopped.value.code == 0


def test_the_map_shows_what_is_there():
    page = README.parent / "docs" / "architecture.md"
    table = page.read_text(encoding="utf-8").partition("## Where things live")[2]
    table = table.partition("\n## ")[0]
    places = [row.split("|")[2] for row in table.splitlines() if row.startswith("|")][2:]
    root = README.parent
    assert len(places) > 10
    for name in re.findall(r"`([^`]+)`", " ".join(places)):
        folder = name.partition("*")[0]
        found = (root / folder).is_dir() or (root / "src" / "fastrnn" / folder).is_dir()
        assert found, f"{name} is not there"
