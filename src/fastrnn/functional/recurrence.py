"""The common part of the functions of all cells for arguments that need conversion.

A public function first calls the compiled function of its cell (:mod:`fastrnn._core.calls`), which
returns None unless all arguments are plain arrays of one type whose shapes agree.  Other arguments
are converted here, or refused with an error, and then passed to the same compiled function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.calls import Functions
from fastrnn.arguments import (
    GRU,
    Activations,
    Array,
    Cache,
    Cell,
    Gradients,
    Parameters,
    activations_of,
    check_steps,
    columns_that_count,
    of_columns,
    pick_parameters,
    read,
    read_arrays_or_none,
    read_cell_cache,
    read_layer_caches,
    read_lengths,
    read_parameters,
)
from fastrnn.arithmetic import quietly

from .ragged import Ragged
from .steps import Steps, functions_of, joined

_Result = TypeVar("_Result")


def read_cell_forward(
    functions: Functions, inputs: tuple[Any, ...], parameters_dict: Parameters
) -> tuple[Any, ...]:
    """Take one step; return the results of the cell's function.

    ``inputs`` are ``Xt, St_prev``, and in an LSTM ``Ct_prev``.
    """
    parameters = pick_parameters(parameters_dict, functions.reset_after)
    values = read(functions.cell.step, (*inputs, *parameters))
    return _found(functions.run_step((*values,), parameters_dict))


def read_forward(
    functions: Functions, inputs: tuple[Any, ...], parameters_dict: Parameters, lengths: Any
) -> tuple[Any, ...]:
    """Apply the step to whole sequences; return the results of the cell's function.

    ``inputs`` are ``X, S_0``, and in an LSTM ``C_0``, which may be None.
    """
    cell = functions.cell
    parameters = pick_parameters(parameters_dict, functions.reset_after)
    X, *values = read(cell.sequence, (*inputs, *parameters))
    ends = read_lengths(lengths, X.shape)
    if ends is None:
        return _found(functions.run((X, *values), parameters_dict))
    ragged, states = Ragged(ends, X.shape[2]), len(cell.states)
    initial = [None if state is None else ragged.ordered(state) for state in values[:states]]
    ordered = (ragged.ordered(X), *initial, *values[states:])
    *results, (steps, _, *rest) = _found(functions.run(ordered, parameters_dict, ragged))
    restored = [None if array is None else ragged.restored(array) for array in results]
    return (*restored, (steps, X, *rest))


def read_cell_backward(
    functions: Functions, gradients: tuple[Any, ...], cache: Cache, *said: str | None
) -> Gradients:
    """Return the gradients of one step, from those of the state (and the cell) after it.

    ``said`` are the activations that the caller named, if any.
    """
    cell = functions.cell
    values = read_cell_cache(cell, gradients, cache)
    reset_after = cell is GRU and values[-4] is not None
    functions = functions_of(cell, reset_after, activations_of(cache, *said))
    return _found(functions.run_step_back((*values,)))


def read_backward(
    functions: Functions, ds: Any, caches: Cache, dc_last: Any, *said: str | None
) -> Gradients:
    """Go back through a whole sequence, or through its first steps.

    ``said`` are the activations that the caller named, if any.
    """
    cell: Cell = functions.cell
    if type(caches) is tuple and len(caches) == len(cell.caches):
        steps = caches[0]
        if type(steps) is Steps and steps.functions.cell is cell:
            activations_of(steps, *said)
            ds, dc_last, Wx, Ws = _read_for(steps, ds, dc_last)
            if ds.dtype.itemsize == steps.itemsize:
                return _back(steps, ds, dc_last, Wx, Ws)
    return _backward_of_steps(cell, ds, caches, dc_last, *said)


def _found(result: _Result | None) -> _Result:
    """Return the results of compiled functions for converted arrays, which they always accept."""
    assert result is not None
    return result


def _read_for(steps: Steps, ds: Any, dc_last: Any) -> list[Any]:
    """Return ``ds, dc_last, Wx, Ws`` in the type of the gradients, checked.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument, or a current entry of ``parameters_dict``, does not fit.
    """
    n_x, m, T, n_s = steps.sizes
    weights = read_parameters(steps.parameters_dict, ("Wx", "Ws"))
    # if any array is float64, those of the caches included, all gradients are float64
    values = (ds, dc_last, *weights, steps.arrays()[-1])
    ds, dc_last, Wx, Ws, _ = read_arrays_or_none(("ds", "dc_last", "Wx", "Ws"), values)
    others = {"X": (n_x, m, T), "St_next": (n_s, m), "Wx": Wx.shape, "Ws": Ws.shape}
    check_steps(ds, dc_last, others, steps.functions.cell.gates)
    return [ds, dc_last, Wx, Ws]


def _back(steps: Steps, ds: Array, dc_last: Array | None, Wx: Array, Ws: Array) -> Gradients:
    """Compute the gradients from the kept arrays, in the user's order."""
    ragged = steps.ragged
    if ragged is not None:
        ds = ragged.ordered(ds)
        dc_last = None if dc_last is None else ragged.ordered(dc_last)
    gradients: Gradients = _found(steps.functions.run_back(steps, ds, dc_last, Wx, Ws))
    if ragged is not None:
        for name in {"dX", "ds_0", "dc_0"} & gradients.keys():
            gradients[name] = ragged.restored(gradients[name])
    return gradients


def _backward_of_steps(
    cell: Cell, ds: Any, caches: Cache, dc_last: Any, *said: str | None
) -> Gradients:
    """As :func:`read_backward`, from a cache for each step."""
    ds, dc, steps, n_x, lengths, reset_after = read_layer_caches(cell, ds, caches, dc_last)
    activations = [activations_of(step, *said) for step in steps]
    entries = joined(cell, ds, dc, steps) if len({*activations}) == 1 else None
    if entries is None:
        return _sum_of_steps(cell, ds, dc, steps, n_x, lengths, reset_after, activations)
    ragged = None if lengths is None else Ragged(lengths, len(steps))
    functions = functions_of(cell, reset_after, activations[0])
    sizes = (n_x, ds.shape[1], len(steps), len(ds))
    kept = Steps(functions, sizes, ds.dtype.itemsize, None, ragged)
    Wx, Ws = entries[-1][-2:]
    for t, entry in enumerate(entries):
        of_step = entry[len(cell.states) : -2]
        if ragged is not None:
            of_step = [None if one is None else ragged.ordered(one) for one in of_step]
        kept.fill(t, (*of_step,), t == 0)
    return _back(kept, ds, dc, Wx, Ws)


@quietly
def _sum_of_steps(
    cell: Cell,
    ds: Array,
    dc_last: Array | None,
    steps: Sequence[Any],
    n_x: int,
    lengths: NDArray[np.int64] | None,
    input_bias: bool,
    activations: Sequence[Activations],
) -> Gradients:
    """Compute the gradients of steps that are not one sequence, from the last on, and sum them."""
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
        cache = of_columns(steps[t], on)
        functions = functions_of(cell, input_bias, activations[t])
        step = read_cell_backward(functions, gradients, cache)
        total["dX"][:, on, t] = step.pop("dXt")
        for name in names:
            total[f"d{name}_0"][:, on] = step.pop(f"d{name}_prev")
        for name, gradient in step.items():
            total[name] += gradient
    return total
