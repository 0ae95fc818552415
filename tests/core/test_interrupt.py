"""Ctrl-C in a call that takes long ends it.

How soon is counted in work, in test_signals.py.
"""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest

import fastrnn
from fastrnn._core import output
from fastrnn._core.recurrence import Recurrence
from tests.cases import GATES
from tests.core.calls import backward_call, forward_call
from tests.core.child import ROOT, environment

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGINT as on POSIX only")

DTYPE = np.dtype(np.float64)


def zeros(*shape):
    return np.zeros(shape, DTYPE)


def cell_call(name, m):
    """Return a function of the core and its arguments: a call of ten seconds and more.

    One column alone waits for memory and 64 do not, so that the same number of operations takes
    differently long.
    """
    cell = name.split("_")[0]
    core = Recurrence(cell)
    sizes = {1: 5000, 64: 500}[m] // core.gates, m, 8, 2048
    if name.endswith("forward"):
        return partial(core.forward, **forward_call(core, *sizes)), ()
    return partial(core.backward, **backward_call(core, *sizes)), ()


def output_call(name, k):
    """Return a function of the core and its arguments: a call of ten seconds and more."""
    n = 16
    R = 160_000_000_000 // (n * k)
    # one row, again and again, so that little memory is needed
    x, w, b, out = np.broadcast_to(zeros(k), (R, k)), zeros(n, k), zeros(n), zeros(R, n)
    if name == "affine":
        return output.affine, (x, w, b, out)
    return output.affine_backward, (out, x, w, None, zeros(n, k), b)


CALLS = {
    **{
        f"{cell} {way} {m}": (cell_call, f"{cell}_{way}", m)
        for cell in GATES
        for way in ("forward", "backward")
        for m in (1, 64)
    },
    "affine": (output_call, "affine", 4096),
    "affine backward": (output_call, "affine_backward", 4096),
}


def start(key):
    """Start a call and say how it ended; run in a child."""
    make, *arguments = CALLS[key]
    function, arguments = make(*arguments)
    fastrnn.set_num_threads(2)
    # whoever runs the tests in the background may have told its children to ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # within it: on a busy machine the signal may come before the call
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        function(*arguments)
    except KeyboardInterrupt:
        sys.stdout.write("interrupted\n")
    else:
        sys.stdout.write("finished\n")
    sys.stdout.flush()


@pytest.mark.parametrize("key", CALLS)
def test_a_long_call_ends(key):
    level = {name: os.environ[name] for name in ("FASTRNN_ISA",) if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-c", f"from tests.core.test_interrupt import start; start({key!r})"],
        cwd=ROOT,
        env=environment(**level),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        ended = child.stdout.readline()
    finally:
        child.kill()
        child.communicate()
    assert ended == "interrupted\n"
