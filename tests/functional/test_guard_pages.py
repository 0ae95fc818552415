"""Arrays that begin or end at memory that may not be touched.

Every array of a call, result memory aside, is put against an unreadable page, before or behind it;
a read or write past the end kills the process, so the calls run in a child.
"""

import ctypes
import mmap
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastrnn
from tests.functional.calls import make_calls

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="mprotect as on Linux only"
)

ROOT = Path(__file__).parents[2]
PROT_NONE = 0
SIZES = range(1, 68)


def guarded(array, behind):
    """Return a copy that ends where an unreadable page begins, or begins where one ends."""
    page = mmap.PAGESIZE
    pages = -(-array.nbytes // page)
    memory = mmap.mmap(-1, (pages + 2) * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for forbidden in (start, start + (pages + 1) * page):
        if libc.mprotect(ctypes.c_void_p(forbidden), page, PROT_NONE):
            raise OSError(ctypes.get_errno(), "mprotect")
    offset = (pages + 1) * page - array.nbytes if behind else page
    copied = np.ndarray(array.shape, array.dtype, memory, offset)
    copied[...] = array
    return copied


def run_guarded(dtype, behind, sizes):
    """Run every call with all its arrays against unreadable pages."""
    for n in sizes:
        # n_x, n_s and n_y all take every size, n_s beside others that differ from it.
        for call in make_calls(dtype, (n, 68 - n, n, n % 7 + 1, 2)):
            call.each(lambda array: guarded(array, behind)).run(fastrnn)


@pytest.mark.parametrize("side", ["before", "behind"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_nothing_past_the_ends_is_touched(dtype, side):
    program = (
        "from tests.functional.test_guard_pages import *; "
        f"run_guarded({dtype!r}, {side == 'behind'}, SIZES)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr}"


def test_the_guard_guards():
    program = (
        "from tests.functional.test_guard_pages import *; "
        "a = guarded(np.zeros(3), True); ctypes.string_at(a.ctypes.data, 25)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == -11
