"""How the tests start several processes: with a real mpiexec, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.distributed_job import MPI_SETTINGS, launcher
from tests.patience import PATIENCE

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def start(tmp_path):
    """Return a function that starts processes, each with a Python program."""
    pytest.importorskip("mpi4py")
    program = launcher()
    if program is None:
        pytest.skip("there is no mpiexec")
    jobs = []

    def run(ranks, *words, **environment):
        job = subprocess.Popen(
            [program, "-n", str(ranks), sys.executable, *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, **MPI_SETTINGS, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        jobs.append(job)
        return job

    yield run
    for job in jobs:
        job.kill()
        job.communicate()


@pytest.fixture
def mpiexec(start):
    """Return a function that runs processes to their end: code, output, errors."""

    def run(ranks, *words, **environment):
        job = start(ranks, *words, **environment)
        out, err = job.communicate(timeout=PATIENCE)
        return job.returncode, out, err

    return run
