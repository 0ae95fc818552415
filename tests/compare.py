"""Comparing results: one measure, and a message that says where they part."""

from collections.abc import Mapping

import numpy as np


def assert_close(got, want, tolerances, what="result"):
    """Hold two results together: arrays, floats, or tuples and mappings of them.

    Parameters
    ----------
    got, want
        What was computed, and what it should be.
    tolerances : float or mapping of dtype to float
        Largest error that passes, relative to the largest magnitude in ``want``.  A Python float
        counts as float64, whatever it was computed from.
    what : str
        What the results are, for the message.
    """
    if isinstance(want, Mapping):
        assert list(got) == list(want), f"{what} has the names {list(got)}, not {list(want)}"
        for name in want:
            assert_close(got[name], want[name], tolerances, f"{what}[{name!r}]")
    elif isinstance(want, tuple | list):
        assert len(got) == len(want), f"{what} has {len(got)} entries, not {len(want)}"
        for i, (one, other) in enumerate(zip(got, want, strict=True)):
            assert_close(one, other, tolerances, f"{what}[{i}]")
    elif isinstance(want, np.ndarray):
        _assert_arrays_close(got, want, tolerances, what)
    elif isinstance(want, float):
        assert isinstance(got, float), f"{what} is a {type(got).__name__}, not a float"
        _assert_arrays_close(np.array(got), np.array(want), tolerances, what)
    else:
        assert got == want, f"{what} is {got!r}, not {want!r}"


def assert_same_bits(got, want, what="result"):
    """Hold two results together to the last bit, NaN being the same as NaN."""
    assert_close(got, want, 0.0, what)


def relative_error(got, want):
    """Return the largest error relative to the largest magnitude, and the index where it is.

    Infinities and NaN have to be the same in both; where they are not, the error is infinite.
    """
    # most results are the same, and long doubles are slow
    if want.size == 0 or np.array_equal(got, want):
        return 0.0, ()
    got, want = got.astype(np.longdouble), want.astype(np.longdouble)
    finite = np.isfinite(want)
    scale = np.max(np.abs(want), where=finite, initial=0)
    with np.errstate(invalid="ignore"):
        error = np.where(finite, np.abs(got - want), 0)
        same = (got == want) | (np.isnan(got) & np.isnan(want))
    error[~finite & ~same] = np.inf
    error[np.isnan(error)] = np.inf
    place = np.unravel_index(np.argmax(error), error.shape)
    largest = error[place]
    if largest == 0:
        return 0.0, tuple(map(int, place))
    return float(largest / scale) if scale else float("inf"), tuple(map(int, place))


def _assert_arrays_close(got, want, tolerances, what):
    assert isinstance(got, np.ndarray), f"{what} is a {type(got).__name__}, not an array"
    assert got.dtype == want.dtype, f"{what} is {got.dtype}, not {want.dtype}"
    assert got.shape == want.shape, f"{what} has shape {got.shape}, not {want.shape}"
    allowed = tolerances[want.dtype] if isinstance(tolerances, Mapping) else tolerances
    error, place = relative_error(got, want)
    assert error <= allowed, (
        f"{what}, {want.dtype} {want.shape}: error {error:.3g} of the largest magnitude, "
        f"{allowed:.3g} allowed; at {place} it is {got[place]!r}, not {want[place]!r}"
    )
