"""The model of a step's time: its limits, its shape, and sums counted by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from fastrnn.distributed.cost import (
    SHORT_MESSAGE,
    Transport,
    Work,
    allreduce_seconds,
    fitted,
    gradient_bytes,
    smallest_batch,
    speedup,
    step_seconds,
)
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Sequential

GIGABIT = Transport(latency=50e-6, bandwidth=125e6)
FREE = Transport(latency=0.0, bandwidth=math.inf)
LONG = 1e6

machines_ = st.integers(1, 200)
# A message of SHORT_MESSAGE bytes takes twice the latency at most, as on any usual network: the
# longest one that is sent as a whole would take more time than a longer one elsewhere.
transports = st.builds(
    lambda latency, sends, adds: Transport(
        latency, 2 * SHORT_MESSAGE / latency * sends, 2 * SHORT_MESSAGE / latency * adds
    ),
    st.floats(1e-7, 1e-2),
    st.floats(1, 1e4),
    st.floats(1, 1e4),
)


@given(st.floats(0, 1e12), transports)
def test_one_machine_sends_nothing(size, transport):
    assert allreduce_seconds(size, 1, transport) == 0


@given(st.floats(0, 1e10), st.floats(0, 1e10), machines_, transports)
def test_more_bytes_take_no_less_time(a, b, machines, transport):
    less, more = sorted((a, b))
    times = [allreduce_seconds(size, machines, transport) for size in (less, more)]
    assert times[0] <= times[1]


def test_short_messages_cost_their_latency_for_every_doubling_of_machines():
    for rounds in range(1, 9):
        assert allreduce_seconds(0, 2**rounds, GIGABIT) == pytest.approx(rounds * 50e-6)


def test_long_messages_approach_twice_their_bytes():
    times = [allreduce_seconds(1e12, 2**rounds, GIGABIT) for rounds in range(1, 13)]
    assert times == sorted(times)
    assert times[0] == pytest.approx(1e12 / 125e6)  # to one machine half is sent, and half back
    assert times[-1] == pytest.approx(2 * 1e12 / 125e6, rel=1e-3)


def test_sums_by_hand():
    transport = Transport(latency=1.0, bandwidth=100.0, adding=50.0)
    # Three machines: one gives its vector away, two send theirs to each other, one is given it.
    assert allreduce_seconds(1000, 3, transport) == pytest.approx((2 + 1) + (2 + 1) * 10 + 2 * 20)
    # Four machines, a long vector: a half and a quarter there, a quarter and a half back.
    assert allreduce_seconds(4000, 4, transport) == pytest.approx(4 + 1.5 * 40 + 0.75 * 80)
    assert allreduce_seconds(SHORT_MESSAGE, 4, transport) == pytest.approx(
        2 * (1 + SHORT_MESSAGE / 100 + SHORT_MESSAGE / 50)
    )


@pytest.mark.parametrize("machines", [2, 3, 8])
def test_a_transport_is_found_again_in_its_times(machines):
    sizes = [8, 1024, 65536, 1 << 20, 1 << 23]
    times = [allreduce_seconds(size, machines, GIGABIT) for size in sizes]
    found = fitted(sizes, times, machines)
    np.testing.assert_allclose((found.latency, found.bandwidth), (50e-6, 125e6), rtol=1e-9)


def test_times_that_fall_with_the_size_fit_no_transport():
    with pytest.raises(ValueError, match="measure more sizes"):
        fitted([1e5, 1e6, 1e7], [3.0, 2.0, 1.0], 2)


def test_the_bytes_are_those_of_the_model():
    model = Sequential([Input((5, 3)), GRU(16, return_sequences=True), Dense(16)])
    model.compile("adam", "mse", ["mse"])
    model.fit(np.zeros((4, 5, 3)), np.zeros((4, 5, 16)), verbose=0)
    # All weights of this model fill whole cache lines, so that there are no pads.
    sums = model._setup.trainer(model).vector.sums
    assert gradient_bytes(model.count_params(), 4, measured=2) == sums.nbytes


WORK = Work(rows=(1, 16, 64), seconds=(2.0, 4.0, 16.0), serial=0.5)


def test_rows_are_shared_out_and_the_rest_is_not():
    assert step_seconds(WORK, 64, LONG, 1, GIGABIT) == 16.5
    assert step_seconds(WORK, 64, LONG, 4, FREE) == 4.5
    assert step_seconds(WORK, 128, LONG, 1, FREE) == 32.5
    # The machine with the most rows is the last to be ready.
    assert step_seconds(WORK, 33, LONG, 2, FREE) == WORK.shared(17) + 0.5 == 4.75
    assert step_seconds(WORK, 1, LONG, 4, FREE) == 2.5
    assert step_seconds(WORK, 64, LONG, 2, GIGABIT) == pytest.approx(
        8.5 + allreduce_seconds(LONG, 2, GIGABIT)
    )


@given(st.integers(1, 10_000), machines_, transports)
def test_no_machines_are_faster_than_the_parts_that_are_shared_out(batch, machines, transport):
    work = Work((1,), (1e-3,), 0.0)
    assert speedup(work, batch, LONG, machines, transport) <= machines * (1 + 1e-12)
    work = Work((1,), (1e-3,), 1e-2)
    bound = (work.shared(batch) + work.serial) / work.serial
    assert speedup(work, batch, LONG, machines, transport) <= bound


def test_the_smallest_batch_that_pays_is_the_first():
    work = Work((1, 64), (1e-3, 64e-3), 1e-3)
    size = gradient_bytes(230_000)  # 7.5 ms for two machines, of 1 ms a row
    found = smallest_batch(work, size, 2, GIGABIT)
    assert found == 16
    assert speedup(work, found, size, 2, GIGABIT) > 1
    assert speedup(work, found - 2, size, 2, GIGABIT) < 1
    assert smallest_batch(work, size, 2, GIGABIT, gain=1.7) > found
    assert smallest_batch(work, size, 2, GIGABIT, gain=2.0) is None
    assert smallest_batch(work, size, 1, GIGABIT) is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: allreduce_seconds(-1, 2, FREE), "size is -1"),
        (lambda: allreduce_seconds(math.nan, 2, FREE), "size is nan"),
        (lambda: allreduce_seconds(1, 0, FREE), "machines is 0"),
        (lambda: step_seconds(WORK, 0, 1, 2, FREE), "batch is 0"),
        (lambda: step_seconds(WORK, 1, 1, 0, FREE), "machines is 0"),
        (lambda: Work((2, 2), (1.0, 1.0), 0.0), "it should rise"),
        (lambda: Work((), (), 0.0), "it should rise"),
        (lambda: Work((0, 1), (1.0, 1.0), 0.0), "from 1 or more"),
        (lambda: Work((1, 2), (1.0,), 0.0), "seconds has 1 times for 2 rows"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
