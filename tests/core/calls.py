"""Calls of the compiled core itself, in memory that shows what a call touches.

Every array stands in a larger buffer, one element past the start of a cache line, so that no
alignment is taken for granted. Padding, results and scratch hold what the test wants, and what
stands around them is looked at afterwards.
"""

import functools

import numpy as np

from fastrnn._core import gru, lstm, output, rnn
from fastrnn._core.memory import LINE, aligned_empty, padded
from tests.cases import Case

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


@functools.lru_cache(maxsize=4)
def arrays_of(case):
    """Return the arrays of a case, once for all the ways to run it."""
    return case.make()


def run_cell(case, fill=0.0, columns=None, wants_dx=True, mask=None, garbage=0.0, given=None):
    """Run a case forward and backward through the core.

    Parameters
    ----------
    case : Case
        What to run.
    fill : float
        What stands in padding, in gaps between strides, in results and in scratch memory before
        the calls.
    columns : index of the batch, optional
        The columns to run; all of them if left out.
    wants_dx : bool
        Whether the gradient of the input is asked for.
    mask : ndarray of bool (T, m), optional
        The steps that count, of all columns of the case.
    garbage : float
        The input at steps that do not count.
    given : callable, optional
        Lays out an array of the contract.  The core then takes the input and the gradient at the
        states as they are given, and not in rows; and weights and their gradients have no gaps.

    Returns
    -------
    dict of ndarray
        States, what forward keeps, and the gradients, without padding.
    """
    a, memory = arrays_of(case), Memory(case.dtype, fill)
    core = {"rnn": rnn, "gru": gru, "lstm": lstm}[case.cell]
    of_batch = slice(None) if columns is None else columns
    X, ds = a.X[:, of_batch], a.ds[:, of_batch]
    (_, m, T), n_x, n_s = X.shape, case.n_x, case.n_s
    ld = padded(n_s, case.dtype)
    laid = memory.spread if given is None else memory.dense
    wx, ws, bs = laid(a.parameters["Wx"]), laid(a.parameters["Ws"]), laid(a.parameters["bs"][:, 0])
    if mask is not None:
        mask = np.ascontiguousarray(mask[:, of_batch], np.uint8)
        X = np.where(mask.T, X, np.asarray(garbage, X.dtype))
    if given is None:
        x, ds = memory.rows(X.T), memory.rows(ds.T)
        x_given = ds_given = None
    else:
        x_given, ds_given = given(X), given(ds)
        x, ds = memory.empty(T, m, padded(n_x, case.dtype)), None
    states = memory.empty(T + 1, m, ld)
    states[0, :, :n_s] = a.S_0[:, of_batch].T

    sizes = (T, m, n_x, n_s, x.dtype)
    results = {"states": states[..., :n_s]}
    kept, extra, names = (), (), ()
    if case.cell == "gru":
        bx = laid(a.parameters["bx"][:, 0]) if case.reset_after else None
        kept, extra = (memory.empty(T, m, 3, ld), memory.empty(T, m, ld)), (bx,)
        names = ("gates", "hidden")
    elif case.cell == "lstm":
        cells = memory.empty(T + 1, m, ld)
        cells[0, :, :n_s] = a.C_0[:, of_batch].T
        kept = (cells, memory.empty(T, m, 4, ld), memory.empty(T, m, ld))
        names = ("cells", "gates", "tanh_c")
    results |= {name: array[..., :n_s] for name, array in zip(names, kept, strict=True)}
    work = memory.empty(core.forward_work(*sizes))
    core.forward(x, wx, ws, bs, *extra, states, *kept, work, mask, None, x_given)
    assert np.array_equal(x[..., :n_x], X.T, equal_nan=True), "x does not hold the input"

    dx = memory.empty(T, m, padded(n_x, case.dtype)) if wants_dx else None
    ds0, dc0, dbx = memory.empty(m, ld), (), ()
    dwx, dws, dbs = (laid(np.full_like(w, fill)) for w in (wx, ws, bs))
    results |= {"ds0": ds0[..., :n_s], "dwx": dwx, "dws": dws, "dbs": dbs}
    if wants_dx:
        results["dx"] = dx[..., :n_x]
    form = ()
    if case.cell == "gru":
        form, dbx = (case.reset_after,), (None,)
        if case.reset_after:
            dbx = (laid(np.full_like(bs, fill)),)
            results["dbx"] = dbx[0]
    elif case.cell == "lstm":
        dc0 = (memory.rows(a.dc[:, of_batch].T),)
        results["dc0"] = dc0[0][:, :n_s]
    work = memory.empty(core.backward_work(*sizes))
    gradients = (dx, ds0, *dc0, dwx, dws, dbs, *dbx)
    core.backward(ds, x, states, *kept, wx, ws, *form, *gradients, work, mask, None, ds_given)
    memory.check()
    return results


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
        call(*arguments, memory.empty(output.affine_work(R, k, n, x.dtype)))
    probabilities = output.softmax_of_states(x[np.newaxis], 0, w, b[:, np.newaxis])[0]
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
