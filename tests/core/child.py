"""Programs in an interpreter of their own: what happens at import, or to the process."""

import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]


def environment(**variables):
    """Return this process's environment without what fastrnn reads, and with these variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FASTRNN_", "OMP_"))
    }
    # on a machine with few processors, NumPy's threads and ours would wait for each other
    return kept | {"OPENBLAS_NUM_THREADS": "1"} | variables


def run(program, *, isa=None, timeout=PATIENCE, **variables):
    """Run a program at a level, this process's unless named, and return what it printed.

    Fails with the program's own words where it does not end well.
    """
    done = attempt(program, isa=isa, timeout=timeout, **variables)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def attempt(program, *, isa=None, timeout=PATIENCE, **variables):
    """Run a program and return how it ended, with its output as text."""
    isa = os.environ.get("FASTRNN_ISA") if isa is None else isa
    if isa:
        variables = {"FASTRNN_ISA": isa, **variables}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
