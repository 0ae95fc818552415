"""The output layer's product and its gradients against NumPy, at every height of a tile."""

import numpy as np
import pytest

from fastrnn._core import output
from fastrnn._core.memory import padded
from tests.compare import assert_close, assert_same_bits
from tests.core.calls import DTYPES, Memory, random_affine, run_affine
from tests.tolerances import PARITY


def by_numpy(x, w, b, dout):
    """Return what :func:`run_affine` does, computed in float64."""
    dtype = x.dtype
    x, w, b, dout = (np.asarray(array, np.float64) for array in (x, w, b, dout))
    out = x @ w.T + b
    e = np.exp(out - out.max(1, keepdims=True))
    results = {
        "out": out,
        "softmax": e / e.sum(1, keepdims=True),
        "dw": dout.T @ x,
        "db": dout.sum(0),
        "dx": dout @ w,
    }
    return {name: array.astype(dtype) for name, array in results.items()}


def check(R, k, n, dtype):
    arrays = random_affine(R, k, n, dtype)
    assert_close(run_affine(*arrays), by_numpy(*arrays), PARITY, f"R = {R}, k = {k}, n = {n}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_number_of_rows(dtype):
    for R in range(1, 41):
        for k, n in ((5, 3), (17, 33), (31, 9)):
            check(R, k, n, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_width(dtype):
    for n in range(1, 71):
        check(7, 71 - n, n, dtype)
        check(1, 3, n, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("R", "k", "n"), [(33, 1001, 5), (5, 3, 1001), (601, 65, 129), (13, 2000, 17), (1, 2000, 300)]
)
def test_large(R, k, n, dtype):
    # deeper than one slice of a product, more rows than one block, and shared by threads
    check(R, k, n, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_input_features(dtype):
    check(5, 0, 3, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_rows(dtype):
    memory, n, k = Memory(dtype, np.nan), 3, 5
    dtype = np.dtype(dtype)
    dw, db = memory.empty(n, k), memory.empty(n)
    empty = {width: np.empty((0, padded(width, dtype)), dtype) for width in (n, k)}
    output.affine(empty[k], dw, db, empty[n])
    output.affine_backward(empty[n], empty[k], dw, empty[k], dw, db)
    assert not dw.any()
    assert not db.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_strides_of_the_weights_change_nothing(dtype):
    R, k, n = 9, 19, 35
    x, w, b, dout = random_affine(R, k, n, dtype)
    memory = Memory(dtype, np.nan)
    layouts = [
        w,
        np.asfortranarray(w),
        memory.spread(w),
        memory.rows(w)[:, :k],
    ]
    results = []
    for layout in layouts:
        out, dx = memory.empty(R, padded(n, dtype)), memory.empty(R, padded(k, dtype))
        dw, db = np.empty_like(layout), np.empty_like(b)
        output.affine(memory.rows(x), layout, b, out)
        output.affine_backward(memory.rows(dout), memory.rows(x), layout, dx, dw, db)
        results.append((out[:, :n], dx[:, :k], np.ascontiguousarray(dw), db))
    memory.check()
    for result in results[1:]:
        assert_same_bits(result, results[0], "strided weights")


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_does_not_fit_is_refused_before_anything_is_written(dtype):
    R, k, n = 4, 5, 6
    x, w, b, dout = random_affine(R, k, n, dtype)
    memory = Memory(dtype, 7.0)
    out = memory.empty(R, padded(n, dtype))
    for arguments in (
        (x[:-1], w, b, out),
        (x[:, :-1], w, b, out),
        (x, w, b[:-1], out),
        (x, w, b, out[:, :5].copy()),
    ):
        with pytest.raises(ValueError, match="do not fit together"):
            output.affine(*arguments)
    assert (out == 7).all()
    dout = memory.rows(dout)
    dx, dw, db = memory.empty(R, padded(k, dtype)), np.empty_like(w), np.empty_like(b)
    for arguments in (
        (dout, x[:-1], w, dx, dw, db),
        (dout, x, w, dx[:-1], dw, db),
        (dout, x, w, dx, dw, db[:-1]),
    ):
        with pytest.raises(ValueError, match="do not fit together"):
            output.affine_backward(*arguments)
