"""The sums that are reduced together with the gradients of a step."""

from __future__ import annotations


def figures_behind(measured: int) -> int:
    """Return the number of values after the gradients, for a step with `measured` sums.

    The last one is the number of processes that halt.
    """
    return measured + 1
