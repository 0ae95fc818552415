"""How the tests of the command line run it."""

import io
import sys
from typing import NamedTuple

import pytest

from fastrnn.cli import main


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def fastrnn(capsys, monkeypatch):
    """Return a function that runs the program in this process."""

    def run(*words, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        try:
            code = main([str(word) for word in words])
        except SystemExit as stopped:
            code = stopped.code
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def refused(fastrnn):
    """Return a function that checks that a command fails with 1 and one line."""

    def run(*words, stdin=b""):
        code, _, err = fastrnn(*words, stdin=stdin)
        assert code == 1
        assert err.startswith("fastrnn: ")
        assert err.count("\n") == 1
        return err

    return run


@pytest.fixture
def misused(fastrnn):
    """Return a function that checks that a command is a usage error."""

    def run(*words):
        code, out, err = fastrnn(*words)
        assert code == 2
        assert not out
        assert err.startswith("usage: fastrnn")
        return err.splitlines()[-1]

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Return the directory of a small run on the built-in corpus."""
    directory = tmp_path_factory.mktemp("trained") / "run"
    words = "cipher train --quiet --sentences 300 --units 12 --epochs 2 --learning-rate 0.02 --out"
    assert main([*words.split(), str(directory)]) == 0
    return directory
