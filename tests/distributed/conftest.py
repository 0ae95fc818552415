"""How the tests start several processes: with a real mpiexec, or not at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"

#: Seconds in which a job ends, one way or the other; a rank that hangs would take for ever.
LIMIT = 120


#: Open MPI asks before it starts more processes than processors, or as root.
OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}


def launcher():
    """Return the mpiexec that is installed beside this Python, else the one of the system."""
    beside = Path(sys.executable).parent
    return shutil.which("mpiexec", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")


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
            env={**os.environ, **OPEN_MPI, **environment},
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
        out, err = job.communicate(timeout=LIMIT)
        return job.returncode, out, err

    return run
