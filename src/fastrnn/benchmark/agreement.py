"""The check that competitors compute equal results, before they are timed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fastrnn.benchmark.cases import Array

# Tolerance for correct programs: peers sum in different orders, and rounding errors grow over a
# hundred steps of a recurrence. Far below the effect of a wrong formula.
TOLERANCE = {np.dtype(np.float32): 1e-3, np.dtype(np.float64): 1e-9}


class Disagreement(Exception):
    """A competitor's result differs from the expected one."""


def check(name: str, got: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    """Raise unless the arrays are the expected ones, equal up to rounding errors.

    Parameters
    ----------
    name
        The competitor, for the message.
    got, expected
        Arrays by name. Both have the same names.

    Raises
    ------
    Disagreement
        With the competitor, the array and the largest error relative to the largest
        magnitude of the expected array.
    """
    if got.keys() != expected.keys():
        raise Disagreement(f"{name}: gave {sorted(got)}, expected {sorted(expected)}")
    for key, right in expected.items():
        left = np.asarray(got[key])
        if left.shape != right.shape or left.dtype != right.dtype:
            raise Disagreement(
                f"{name}: {key} is {left.dtype} {left.shape}, expected {right.dtype} {right.shape}"
            )
        largest = np.abs(right).max(initial=0.0) or 1.0
        error = np.abs(left - right).max(initial=0.0) / largest
        if not error <= TOLERANCE[right.dtype]:
            raise Disagreement(f"{name}: {key} is off by {error:.1e} of its largest value")
