"""What the recurrence asks of an array before it touches it."""

import numpy as np
import pytest

from fastrnn._core.recurrence import Recurrence
from tests.core.calls import backward_call, forward_call

RNN = Recurrence("rnn")
NAMES = ["x", "wx", "ws", "bs", "reserve"]


def arrays(dtype=np.float64):
    """Return what the RNN's forward pass takes: 3 inputs, 5 units, 2 columns, 4 steps."""
    call = forward_call(RNN, 4, 2, 3, 5, dtype)
    wx, ws, bs = call.pop("weights")
    return {"x": call["x"], "wx": wx, "ws": ws, "bs": bs} | call


def run(x, wx, ws, bs, reserve):
    RNN.forward(x, (wx, ws, bs), reserve)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_bias_is_a_column(dtype):
    given = arrays(dtype)
    run(**given)
    for bs in (given["bs"].T, np.zeros((5, 2), dtype), np.zeros((4, 1), dtype)):
        with pytest.raises(ValueError, match="bias"):
            run(**given | {"bs": bs})
    for bs in (np.zeros(5, dtype), np.zeros((), dtype)):
        with pytest.raises(ValueError, match="dimensions"):
            run(**given | {"bs": bs})


@pytest.mark.parametrize("name", NAMES)
def test_another_type_is_refused(name):
    for dtype in (np.float32, np.int64, ">f8", np.complex128):
        with pytest.raises(ValueError, match=r"Buffer dtype mismatch|byte order|not supported"):
            run(**arrays() | {name: arrays(dtype)[name]})


@pytest.mark.parametrize("name", NAMES)
def test_another_number_of_axes_is_refused(name):
    wrong = arrays()
    wrong[name] = wrong[name][np.newaxis]
    with pytest.raises(ValueError, match="dimensions"):
        run(**wrong)


def test_what_is_written_is_contiguous_and_writable():
    name = "reserve"
    with pytest.raises(ValueError, match="contiguous"):
        run(**arrays() | {name: arrays()[name][::2]})
    read_only = arrays()
    read_only[name].flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        run(**read_only)


@pytest.mark.parametrize("name", ["x", "wx", "ws", "bs", "reserve"])
def test_what_is_no_array_is_refused(name):
    for wrong in (None, 1.0, [0.0]):
        with pytest.raises((TypeError, AttributeError)):
            run(**arrays() | {name: wrong})


def test_features_are_neighbours():
    with pytest.raises(ValueError, match="features of x"):
        run(**arrays() | {"x": np.zeros((4, 2, 6))[..., ::2]})


@pytest.mark.parametrize("call", [forward_call, backward_call])
def test_too_little_memory_is_refused(call):
    name = "reserve"
    arguments = call(RNN, 4, 2, 3, 5)
    function = RNN.forward if call is forward_call else RNN.backward
    function(**arguments)
    with pytest.raises(ValueError, match="do not fit"):
        function(**arguments | {name: arguments[name][:1]})
