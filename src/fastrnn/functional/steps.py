"""The caches of a compiled sequence: whole arrays, and caches of single steps on access."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.calls import Functions, Kept
from fastrnn._core.memory import padded
from fastrnn._core.recurrence import Recurrence
from fastrnn._core.reserve import views
from fastrnn.arguments import (
    GRU,
    LSTM,
    MGU,
    PLAIN,
    RNN,
    Activations,
    Array,
    Cache,
    Cell,
    cache_type,
    make_cache,
    read_cell_cache,
)


class Steps(Kept, Sequence[Cache]):
    """The caches of all steps of a sequence, ``steps[t]`` being that of step t.

    It behaves like the reference's list: it has a length, and can be indexed, sliced and iterated.
    Its entries are tuples of views, created on access.  Its memory is not shared with arrays of the
    user, except for the parameters.  See :class:`fastrnn._core.calls.Kept`; ``ragged`` is None or a
    :class:`.ragged.Ragged`.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        form = (self.functions.cell, self.functions.reset_after, self.functions.activations)
        rest = (self.sizes, self.itemsize, self.parameters_dict, self.ragged)
        return _remade, (form, rest, self._bytes())

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Features, columns of the batch, steps, and units."""
        return self.n_x, self.m, self.T, self.n_s

    def arrays(self) -> tuple[Array, ...]:
        """Return time-major views: states, gates, kept arrays, and the input."""
        core, flat = self.functions.core, self._bytes().view(f"f{self.itemsize}")
        reserve = core.reserve_length(self.T, self.m, self.n_s, self.itemsize)
        x = flat[reserve:].reshape(self.T, self.m, padded(self.n_x, flat.dtype))
        return (*views(core, flat, self.T, self.m, self.n_s), x)

    def having(self, parameters_dict: Any) -> Steps:
        """Return caches with other parameters that share the memory."""
        rest = (self.itemsize, parameters_dict, self.ragged, self.memory)
        return Steps(self.functions, self.sizes, *rest)

    def _bytes(self) -> NDArray[np.uint8]:
        """Return all of the memory."""
        return np.asarray(memoryview(self.memory))

    @property
    def activations(self) -> Activations:
        """The activation of the new state and that of the gates."""
        return self.functions.activations

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """The lengths of the sequences (m,), in the order of the user; None if they are all T."""
        return None if self.ragged is None else self.ragged.lengths

    def __len__(self) -> int:
        return self.T

    @overload
    def __getitem__(self, index: int) -> Cache: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cache]: ...
    def __getitem__(self, index: int | slice) -> Cache | list[Cache]:
        arrays = self.arrays()
        if isinstance(index, slice):
            return [self._of_step(t, arrays) for t in range(len(self))[index]]
        return self._of_step(range(len(self))[index], arrays)

    def __iter__(self) -> Iterator[Cache]:
        arrays = self.arrays()
        return (self._of_step(t, arrays) for t in range(len(self)))

    def __repr__(self) -> str:
        return f"<caches of {len(self)} steps>"

    def _of_step(self, t: int, arrays: Sequence[Array]) -> Cache:
        """Return the cache of a step, as views (n, m) of the kept arrays."""
        cell, n_x, n_s = self.functions.cell, self.n_x, self.n_s
        entries: list[Any] = []
        for states in arrays[: len(cell.states)]:
            before, after = states[t : t + 2].transpose(0, 2, 1)[:, :n_s]
            entries.extend((after, before))
        if cell.gates > 1:
            entries.extend(arrays[len(cell.states)][t].transpose(1, 2, 0)[:, :n_s])
            if len(cell.kept) > cell.gates:
                entries.append(arrays[-2][t].T[:n_s])
        entries.append(arrays[-1][t].T[:n_x])
        if self.ragged is not None:
            carried, held = 2 * len(cell.states), (*cell.held, 0)
            entries = [self.ragged.restored(entry) for entry in entries]
            entries[carried:] = self.ragged.held_past_ends(t, entries[carried:], held)
        if cell is GRU and not self.functions.reset_after:
            entries[-2] = None
        return make_cache(self.activations, (*entries, self.parameters_dict))


_FORMS: dict[tuple[str, bool, Activations], Functions] = {}


def functions_of(
    cell: Cell, reset_after: bool = False, activations: Activations = PLAIN
) -> Functions:
    """Return the compiled functions of a cell in one of its forms; there is one object a form."""
    form = (cell.name, bool(reset_after), activations)
    found = _FORMS.get(form)
    if found is None:
        core = Recurrence(cell.name + "_reset_after" * form[1], *activations)
        made = Functions(cell, core, form[1], activations, Steps, cache_type(activations))
        found = _FORMS.setdefault(form, made)
    return found


RNN_TANH, LSTM_TANH, MGU_TANH = map(functions_of, (RNN, LSTM, MGU))
GRU_BEFORE, GRU_AFTER = functions_of(GRU), functions_of(GRU, reset_after=True)


def _remade(
    form: tuple[Cell, bool, Activations], rest: tuple[Any, ...], memory: NDArray[np.uint8]
) -> Steps:
    """Return the caches from the parts of :meth:`Steps.__reduce__`."""
    steps = Steps(functions_of(*form), *rest)
    steps._bytes()[...] = memory
    return steps


def joined(
    cell: Cell, ds: Array, dc_last: Array | None, steps: Sequence[Any]
) -> list[Sequence[Any]] | None:
    """Read the caches of single steps, and check whether they form one sequence.

    They do if all have the same weights and each starts from the final state (and cell) of the
    previous one.  Caches from separate calls may not.

    Returns
    -------
    list or None
        The result of :func:`read_cell_cache` for every step, or None if they are not one sequence.
    """
    dc = () if len(cell.states) == 1 else (ds[:, :, 0] if dc_last is None else dc_last,)
    read = [read_cell_cache(cell, (ds[:, :, t], *dc), step) for t, step in enumerate(steps)]
    first = len(cell.states)  # the arguments are the gradients, the entries, then the weights
    links = [(first + i, first + i + 1) for i in range(0, 2 * first, 2)]
    links += [(-1, -1), (-2, -2)]
    for before, after in pairwise(read):
        if not all(_same(before[end], after[start]) for end, start in links):
            return None
    return read


def _same(a: Array, b: Array) -> bool:
    return a is b or np.array_equal(a, b, equal_nan=True)
