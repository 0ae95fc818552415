"""Batches of sequences of different lengths, sorted for the core: the longest first.

Neighbours then have similar lengths, and products leave out sequences that have ended.  Results are
returned in the user's order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.recycled import empty
from fastrnn.arguments import Array


class Ragged:
    """The lengths of a batch's sequences.

    Parameters
    ----------
    lengths : ndarray of int (m,)
    T : int
        Steps of the batch.

    Attributes
    ----------
    lengths : ndarray of int (m,)
        In the order of the user.
    mask : ndarray of uint8 (T, m), or None
        Which steps count, in the order of the core; None if all do.
    """

    __slots__ = ("_back", "_order", "lengths", "mask")

    def __init__(self, lengths: NDArray[np.int64], T: int) -> None:
        self.lengths = lengths
        self.mask: NDArray[np.uint8] | None = None
        self._order: NDArray[np.intp] | None = None
        self._back: NDArray[np.intp] | None = None
        if lengths.min(initial=T) < T:
            if (np.diff(lengths) > 0).any():
                self._order = np.argsort(-lengths, kind="stable")
                self._back = np.argsort(self._order)
                lengths = lengths[self._order]
            self.mask = (np.arange(T)[:, np.newaxis] < lengths).view(np.uint8)

    @property
    def reorders(self) -> bool:
        """Whether the order of the core differs from the user's."""
        return self._order is not None

    def ordered(self, array: Array) -> Array:
        """Return an array (n, m) or (n, m, T) of the user's order in that of the core."""
        return array if self._order is None else _taken(array, self._order)

    def restored(self, array: Array) -> Array:
        """Return an array (n, m) or (n, m, T) of the core's order in that of the user."""
        return array if self._back is None else _taken(array, self._back)

    def held_past_ends(
        self, t: int, columns: Sequence[Array], held: Sequence[float]
    ) -> tuple[Array, ...]:
        """Return the result of step t, (n, m) in the user's order, with held values past the ends.

        The core does not compute the steps that it leaves out.
        """
        counts = t < self.lengths
        return tuple(
            np.where(counts, array, other) for array, other in zip(columns, held, strict=True)
        )


def _taken(array: Array, order: NDArray[np.intp]) -> Array:
    """Return the columns of a batch in another order, time-major in memory."""
    time_major = array.T
    memory: Array = empty(time_major.shape, time_major.dtype)
    # without a range check, NumPy writes directly into it
    return time_major.take(order, -2, out=memory, mode="clip").T
