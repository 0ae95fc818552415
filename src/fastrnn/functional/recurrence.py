"""What the compiled RNN and GRU do alike around their core: memory for states and for gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.memory import padded
from fastrnn.arguments import Array, Gradients, read_cell_cache

from .layout import features_first


def states_from(S_0: Array, T: int) -> Array:
    """Return memory for the states (T + 1, m, ld) of a sequence, the initial one in place."""
    n_s, m = S_0.shape
    states = np.empty((T + 1, m, padded(n_s, S_0.dtype)), S_0.dtype)
    states[0, :, :n_s] = S_0.T
    return states


class GradientMemory:
    """Memory for the gradients of a sequence, and their views in the contract's layout."""

    __slots__ = ("dWs", "dWx", "db", "dbx", "ds0", "dx", "sizes")

    def __init__(self, Wx: Array, Ws: Array, T: int, m: int, input_bias: bool = False) -> None:
        dtype, (rows, n_x), n_s = Wx.dtype, Wx.shape, Ws.shape[1]
        self.sizes = n_x, n_s
        self.dx = np.empty((T, m, padded(n_x, dtype)), dtype)
        self.ds0 = np.empty((m, padded(n_s, dtype)), dtype)
        self.dWx = np.empty((rows, n_x), dtype)
        self.dWs = np.empty((rows, n_s), dtype)
        self.db = np.empty((rows, 1), dtype)
        self.dbx: NDArray[Any] | None = np.empty((rows, 1), dtype) if input_bias else None

    def by_name(self) -> Gradients:
        """Return the gradients as the functional API does."""
        n_x, n_s = self.sizes
        gradients = {
            "dX": features_first(self.dx, n_x),
            "ds_0": self.ds0[:, :n_s].T,
            "dWx": self.dWx,
            "dWs": self.dWs,
            "dbs": self.db,
        }
        if self.dbx is not None:
            gradients["dbx"] = self.dbx
        return gradients


def of_one_step(gradients: Gradients) -> Gradients:
    """Return the gradients of a sequence of one step under the names that they have for a cell."""
    cell = {"dXt": gradients.pop("dX")[:, :, 0], "ds_prev": gradients.pop("ds_0")}
    return {**cell, **gradients}


def sum_of_steps(
    ds: Array,
    steps: Sequence[Any],
    X: Array,
    entries: Sequence[str],
    gates: int,
    backward_of_step: Callable[..., Gradients],
    input_bias: bool = False,
) -> Gradients:
    """Go back through steps that are not one sequence, the last first, summing over them."""
    (n_s, m, T), n_x, rows = ds.shape, X.shape[0], gates * ds.shape[0]
    shapes = {
        "dX": (n_x, m, T),
        "ds_0": (n_s, m),
        "dWx": (rows, n_x),
        "dWs": (rows, n_s),
        "dbs": (rows, 1),
    }
    if input_bias:
        shapes["dbx"] = (rows, 1)
    gradients: Gradients = {name: np.zeros(shape, ds.dtype) for name, shape in shapes.items()}
    for t in reversed(range(T)):
        ds_next = ds[:, :, t] + gradients["ds_0"]
        step = backward_of_step(*read_cell_cache(ds_next, steps[t], entries, gates))
        gradients["dX"][:, :, t], gradients["ds_0"] = step.pop("dXt"), step.pop("ds_prev")
        for name, gradient in step.items():
            gradients[name] += gradient
    return gradients
