"""What the loops over time ask of an array before they touch it."""

import numpy as np
import pytest

from fastrnn._core import rnn

WORK = 1000


def arrays(dtype=np.float64):
    """Return what the tanh RNN's forward pass takes: 3 inputs, 5 units, 2 columns, 4 steps."""
    shapes = {"x": (4, 2, 3), "wx": (5, 3), "ws": (5, 5), "bs": (5,), "states": (5, 2, 16)}
    return {name: np.zeros(shape, dtype) for name, shape in (shapes | {"work": (WORK,)}).items()}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_bias_is_a_vector_or_a_column(dtype):
    given = arrays(dtype)
    rnn.forward(*given.values())
    rnn.forward(*(given | {"bs": given["bs"][:, np.newaxis]}).values())
    for bs in (given["bs"][np.newaxis], np.zeros((5, 2), dtype), np.zeros((), dtype)):
        with pytest.raises(ValueError, match="bias"):
            rnn.forward(*(given | {"bs": bs}).values())


@pytest.mark.parametrize("name", arrays())
def test_another_type_is_refused(name):
    for dtype in (np.float32, np.int64, ">f8", np.complex128):
        wrong = arrays() | {name: arrays(dtype)[name]}
        with pytest.raises(ValueError, match="all of float32 or all of float64"):
            rnn.forward(*wrong.values())


@pytest.mark.parametrize("name", [name for name in arrays() if name != "bs"])
def test_another_number_of_axes_is_refused(name):
    wrong = arrays()
    wrong[name] = wrong[name][np.newaxis]
    with pytest.raises(ValueError, match="axes"):
        rnn.forward(*wrong.values())


@pytest.mark.parametrize("name", ["states", "work"])
def test_what_is_written_is_contiguous_and_writable(name):
    with pytest.raises(ValueError, match="contiguous"):
        rnn.forward(*(arrays() | {name: arrays()[name][..., ::2]}).values())
    read_only = arrays()
    read_only[name].flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        rnn.forward(*read_only.values())


@pytest.mark.parametrize("name", ["x", "wx", "ws", "bs", "states"])
def test_what_is_no_array_is_refused(name):
    for wrong in (None, 1.0, [0.0]):
        with pytest.raises(TypeError, match="bytes-like"):
            rnn.forward(*(arrays() | {name: wrong}).values())
