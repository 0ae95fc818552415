"""The number of threads: how it is said, and what a call does while others run or after a fork."""

import os
import sys
import threading
import time

import numpy as np
import pytest

import fastrnn
from fastrnn._core import activation
from fastrnn._core.thread_count import get_num_threads, set_num_threads
from tests.cases import FORMS
from tests.compare import assert_same_bits
from tests.core.calls import cell_case, run_cell
from tests.core.child import attempt, run
from tests.threads import in_threads

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

#: Enough work for seven threads.
LARGE = cell_case(("rnn", False), 31, 70, 33, 20, "float64")
SMALL = cell_case(("rnn", False), 3, 5, 7, 4, "float64")


@pytest.fixture(autouse=True)
def restored():
    before = get_num_threads()
    yield
    set_num_threads(before)


# What the two functions take and give.


def test_set_and_get():
    assert fastrnn.set_num_threads is set_num_threads
    assert fastrnn.get_num_threads is get_num_threads
    for n in (1, 2, 256, np.int64(3), np.uint8(4)):
        assert set_num_threads(n) is None
        assert get_num_threads() == n
        assert type(get_num_threads()) is int


@pytest.mark.parametrize("n", [0, -1, 257, 10**30])
def test_a_number_out_of_range(n):
    set_num_threads(2)
    with pytest.raises(ValueError, match=rf"\bn is {n}, expected 1 to 256"):
        set_num_threads(n)
    assert get_num_threads() == 2


@pytest.mark.parametrize("n", [1.0, "2", None, True, [2], np.float32(2)])
def test_a_number_of_another_type(n):
    set_num_threads(2)
    with pytest.raises(TypeError, match=r"\bn must be an integer"):
        set_num_threads(n)
    assert get_num_threads() == 2


NUMBER = "import fastrnn; print(fastrnn.get_num_threads())"


def processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.mark.parametrize(
    ("variables", "number"),
    [
        ({}, min(processors(), 256)),
        ({"FASTRNN_NUM_THREADS": "3"}, 3),
        ({"FASTRNN_NUM_THREADS": "256"}, 256),
        ({"FASTRNN_NUM_THREADS": ""}, min(processors(), 256)),
        ({"OMP_NUM_THREADS": "5"}, 5),
        ({"OMP_NUM_THREADS": "5,2"}, 5),
        ({"FASTRNN_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}, 3),
        ({"OMP_NUM_THREADS": "nonsense"}, min(processors(), 256)),
    ],
    ids=str,
)
def test_the_environment(variables, number):
    assert int(run(NUMBER, **variables)) == number


@pytest.mark.parametrize(("variables", "number"), [({}, 1), ({"FASTRNN_NUM_THREADS": "3"}, 2)])
def test_a_number_for_now_is_none_that_was_told(variables, number):
    program = """
from fastrnn._core import thread_count as threads
threads.use_for_now(2)
threads.limit_unless_told(1)
print(threads.get_num_threads())
"""
    assert int(run(program, **variables)) == number


@pytest.mark.parametrize("value", ["0", "-2", "257", "two", "2.5", "1e1"])
def test_a_bad_environment(value):
    done = attempt(NUMBER, FASTRNN_NUM_THREADS=value)
    message = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert message.startswith("ImportError: FASTRNN_NUM_THREADS")
    assert repr(value) in message
    assert "1 to 256" in message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_threads_are_started_when_a_large_call_wants_them():
    program = """
import os
import fastrnn
from tests.core.test_threads import LARGE, SMALL, run_cell
from tests.core.calls import arrays_of
def number():
    return len(os.listdir("/proc/self/task"))
arrays_of(SMALL), arrays_of(LARGE)
before, found = number(), []
for case, threads in ((SMALL, 4), (LARGE, 1), (LARGE, 3), (LARGE, 4), (LARGE, 2)):
    fastrnn.set_num_threads(threads)
    run_cell(case)
    found.append(number() - before)
print(found)
"""
    assert run(program).strip() == "[0, 0, 2, 3, 3]"


def test_a_thousand_calls():
    x = np.random.default_rng(0).standard_normal((1000, 64))
    set_num_threads(1)
    want = x.copy()
    activation.activate("tanh", want, 64)
    for i in range(1000):
        set_num_threads(i % 3 + 2)
        got = x.copy()
        activation.activate("tanh", got, 64)
        assert np.array_equal(got, want)


# Several of Python's threads at once.


@pytest.mark.parametrize("number", [1, 2, 4])
def test_sixteen_threads_get_the_bits_of_a_serial_run(number):
    calls = [cell_case(form, 9, 33, 17, 20 + i, "float32") for i in range(2) for form in FORMS]
    arrays = [case.make() for case in calls]

    def call(i):
        case, a = calls[i % len(calls)], arrays[i % len(calls)]
        forward = getattr(fastrnn, f"{case.cell}_forward")
        *states, caches = forward(a.X, a.S_0, a.parameters, **a.options)
        return *states, getattr(fastrnn, f"{case.cell}_backward")(a.ds, caches)

    set_num_threads(1)
    want = [call(i) for i in range(len(calls))]
    set_num_threads(number)
    for i, results in enumerate(in_threads(16, lambda i: [call(i) for _ in range(5)])):
        for result in results:
            assert_same_bits(result, want[i % len(calls)], str(calls[i % len(calls)]))


def test_the_number_changes_while_calls_run():
    want = run_cell(LARGE)
    stop = threading.Event()

    def change():
        n = 0
        while not stop.is_set():
            n = n % 5 + 1
            set_num_threads(n)
            time.sleep(1e-4)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        for _ in range(20):
            assert_same_bits(run_cell(LARGE), want)
    finally:
        stop.set()
        changer.join()


# After a fork.

FORK = """
import os, signal, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads, which is the point
import fastrnn
from tests.compare import assert_same_bits
from tests.core.test_threads import LARGE, SMALL, run_cell

def child(work):
    # Run work in a child that has two minutes, and return its exit code.
    process = os.fork()
    if process == 0:
        signal.alarm(120)
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

fastrnn.set_num_threads(1)
want = run_cell(LARGE)

def right(threads=4):
    fastrnn.set_num_threads(threads)
    for _ in range(3):
        assert_same_bits(run_cell(LARGE), want)
"""


@needs_fork
def test_a_fork_after_a_threaded_call():
    program = """
right()
for threads in (1, 4, 2):
    assert child(lambda: right(threads)) == 0, threads
    right()  # and the parent goes on
"""
    run(FORK + program)


@needs_fork
def test_children_of_children():
    program = """
def deeper():
    right()
    assert child(right) == 0
right()
assert child(deeper) == 0
"""
    run(FORK + program)


@needs_fork
def test_a_fork_while_threads_call():
    program = """
right()
stop = threading.Event()
def keep_calling():
    while not stop.is_set():
        run_cell(LARGE)
callers = [threading.Thread(target=keep_calling) for _ in range(3)]
for caller in callers:
    caller.start()
try:
    codes = [child(right) for _ in range(12)]
finally:
    stop.set()
    for caller in callers:
        caller.join()
assert codes == [0] * 12, codes
right()
"""
    run(FORK + program)


@needs_fork
def test_multiprocessing():
    program = """
import multiprocessing
def work(threads):
    right(threads)
    return threads
if __name__ == "__main__":
    right()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(work, [1, 2, 4, 3]).get(30) == [1, 2, 4, 3]
    right()
"""
    run(FORK + program)
