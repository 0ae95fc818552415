"""Calls of the compiled core itself, in memory that shows what a call touches.

Every array stands in a larger buffer, one element past the start of a cache line, so that no
alignment is taken for granted. Padding, results and scratch hold what the test wants, and what
stands around them is looked at afterwards.
"""

import contextlib
import functools

import numpy as np

from fastrnn._core import output, recycled
from fastrnn._core.memory import LINE, aligned_empty, padded
from fastrnn._core.recurrence import Recurrence
from fastrnn._core.reserve import views
from tests.cases import FORMS, Case

DTYPES = ["float64", "float32"]

#: What stands around the arrays: a number that no call computes.
MARGIN = -12345.0


class Memory:
    """Arrays with margins around them."""

    def __init__(self, dtype, fill=0.0):
        self.dtype, self.fill = np.dtype(dtype), fill
        self._margins = []

    def empty(self, *shape):
        """Return an array full of `fill` that ends where the margin begins."""
        size, line = int(np.prod(shape)), LINE // self.dtype.itemsize
        buffer = aligned_empty(size + 2 * line, self.dtype)
        buffer[...] = MARGIN
        self._margins += [buffer[: line + 1], buffer[line + 1 + size :]]
        array = buffer[line + 1 : line + 1 + size].reshape(shape)
        array[...] = self.fill
        return array

    def rows(self, values):
        """Return values (..., n) in padded rows (..., ld)."""
        *shape, n = values.shape
        array = self.empty(*shape, padded(n, self.dtype))
        array[..., :n] = values
        return array

    def spread(self, values):
        """Return values with gaps between them, and from right to left."""
        array = self.empty(*(2 * extent for extent in values.shape))
        view = array[(slice(None, None, -2),) * values.ndim]
        view[...] = values
        return view

    def dense(self, values):
        """Return values without gaps."""
        array = self.empty(*values.shape)
        array[...] = values
        return array

    def check(self):
        """Fail where a margin was written to."""
        for margin in self._margins:
            assert (margin == MARGIN).all(), "written past the end of an array"


@contextlib.contextmanager
def scratch_of(fill):
    """Let the core's scratch memory hold NaN before it is used if `fill` is NaN."""
    recycled.fill_scratch(255 if np.isnan(fill) else -1)
    try:
        yield
    finally:
        recycled.fill_scratch(-1)


@functools.lru_cache(maxsize=4)
def arrays_of(case):
    """Return the arrays of a case, once for all the ways to run it."""
    return case.make()


def run_cell(case, fill=0.0, columns=None, wants_dx=True, mask=None, garbage=0.0, source=None):
    """Run a case forward and backward through the core.

    Parameters
    ----------
    case : Case
        What to run.
    fill : float
        What stands in padding, in gaps between strides and in results before
        the calls; with NaN, in scratch memory too.
    columns : index of the batch, optional
        The columns to run; all of them if left out.
    wants_dx : bool
        Whether the gradient of the input is asked for.
    mask : ndarray of bool (T, m), optional
        The steps that count, of all columns of the case.
    garbage : float
        The input at steps that do not count.
    source : callable, optional
        Lays out an array of the contract.  The core then copies the input and the gradient at the
        states step by step, and is not given rows; and weights and their gradients have no gaps.

    Returns
    -------
    dict of ndarray
        States, what forward keeps, and the gradients, without padding.
    """
    a, memory = arrays_of(case), Memory(case.dtype, fill)
    core = core_of(case)
    of_batch = slice(None) if columns is None else columns
    X, ds = a.X[:, of_batch], a.ds[:, of_batch]
    (_, m, T), n_x, n_s = X.shape, case.n_x, case.n_s
    laid = memory.spread if source is None else memory.dense
    weights = tuple(laid(a.parameters[name]) for name in WEIGHTS if name in a.parameters)
    if mask is not None:
        mask = np.ascontiguousarray(mask[:, of_batch], np.uint8)
        X = np.where(mask.T, X, np.asarray(garbage, X.dtype))
    if source is None:
        x, ds = memory.rows(X.T), memory.rows(ds.T)
        x_source = ds_source = None
    else:
        x_source, ds_source = source(X), source(ds)
        x, ds = memory.empty(T, m, padded(n_x, case.dtype)), None
    reserve = memory.empty(core.reserve_length(T, m, n_s, memory.dtype.itemsize))
    arrays = views(core, reserve, T, m, n_s)
    for states, initial in zip(arrays, (a.S_0, a.C_0)[: core.states], strict=False):
        states[0, :, :n_s] = initial[:, of_batch].T

    names = names_of(core)
    results = {name: array[..., :n_s] for name, array in zip(names, arrays, strict=True)}
    with scratch_of(fill):
        core.forward(x, weights, reserve, mask=mask, source=x_source)
    assert np.array_equal(x[..., :n_x], X.T, equal_nan=True), "x does not hold the input"

    dx = memory.empty(T, m, padded(n_x, case.dtype)) if wants_dx else None
    d_initial = memory.empty(core.states, m, padded(n_s, case.dtype))
    gradients = tuple(laid(np.full_like(w, fill)) for w in weights)
    dwx, dws, dbs, *dbx = gradients
    results |= {"ds0": d_initial[0, :, :n_s], "dwx": dwx, "dws": dws, "dbs": dbs[:, 0]}
    if wants_dx:
        results["dx"] = dx[..., :n_x]
    if dbx:
        results["dbx"] = dbx[0][:, 0]
    if core.states == 2:
        d_initial[1, :, :n_s] = a.dc[:, of_batch].T
        results["dc0"] = d_initial[1, :, :n_s]
    options = {"dx": dx, "mask": mask, "source": ds_source}
    with scratch_of(fill):
        core.backward(ds, x, weights, reserve, gradients, d_initial, **options)
    memory.check()
    return results


