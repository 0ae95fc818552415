"""What the functions of all cells have in common: one step or a sequence, forward and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.layout import padded_copy, stacked
from fastrnn._core.output import softmax_of_states
from fastrnn._core.recurrence import Recurrence
from fastrnn.arguments import (
    GRU,
    LSTM,
    MGU,
    Array,
    Cache,
    Cell,
    Gradients,
    Parameters,
    activation_of,
    columns_that_count,
    make_cache,
    of_columns,
    read_cell_cache,
    read_layer_caches,
    read_lengths,
)
from fastrnn.arithmetic import quietly

from . import loops
from .layout import features_first
from .loops import core_of
from .ragged import Ragged
from .reading import read_cell_backward, read_forward
from .steps import Steps, entries_of, joined

_tanh, _product = quietly(np.tanh), quietly(np.multiply)


def cell_forward(
    cell: Cell,
    inputs: tuple[Any, ...],
    parameters_dict: Parameters,
    input_bias: bool = False,
    activation: str = "tanh",
) -> tuple[list[Array], Array | None, Cache]:
    """Take one step; return the states after it (and the cells), the prediction, and the cache.

    ``inputs`` are ``Xt, St_prev``, and in an LSTM ``Ct_prev``.
    """
    Xt, *values = read_forward(cell.step, inputs, parameters_dict, input_bias)
    *initial, Wx, Ws, bs, bx, Wy, by = values
    x, core = padded_copy(Xt), core_of(cell, input_bias, activation)
    _, arrays = loops.forward(core, x, initial, (Wx, Ws, bs, bx))
    y = None if Wy is None else softmax_of_states(arrays[0], 1, Wy, by)[0].T[: len(Wy)]
    entries: list[Any] = [*entries_of(cell, arrays, x, 0, (*Xt.shape, 1, len(Ws.T)))]
    if cell is GRU and not input_bias:
        entries[-2] = None
    cache = make_cache(activation, (*entries, parameters_dict))
    return [entries[2 * i].copy() for i in range(len(initial))], y, cache


def layer_forward(
    cell: Cell,
    X: Any,
    initial: tuple[Any, ...],
    parameters_dict: Parameters,
    lengths: Any,
    input_bias: bool = False,
    activation: str = "tanh",
) -> tuple[list[Array], Array | None, Cache]:
    """Take the step through whole sequences; return ``S`` (and ``C``), ``y_pred`` and caches.

    ``initial`` is ``(S_0,)``, and in an LSTM ``(S_0, C_0)``, of which ``C_0`` may be None.
    """
    X, *values = read_forward(cell.sequence, (X, *initial), parameters_dict, input_bias)
    *start, Wx, Ws, bs, bx, Wy, by = values
    if start[-1] is None:
        # Not zeros_like, which writes the zeros: memory that is never looked at costs nothing.
        start[-1] = np.zeros(start[0].shape, start[0].dtype)
    ends = read_lengths(lengths, X.shape)
    ragged, mask = None, None
    if ends is None:
        x, source = loops.rows_of_its_own(X)
    else:
        ragged = Ragged(ends, X.shape[2])
        x, source, mask = ragged.ordered(padded_copy(X)), None, ragged.mask
        start = [ragged.ordered(state.T).T for state in start]
    core = core_of(cell, input_bias, activation)
    reserve, arrays = loops.forward(core, x, start, (Wx, Ws, bs, bx), mask, source)
    n_s, y = len(Ws.T), None
    if Wy is not None:
        y = softmax_of_states(arrays[0], 1, Wy, by, mask)
        y = features_first(y if ragged is None else ragged.restored(y), len(Wy))
    own = loops.apart if ragged is None or not ragged.reorders else ragged.restored
    after = [features_first(own(states[1:]), n_s) for states in arrays[: len(start)]]
    sizes = (*X.shape, n_s)
    steps = Steps(cell, reserve, x, sizes, parameters_dict, input_bias, activation, ragged)
    return after, y, (steps, X)


def cell_backward(
    cell: Cell, gradients: tuple[Any, ...], cache: Cache, activation: str | None = None
) -> Gradients:
    """Return the gradients of one step, from those of the state (and the cell) after it."""
    arrays = read_cell_backward(cell, gradients, cache)
    return _backward_of_step(cell, activation_of(cache, activation), *arrays)


def _backward_of_step(cell: Cell, activation: str, *arrays: Any) -> Gradients:
    """As :func:`cell_backward`, of arrays that were read."""
    ds_next, dc_next = arrays[0], arrays[1] if len(cell.states) > 1 else None
    x, reserve, weights, core = _one_step(cell, activation, arrays[len(cell.states) :])
    gradients = loops.backward(core, ds_next[:, :, np.newaxis], dc_next, x, reserve, weights)
    step = {"dXt": gradients.pop("dX")[:, :, 0], "ds_prev": gradients.pop("ds_0")}
    if "dc_0" in gradients:
        step["dc_prev"] = gradients.pop("dc_0")
    return {**step, **gradients}


def layer_backward(
    cell: Cell, ds: Any, caches: Cache, dc_last: Any = None, activation: str | None = None
) -> Gradients:
    """Go back through a whole sequence, or through its first steps."""
    if type(caches) is tuple and len(caches) == len(cell.caches):
        steps = caches[0]
        if type(steps) is Steps and steps.cell is cell:
            activation_of(steps, activation)
            return loops.backward(steps.core, *steps.read(ds, dc_last), steps.ragged)
    return _backward_of_steps(cell, ds, caches, dc_last, activation)


def _backward_of_steps(
    cell: Cell, ds: Any, caches: Cache, dc_last: Any, activation: str | None
) -> Gradients:
    """As :func:`layer_backward`, from a cache for each step."""
    ds, dc, steps, n_x, lengths, reset_after = read_layer_caches(cell, ds, caches, dc_last)
    activations = [activation_of(step, activation) for step in steps]
    entries = joined(cell, ds, dc, steps) if len({*activations}) == 1 else None
    if entries is None:
        return _sum_of_steps(cell, ds, dc, steps, n_x, lengths, reset_after, activations)
    ragged = None if lengths is None else Ragged(lengths, len(steps))
    entries = [entry[len(cell.states) :] for entry in entries]
    x, reserve, weights, core = _arrays_of(cell, activations[0], entries, ragged)
    return loops.backward(core, ds, dc, x, reserve, weights, ragged)


def _one_step(
    cell: Cell, activation: str, entries: Sequence[Any]
) -> tuple[Array, Array, tuple[Array, Array], Recurrence]:
    """Return ``x, reserve, (Wx, Ws), core`` of the cache of one step."""
    *arrays, Xt, Wx, Ws = entries
    states, n_s = len(cell.states), len(arrays[0])
    initial, after = arrays[1 : 2 * states : 2], arrays[0 : 2 * states : 2]
    reset_after = cell is GRU and arrays[-1] is not None
    core = core_of(cell, reset_after, activation)
    reserve, views = core.reserve((*initial,), 1)
    for view, state in zip(views, after, strict=False):
        view[1] = 0  # the padding too: it is multiplied by zeros
        view[1, :, :n_s] = state.T
    if cell.gates > 1:
        gates, last = views[states][0], views[-1][0]
        gates[...] = last[...] = 0
        for i in range(cell.gates):
            gates[:, i, :n_s] = arrays[2 * states + i].T
        if len(cell.states) == 1:
            Ht = arrays[-1] if reset_after else _product(arrays[2], arrays[1])
            last[:, :n_s] = Ht.T
        else:
            _tanh(views[1][1], out=last)
    return padded_copy(Xt), reserve, (Wx, Ws), core


def _arrays_of(
    cell: Cell,
    activation: str,
    entries: Sequence[Sequence[Any]],
    ragged: Ragged | None = None,
) -> tuple[Array, Array, tuple[Array, Array], Recurrence]:
    """Return ``x, reserve, (Wx, Ws), core`` of the caches of consecutive steps."""
    columns = [list(column) for column in zip(*entries, strict=True)]
    *_, Xt, Wx, Ws = columns
    St_next, St_prev = columns[:2]
    reset_after, arrays = False, [stacked((St_prev[0], *St_next))]
    if cell is GRU:
        *gates, Ht = columns[2:6]
        reset_after = Ht[0] is not None
        if not reset_after:
            Ht = [_product(r, s) for r, s in zip(gates[0], St_prev, strict=True)]
        arrays += [_stacked_gates(gates), stacked(Ht)]
    elif cell is MGU:
        gates = columns[2:4]
        Ht = [_product(f, s) for f, s in zip(gates[0], St_prev, strict=True)]
        arrays += [_stacked_gates(gates), stacked(Ht)]
    elif cell is LSTM:
        Ct_next, Ct_prev, *gates = columns[2:8]
        cells = stacked((Ct_prev[0], *Ct_next))
        arrays += [cells, _stacked_gates(gates), _tanh(cells[1:])]
    x = stacked(Xt)
    if ragged is not None:
        x, *arrays = (ragged.ordered(array, 1) for array in (x, *arrays))
    core = core_of(cell, reset_after, activation)
    return x, loops.reserve_of(core, arrays, len(St_prev[0])), (Wx[0], Ws[0]), core


def _stacked_gates(gates: Sequence[Sequence[Array]]) -> Array:
    return np.stack([stacked(gate) for gate in gates], axis=2)


@quietly
def _sum_of_steps(
    cell: Cell,
    ds: Array,
    dc_last: Array | None,
    steps: Sequence[Any],
    n_x: int,
    lengths: NDArray[np.int64] | None,
    input_bias: bool,
    activations: Sequence[str],
) -> Gradients:
    """Go back through steps that are not one sequence, the last first, summing over them."""
    (n_s, m, T), rows = ds.shape, cell.gates * len(ds)
    names = [state.lower() for state in cell.states]
    shapes: dict[str, tuple[int, ...]] = {"dX": (n_x, m, T)}
    shapes |= {f"d{name}_0": (n_s, m) for name in names}
    shapes |= {"dWx": (rows, n_x), "dWs": (rows, n_s), "dbs": (rows, 1)}
    if input_bias:
        shapes["dbx"] = (rows, 1)
    total: Gradients = {name: np.zeros(shape, ds.dtype) for name, shape in shapes.items()}
    if dc_last is not None:
        total["dc_0"][...] = dc_last
    for t, on in reversed(list(enumerate(columns_that_count(lengths, T)))):
        total["ds_0"] = ds[:, :, t] + total["ds_0"]
        gradients = tuple(total[f"d{name}_0"][:, on] for name in names)
        arrays = read_cell_cache(cell, gradients, of_columns(steps[t], on))
        step = _backward_of_step(cell, activations[t], *arrays)
        total["dX"][:, on, t] = step.pop("dXt")
        for name in names:
            total[f"d{name}_0"][:, on] = step.pop(f"d{name}_prev")
        for name, gradient in step.items():
            total[name] += gradient
    return total
