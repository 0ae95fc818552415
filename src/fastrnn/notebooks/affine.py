"""CS231n's affine layer, which its networks import beside the recurrent ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import Array, Cache, read_arrays
from fastrnn.arithmetic import quietly


@quietly
def affine_forward(x: ArrayLike, w: ArrayLike, b: ArrayLike) -> tuple[Array, Cache]:
    """Return x w + b for every sample, whose numbers stand in one row.

    Parameters
    ----------
    x : array_like (N, d_1, ..., d_k)
        With D = d_1 · ... · d_k.
    w, b : array_like (D, M), (M,)

    Returns
    -------
    out : ndarray (N, M)
    cache : tuple
        ``(x, w, b)``.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> out, cache = affine_forward(np.ones((2, 5, 3)), np.ones((15, 4)), np.zeros(4))
    >>> out.shape
    (2, 4)
    """
    x, w, b = read_arrays(("x", "w", "b"), (x, w, b))
    if x.ndim < 2:
        raise ValueError(f"x has shape {x.shape}, expected (N, d_1, ..., d_k)")
    D = math.prod(x.shape[1:])
    if w.ndim != 2 or len(w) != D:
        raise ValueError(f"w has shape {w.shape}, expected (D, M) with D = {D}")
    if b.shape != w.shape[1:]:
        raise ValueError(f"b has shape {b.shape}, expected (M,) = {w.shape[1:]}")
    return x.reshape(len(x), D) @ w + b, (x, w, b)


@quietly
def affine_backward(dout: ArrayLike, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients of x, w and b.

    Parameters
    ----------
    dout : array_like (N, M)
    cache : tuple
        From :func:`affine_forward`.

    Returns
    -------
    dx : ndarray (N, d_1, ..., d_k)
    dw, db : ndarray (D, M), (M,)

    Raises
    ------
    ValueError
        If `dout` does not have the shape of the output.

    Examples
    --------
    >>> out, cache = affine_forward(np.ones((2, 5, 3)), np.ones((15, 4)), np.zeros(4))
    >>> dx, dw, db = affine_backward(np.ones_like(out), cache)
    >>> dx.shape, db
    ((2, 5, 3), array([2., 2., 2., 2.]))
    """
    x, w, _ = cache
    (dout,) = read_arrays(("dout",), (dout,))
    if dout.shape != (len(x), w.shape[1]):
        raise ValueError(f"dout has shape {dout.shape}, expected (N, M) = {(len(x), w.shape[1])}")
    rows = np.reshape(x, (len(x), len(w)))
    return (dout @ w.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=0)
