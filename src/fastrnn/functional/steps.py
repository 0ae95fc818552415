"""The caches of a compiled sequence: whole arrays, and the cache of a step when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, overload

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.arrays import fit
from fastrnn._core.recurrence import Recurrence
from fastrnn.arguments import (
    Array,
    Cache,
    Parameters,
    check_shapes,
    read_arrays,
    read_cell_cache,
    read_parameters,
    rows,
)

from .ragged import Ragged


class Steps(Sequence[Cache]):
    """The caches of all steps of a sequence, ``steps[t]`` being that of step t.

    It stands where the reference has a list: it has a length, is indexed, sliced and iterated.  Its
    entries are tuples of views, made when they are asked for.

    Attributes
    ----------
    reserve : ndarray
        What the core leaves for the way back: states, and what else the cell keeps.
    x : ndarray (T, m, >= n_x)
        The input, time-major.
    X : ndarray (n_x, m, T)
        The input in the layout of the contract.
    parameters_dict : mapping
        The user's own.
    units : int
        n_s.
    ragged : Ragged, optional
        The lengths of the sequences, and in which order the arrays above have them.
    """

    __slots__ = ("X", "_arrays", "core", "parameters_dict", "ragged", "reserve", "units", "x")
    gates = 1
    names: ClassVar[tuple[str, ...]] = ("ds", "Wx", "Ws", "states", "x")

    def __init__(
        self,
        core: Recurrence,
        reserve: Array,
        x: Array,
        X: Array,
        parameters_dict: Parameters,
        units: int,
        ragged: Ragged | None = None,
    ) -> None:
        self.core = core
        self.reserve = reserve
        self.x = x
        self._arrays: list[Array] | None = None
        self.X = X
        self.parameters_dict = parameters_dict
        self.units = units
        self.ragged = ragged

    @property
    def arrays(self) -> list[Array]:
        """The arrays in `reserve`, time-major: states (T + 1, m, ld) first."""
        if self._arrays is None:
            _, m, T = self.X.shape
            self._arrays = self.core.views(self.reserve, T, m, self.units)
        return self._arrays

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """The lengths of the sequences (m,), in the order of the user; None if they are all T."""
        return None if self.ragged is None else self.ragged.lengths

    def __len__(self) -> int:
        return self.X.shape[2]

    @overload
    def __getitem__(self, index: int) -> Cache: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cache]: ...
    def __getitem__(self, index: int | slice) -> Cache | list[Cache]:
        if isinstance(index, slice):
            return [self._step(t) for t in range(len(self))[index]]
        return self._step(range(len(self))[index])

    def __iter__(self) -> Iterator[Cache]:
        return (self._step(t) for t in range(len(self)))

    def __repr__(self) -> str:
        return f"<caches of {len(self)} steps>"

    def _step(self, t: int) -> Cache:
        states = self.arrays[0]
        St_prev, St_next = self._columns(states[t]), self._columns(states[t + 1])
        Xt = self.X[:, :, t]
        if self.ragged is not None:
            (Xt,) = self.ragged.held_past_ends(t, (Xt,), (0,))
        return (St_next, St_prev, *self._kept_of(t), Xt, self.parameters_dict)

    def _columns(self, rows: Array) -> Array:
        """Return rows (m, ld) of a step as the columns (n_s, m) that the user has."""
        columns: Array = rows if self.ragged is None else self.ragged.restored(rows)
        return columns.T[: self.units]

    def _kept_of(self, t: int) -> tuple[Array | None, ...]:
        """Return what the cell keeps of a step, as columns."""
        return ()

    def read(self, ds: Any) -> Sequence[Array]:
        """Return ``ds, Wx, Ws, reserve, x`` in the type of the gradients, checked.

        Raises
        ------
        TypeError, ValueError, KeyError
            If `ds`, or what ``parameters_dict`` holds by now, does not fit.
        """
        Wx, Ws = read_parameters(self.parameters_dict, ("Wx", "Ws"))
        if fit("smt gx gs xmt", self.gates, (ds, Wx, Ws, self.X)):
            return (ds, Wx, Ws, self.reserve, self.x)
        arrays = read_arrays(self.names, (ds, Wx, Ws, self.reserve, self.x))
        n_x, m, T = self.X.shape
        check_shapes(
            [
                ("X", (n_x, m, T), ("n_x", "m", "T_x")),
                ("S", (self.units, m, T), ("n_s", "m", "T_x")),
                ("Wx", arrays[1].shape, (rows(self.gates), "n_x")),
                ("Ws", arrays[2].shape, (rows(self.gates), "n_s")),
                ("ds", arrays[0].shape, ("n_s", "m", "T_x")),
            ]
        )
        return arrays


class GRUSteps(Steps):
    """As :class:`Steps`, of the GRU: its gates, and r * s or Ws_n s + bs_n by `reset_after`."""

    __slots__ = ("reset_after",)
    gates = 3

    def __init__(self, *args: Any, reset_after: bool) -> None:
        super().__init__(*args)
        self.reset_after = reset_after

    def _kept_of(self, t: int) -> tuple[Array | None, ...]:
        _, gates, hidden = self.arrays
        r, z, n, h = map(self._columns, (*gates[t].swapaxes(0, 1), hidden[t]))
        if self.ragged is not None:
            r, z, n, h = self.ragged.held_past_ends(t, (r, z, n, h), (0, 1, 0, 0))
        return r, z, n, h if self.reset_after else None


class LSTMSteps(Steps):
    """As :class:`Steps`, of the LSTM: its cells, its gates, and tanh of the cells."""

    __slots__ = ()
    gates = 4

    def _kept_of(self, t: int) -> tuple[Array | None, ...]:
        _, cells, gates, _ = self.arrays
        Ct_prev, Ct_next = self._columns(cells[t]), self._columns(cells[t + 1])
        i, f, g, o = map(self._columns, gates[t].swapaxes(0, 1))
        if self.ragged is not None:
            i, f, g, o = self.ragged.held_past_ends(t, (i, f, g, o), (0, 1, 0, 0))
        return Ct_next, Ct_prev, i, f, g, o


def joined(
    ds: Array, steps: Sequence[Any], entries: Sequence[str], gates: int
) -> list[list[Any]] | None:
    """Read the caches of steps that were made one by one, and tell whether they are one sequence.

    They are where all have the same weights and each starts from the state (and the cell) in which
    the one before ended.  Whoever made the caches by hand may have done otherwise.

    Returns
    -------
    list or None
        The entries ``ds_next, St_next, St_prev, ..., Xt, Wx, Ws`` of every step, or None if they
        are not one sequence.
    """
    read = [read_cell_cache(ds[:, :, t], step, entries, gates) for t, step in enumerate(steps)]
    # ds_next stands before the entries, and after them the weights
    links = [
        (entries.index(end) + 1, entries.index(start) + 1)
        for end, start in (("St_next", "St_prev"), ("Ct_next", "Ct_prev"))
        if start in entries
    ]
    links += [(-1, -1), (-2, -2)]
    for before, after in pairwise(read):
        if not all(_same(before[end], after[start]) for end, start in links):
            return None
    return read


def _same(a: Array, b: Array) -> bool:
    return a is b or np.array_equal(a, b, equal_nan=True)
