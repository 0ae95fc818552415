"""Which arguments go straight to the compiled code: none that it could misread."""

import numpy as np
import pytest

from fastrnn._core.arrays import Form

FORM = "xmt sm gs s1"


def arrays(dtype=np.float64, gates=3):
    shapes = (2, 4, 5), (3, 4), (gates * 3, 3), (3, 1)
    return [np.zeros(shape, dtype) for shape in shapes]


def unaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)[1:]
    return raw.view(array.dtype).reshape(array.shape)


class Subclass(np.ndarray):
    pass


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_plain_arrays_fit_in_any_layout(dtype):
    X, s, w, b = arrays(dtype)
    X.flags.writeable = False
    assert Form(FORM, 3).fit((X, s, w, b))
    assert Form(FORM, 3).fit((np.asfortranarray(X), s[::-1], w.T.copy().T, b))
    assert Form(FORM, 3).fit((np.zeros((0, 4, 5), dtype), s, w, b))


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize(
    "spoil",
    [
        lambda array: array.tolist(),
        lambda array: array.astype(np.float32),
        lambda array: array.astype(">f8"),
        lambda array: array.astype(np.int64),
        lambda array: array.astype(complex),
        lambda array: array.astype(object),
        lambda array: array.view(Subclass),
        lambda array: array[..., np.newaxis],
        lambda array: array[0],
        lambda array: np.repeat(array, 2, axis=0),
        lambda array: np.repeat(array, 2, axis=-1),
        lambda array: np.ma.masked_array(array),
        lambda array: None,
        unaligned,
    ],
)
def test_anything_else_does_not(spoil, at):
    given = arrays()
    given[at] = spoil(given[at])
    # The only array with x or t may have any extent there.
    if not (
        at == 0 and isinstance(given[0], np.ndarray) and given[0].shape in ((4, 4, 5), (2, 4, 10))
    ):
        assert not Form(FORM, 3).fit(tuple(given))


def test_long_double_and_half_do_not_fit():
    for dtype in (np.float16, np.longdouble):
        assert not Form(FORM, 3).fit(tuple(arrays(dtype)))


def test_as_many_arrays_as_words():
    X, s, w, b = arrays()
    assert not Form(FORM, 3).fit((X, s, w))
    assert not Form(FORM, 3).fit((X, s, w, b, b))


def test_optional_arrays():
    _, s, w, _ = arrays()
    assert Form("sm ?sm gs", 3).fit((s, None, w))
    assert Form("sm ?sm gs", 3).fit((s, s, w))
    assert not Form("sm ?sm gs", 3).fit((s, w, w))
    assert not Form("?sm sm gs", 3).fit((s, None, w))
    assert not Form("sm gs ?sm", 2).fit((s, w, None))