def core_of_form(cell, reset_after=False):
    """Return the compiled cell of a form of tests.cases.FORMS."""
    return Recurrence(cell + "_reset_after" * reset_after)


#: Every compiled cell.
CORES = [core_of_form(*form) for form in FORMS]

#: The weights of a cell in the order of the core.
WEIGHTS = ("Wx", "Ws", "bs", "bx")


def names_of(core):
    """Return what the core keeps of a sequence, by names."""
    gates = ("gates",) * (core.gates > 1)
    return (*("states", "cells")[: core.states], *gates, *("hidden",) * core.kept)


def forward_call(core, T, m, n_x, n_s, dtype=np.float64):
    """Return what forward of a core takes, by name: arrays of zeros."""
    rows, dtype = core.gates * n_s, np.dtype(dtype)
    shapes = [(rows, n_x), (rows, n_s), *[(rows, 1)] * (1 + (core.name == "gru_reset_after"))]
    return {
        "x": np.zeros((T, m, n_x), dtype),
        "weights": tuple(np.zeros(shape, dtype) for shape in shapes),
        "reserve": np.zeros(core.reserve_length(T, m, n_s, dtype.itemsize), dtype),
    }


def backward_call(core, T, m, n_x, n_s, dtype=np.float64):
    """Return what backward of a core takes, by name: arrays of zeros."""
    forward, ld = forward_call(core, T, m, n_x, n_s, dtype), padded(n_s, dtype)
    return forward | {
        "ds": np.zeros((T, m, ld), dtype),
        "gradients": tuple(weight.copy() for weight in forward["weights"]),
        "d_initial": np.zeros((core.states, m, ld), dtype),
    }


def core_of(case):
    """Return the compiled cell of a case."""
    return core_of_form(case.cell, case.reset_after)


def run_affine(x, w, b, dout, fill=0.0, wants_dx=True):
    """Run the output layer forward and backward: x (R, k), w (n, k), b (n,), dout (R, n).

    Returns
    -------
    dict of ndarray
        The result, its softmax and the gradients, without padding.
    """
    memory = Memory(x.dtype, fill)
    (R, k), n = x.shape, len(w)
    x, w, b, dout = memory.rows(x), memory.spread(w), memory.spread(b), memory.rows(dout)
    out = memory.empty(R, padded(n, x.dtype))
    dx = memory.empty(R, padded(k, x.dtype)) if wants_dx else None
    dw, db = memory.spread(np.full_like(w, fill)), memory.spread(np.full_like(b, fill))
    for call, arguments in (
        (output.affine, (x, w, b, out)),
        (output.affine_backward, (dout, x, w, dx, dw, db)),
    ):
        with scratch_of(fill):
            call(*arguments)
    probabilities = memory.empty(*out.shape)
    with scratch_of(fill):
        output.affine(x, w, b, probabilities, softmax=True)
    memory.check()
    results = {"out": out[:, :n], "softmax": probabilities[:, :n], "dw": dw, "db": db}
    return results | ({"dx": dx[:, :k]} if wants_dx else {})


def random_affine(R, k, n, dtype):
    """Return x, w, b and dout for :func:`run_affine`."""
    rng = np.random.default_rng((R, k, n))
    shapes = ((R, k), (n, k), (n,), (R, n))
    return tuple(rng.standard_normal(shape).astype(dtype) for shape in shapes)


def cell_case(form, n_x, n_s, m, T_x, dtype):
    """Return a case without an output layer."""
    return Case(*form, n_x, n_s, 1, m, T_x, dtype)
