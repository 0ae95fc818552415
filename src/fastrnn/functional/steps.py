"""The caches of a compiled sequence: whole arrays, and the cache of a step when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.arrays import fit
from fastrnn._core.recurrence import Recurrence
from fastrnn.arguments import (
    GRU,
    Array,
    Cache,
    Cell,
    Parameters,
    check_steps,
    make_cache,
    read_arrays_or_none,
    read_cell_cache,
    read_parameters,
)

from .loops import core_of
from .ragged import Ragged


def entries_of(
    cell: Cell, arrays: Sequence[Array], x: Array, t: int, sizes: tuple[int, int, int, int]
) -> Iterator[Array]:
    """Yield what the cache of step t holds before the parameters, as views (n, m) of the memory.

    Of a GRU ``Ht`` is r ⊙ s where the reset comes before the product.
    """
    n_x, _, _, n_s = sizes
    for i in range(len(cell.states)):
        before, after = arrays[i][t : t + 2].transpose(0, 2, 1)[:, :n_s]
        yield after
        yield before
    if cell.gates > 1:
        yield from arrays[len(cell.states)][t].transpose(1, 2, 0)[:, :n_s]
        if cell is GRU:
            yield arrays[-1][t].T[:n_s]
    yield x[t].T[:n_x]


class Steps(Sequence[Cache]):
    """The caches of all steps of a sequence, ``steps[t]`` being that of step t.

    It stands where the reference has a list: it has a length, is indexed, sliced and iterated.  Its
    entries are tuples of views, made when they are asked for.  Its memory is shared with nothing
    that the user has, but for the parameters.

    Attributes
    ----------
    cell : Cell
    reserve : ndarray
        What the core left for the way back: states, and what else the cell keeps.
    x : ndarray (T, m, >= n_x)
        The input, time-major.
    sizes : tuple of int
        n_x, m, T, n_s.
    parameters_dict : mapping
        The user's own.
    reset_after, activation : bool, str
        The form of a GRU and of an RNN.
    ragged : Ragged, optional
        The lengths of the sequences, and in which order the arrays above have them.
    """

    __slots__ = (
        "activation",
        "cell",
        "parameters_dict",
        "ragged",
        "reserve",
        "reset_after",
        "sizes",
        "x",
    )

    def __init__(
        self,
        cell: Cell,
        reserve: Array,
        x: Array,
        sizes: tuple[int, int, int, int],
        parameters_dict: Parameters,
        reset_after: bool = False,
        activation: str = "tanh",
        ragged: Ragged | None = None,
    ) -> None:
        self.cell = cell
        self.reserve = reserve
        self.x = x
        self.sizes = sizes
        self.parameters_dict = parameters_dict
        self.reset_after = reset_after
        self.activation = activation
        self.ragged = ragged

    @property
    def core(self) -> Recurrence:
        """What made them; it is not kept, so that copies and pickles hold arrays alone."""
        return core_of(self.cell, self.reset_after, self.activation)

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """The lengths of the sequences (m,), in the order of the user; None if they are all T."""
        return None if self.ragged is None else self.ragged.lengths

    def __len__(self) -> int:
        return self.sizes[2]

    @overload
    def __getitem__(self, index: int) -> Cache: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cache]: ...
    def __getitem__(self, index: int | slice) -> Cache | list[Cache]:
        arrays = self._arrays()
        if isinstance(index, slice):
            return [self.of_step(t, arrays) for t in range(len(self))[index]]
        return self.of_step(range(len(self))[index], arrays)

    def __iter__(self) -> Iterator[Cache]:
        arrays = self._arrays()
        return (self.of_step(t, arrays) for t in range(len(self)))

    def __repr__(self) -> str:
        return f"<caches of {len(self)} steps>"

    def _arrays(self) -> list[Array]:
        """Return the arrays in `reserve`, time-major: states (T + 1, m, ld) first."""
        _, m, T, n_s = self.sizes
        return self.core.views(self.reserve, T, m, n_s)

    def of_step(self, t: int, arrays: list[Array]) -> Cache:
        """Return the cache of a step, made of views of the arrays in the reserve."""
        entries: list[Any] = [*entries_of(self.cell, arrays, self.x, t, self.sizes)]
        if self.ragged is not None:
            carried, held = 2 * len(self.cell.states), (*self.cell.held, 0)
            entries = [self.ragged.restored(entry.T).T for entry in entries]
            entries[carried:] = self.ragged.held_past_ends(t, entries[carried:], held)
        if self.cell is GRU and not self.reset_after:
            entries[-2] = None
        return make_cache(self.activation, (*entries, self.parameters_dict))

    def read(
        self, ds: Any, dc_last: Any
    ) -> tuple[Array, Array | None, Array, Array, tuple[Array, Array]]:
        """Return ``ds, dc_last, x, reserve, (Wx, Ws)`` in the type of the gradients, checked.

        Raises
        ------
        TypeError, ValueError, KeyError
            If an argument, or what ``parameters_dict`` holds by now, does not fit.
        """
        (n_x, m, T, n_s), x, reserve = self.sizes, self.x, self.reserve
        Wx, Ws = read_parameters(self.parameters_dict, ("Wx", "Ws"))
        if not (
            fit("smt ?sm gx gs", self.cell.gates, (ds, dc_last, Wx, Ws))
            and ds.dtype == reserve.dtype
            and ds.shape[:2] == (n_s, m)
            and ds.shape[2] <= T
            and Wx.shape[1] == n_x
        ):
            # the caches too: one array of float64 anywhere makes float64 of all gradients
            ds, dc_last, Wx, Ws, x, reserve = read_arrays_or_none(
                ("ds", "dc_last", "Wx", "Ws"), (ds, dc_last, Wx, Ws, x, reserve)
            )
            others = {"X": (n_x, m, T), "St_next": (n_s, m), "Wx": Wx.shape, "Ws": Ws.shape}
            check_steps(ds, dc_last, others, self.cell.gates)
        return ds, dc_last, x, reserve, (Wx, Ws)


def joined(
    cell: Cell, ds: Array, dc_last: Array | None, steps: Sequence[Any]
) -> list[Sequence[Any]] | None:
    """Read the caches of steps that were made one by one, and tell whether they are one sequence.

    They are where all have the same weights and each starts from the state (and the cell) in which
    the one before ended.  Whoever made the caches by hand may have done otherwise.

    Returns
    -------
    list or None
        What :func:`read_cell_cache` returns of every step, or None if they are not one sequence.
    """
    dc = () if len(cell.states) == 1 else (ds[:, :, 0] if dc_last is None else dc_last,)
    read = [read_cell_cache(cell, (ds[:, :, t], *dc), step) for t, step in enumerate(steps)]
    first = len(cell.states)  # the gradients stand before the entries, the weights behind them
    links = [(first + i, first + i + 1) for i in range(0, 2 * first, 2)]
    links += [(-1, -1), (-2, -2)]
    for before, after in pairwise(read):
        if not all(_same(before[end], after[start]) for end, start in links):
            return None
    return read


def _same(a: Array, b: Array) -> bool:
    return a is b or np.array_equal(a, b, equal_nan=True)
