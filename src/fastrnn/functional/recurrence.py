"""What the compiled cells do alike around their core: gradients by name, and sums of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.layout import padded_copy
from fastrnn._core.recurrence import Recurrence
from fastrnn._core.recycled import empty
from fastrnn.arguments import Array, Gradients, columns_that_count, of_columns, read_cell_cache

from .layout import features_first
from .ragged import Ragged


def rows_or_source(
    ds: Array, ragged: Ragged | None
) -> tuple[Array | None, Array | None, NDArray[np.uint8] | None]:
    """Return the gradient at the states for the core: as rows, or as their source; and the mask.

    The core can copy it step by step, but not in another order of the batch.
    """
    if ragged is None:
        return None, ds, None
    return ragged.ordered(padded_copy(ds)), None, ragged.mask


def gradients_by_name(
    dx: Array,
    d_initial: Array,
    dWx: Array,
    dWs: Array,
    db: Array,
    dbx: Array | None = None,
    *,
    ragged: Ragged | None = None,
) -> Gradients:
    """Return the gradients of a sequence as the functional API does."""
    if ragged is not None:
        dx, d_initial = ragged.restored(dx), ragged.restored(d_initial)
    n_s = dWs.shape[1]
    gradients = {"dX": features_first(dx, dWx.shape[1]), "ds_0": d_initial[0].T[:n_s]}
    if len(d_initial) == 2:
        gradients["dc_0"] = d_initial[1].T[:n_s]
    gradients["dWx"], gradients["dWs"], gradients["dbs"] = dWx, dWs, db
    if dbx is not None:
        gradients["dbx"] = dbx
    return gradients


def of_one_step(gradients: Gradients) -> Gradients:
    """Return the gradients of a sequence of one step under the names that they have for a cell."""
    cell = {"dXt": gradients.pop("dX")[:, :, 0], "ds_prev": gradients.pop("ds_0")}
    if "dc_0" in gradients:
        cell["dc_prev"] = gradients.pop("dc_0")
    return {**cell, **gradients}


def sum_of_steps(
    ds: Array,
    steps: Sequence[Any],
    X: Array,
    lengths: NDArray[np.int64] | None,
    entries: Sequence[str],
    gates: int,
    backward_of_step: Callable[..., Gradients],
    input_bias: bool = False,
) -> Gradients:
    """Go back through steps that are not one sequence, the last first, summing over them."""
    (n_s, m, T), n_x, rows = ds.shape, X.shape[0], gates * ds.shape[0]
    has_cells = "Ct_prev" in entries
    shapes: dict[str, tuple[int, ...]] = {"dX": (n_x, m, T), "ds_0": (n_s, m)}
    if has_cells:
        shapes["dc_0"] = (n_s, m)
    shapes |= {"dWx": (rows, n_x), "dWs": (rows, n_s), "dbs": (rows, 1)}
    if input_bias:
        shapes["dbx"] = (rows, 1)
    gradients: Gradients = {name: np.zeros(shape, ds.dtype) for name, shape in shapes.items()}
    for t, on in reversed(list(enumerate(columns_that_count(lengths, T)))):
        gradients["ds_0"] = ds_next = ds[:, :, t] + gradients["ds_0"]
        dc = (gradients["dc_0"][:, on],) if has_cells else ()
        cache = of_columns(steps[t], on)
        step = backward_of_step(*read_cell_cache(ds_next[:, on], cache, entries, gates, dc))
        gradients["dX"][:, on, t], gradients["ds_0"][:, on] = step.pop("dXt"), step.pop("ds_prev")
        if has_cells:
            gradients["dc_0"][:, on] = step.pop("dc_prev")
        for name, gradient in step.items():
            gradients[name] += gradient
    return gradients


def reserve_of(core: Recurrence, arrays: Sequence[Array], n_s: int) -> Array:
    """Return the memory that the core reads, from the time-major arrays that it holds."""
    states = arrays[0]
    T, m = states.shape[0] - 1, states.shape[1]
    length = core.reserve_length(T, m, n_s, states.itemsize)
    reserve: Array = empty((length,), states.dtype)
    for view, array in zip(core.views(reserve, T, m, n_s), arrays, strict=True):
        view[...] = array
    return reserve
