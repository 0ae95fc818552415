"""An environment that asks for what cannot be: a line from the program, an error on import."""

import os
import subprocess
import sys

import pytest

from tests.patience import PATIENCE

WRONG = [
    ("FASTRNN_ISA", "nonsense"),
    ("FASTRNN_ISA", "two\nlines"),
    ("FASTRNN_NUM_THREADS", "x"),
    ("FASTRNN_NUM_THREADS", "0"),
]
# What an installed console script does.
CONSOLE_SCRIPT = "import sys, fastrnn_program; sys.exit(fastrnn_program.main())"


def python(*words, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FASTRNN_")}
    return subprocess.run(
        [sys.executable, *words],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize(("variable", "value"), WRONG)
@pytest.mark.parametrize(
    "way", [["-c", CONSOLE_SCRIPT, "info"], ["-m", "fastrnn", "info"]], ids=["script", "python -m"]
)
def test_the_program_says_it_in_a_line(way, variable, value):
    done = python(*way, **{variable: value})
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{variable} is {value!r}, " in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("variable", "value"), WRONG)
@pytest.mark.parametrize("module", ["fastrnn", "fastrnn.models", "fastrnn.reference"])
def test_the_import_raises(module, variable, value):
    program = (
        f"try: import {module}\n"
        "except ImportError as error: print(error.name, error)\n"
        "else: print('imported')"
    )
    done = python("-c", program, **{variable: value})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"fastrnn {variable} is {value!r}, ")


def test_where_it_comes_from_is_shown_where_asked():
    done = python("-c", CONSOLE_SCRIPT, "info", FASTRNN_ISA="no", FASTRNN_TRACEBACK="1")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")


def test_the_program_runs():
    done = python("-c", CONSOLE_SCRIPT, "--version", FASTRNN_NUM_THREADS="2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fastrnn ")
    assert python("-c", CONSOLE_SCRIPT, "learn").returncode == 2
