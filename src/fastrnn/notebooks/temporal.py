"""CS231n's other layers: word embeddings, and an affine layer and a loss at every step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import functional
from fastrnn.arguments import Array, Cache, read_arrays, read_cross_entropy
from fastrnn.arithmetic import quietly

from .axes import batch_first, features_first, ranked


def word_embedding_forward(x: ArrayLike, W: ArrayLike) -> tuple[Array, Cache]:
    """Return the vectors of words.

    Parameters
    ----------
    x : array_like of int (N, T)
        Indices of words, ``0 <= x < V``.
    W : array_like (V, D)

    Returns
    -------
    out : ndarray (N, T, D)
    cache : tuple
        ``(x, W)``; x is a copy.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Examples
    --------
    >>> out, cache = word_embedding_forward([[2, 0]], np.arange(6.0).reshape(3, 2))
    >>> out
    array([[[4., 5.],
            [0., 1.]]])
    """
    W, words = ranked("W", W, "VD"), np.array(x)
    if words.dtype.kind not in "iu":
        raise TypeError(f"x must be an array of integers, got dtype {words.dtype}")
    wrong = (words < 0) | (words >= len(W))
    if wrong.any():
        raise ValueError(f"x has {words[wrong][0]}, expected 0 <= x < V = {len(W)}")
    return W[words], (words, W)


@quietly
def word_embedding_backward(dout: ArrayLike, cache: Cache) -> Array:
    """Return the gradient of the words' vectors.

    Parameters
    ----------
    dout : array_like (N, T, D)
    cache : tuple
        From :func:`word_embedding_forward`.

    Returns
    -------
    dW : ndarray (V, D)

    Examples
    --------
    >>> out, cache = word_embedding_forward([[2, 0, 2]], np.zeros((3, 2)))
    >>> word_embedding_backward(np.ones_like(out), cache)
    array([[1., 1.],
           [0., 0.],
           [2., 2.]])
    """
    words, W = cache
    (dout,) = read_arrays(("dout",), (dout,))
    if dout.shape != (*words.shape, W.shape[1]):
        wanted = (*words.shape, W.shape[1])
        raise ValueError(f"dout has shape {dout.shape}, expected (N, T, D) = {wanted}")
    dW = np.zeros(W.shape, np.result_type(W, dout))
    np.add.at(dW, words, dout)
    return dW


@quietly
def temporal_affine_forward(x: ArrayLike, w: ArrayLike, b: ArrayLike) -> tuple[Array, Cache]:
    """Return x w + b at every step.

    Parameters
    ----------
    x : array_like (N, T, D)
    w, b : array_like (D, M), (M,)

    Returns
    -------
    out : ndarray (N, T, M)
    cache : tuple
        ``(x, w, b, out)``.

    Examples
    --------
    >>> out, cache = temporal_affine_forward(np.ones((2, 10, 3)), np.ones((3, 4)), np.zeros(4))
    >>> out.shape
    (2, 10, 4)
    """
    x, w, b = read_arrays(("x", "w", "b"), (x, w, b))
    x = ranked("x", x, "NTD")
    for name, array, wanted in (("w", w, (x.shape[2], *w.shape[1:2])), ("b", b, w.shape[1:])):
        if array.shape != wanted or w.ndim != 2:
            raise ValueError(f"{name} has shape {array.shape}, expected {wanted} to fit x and w")
    N, T, D = x.shape
    out = (x.reshape(N * T, D) @ w + b).reshape(N, T, len(b))
    return out, (x, w, b, out)


@quietly
def temporal_affine_backward(dout: ArrayLike, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients of :func:`temporal_affine_forward`.

    Parameters
    ----------
    dout : array_like (N, T, M)
    cache : tuple

    Returns
    -------
    dx, dw, db : ndarray (N, T, D), (D, M), (M,)

    Examples
    --------
    >>> out, cache = temporal_affine_forward(np.ones((2, 10, 3)), np.ones((3, 4)), np.zeros(4))
    >>> dx, dw, db = temporal_affine_backward(np.ones_like(out), cache)
    >>> dx.shape, dw.shape, db
    ((2, 10, 3), (3, 4), array([20., 20., 20., 20.]))
    """
    x, w, _, out = cache
    (dout,) = read_arrays(("dout",), (dout,))
    if dout.shape != out.shape:
        raise ValueError(f"dout has shape {dout.shape}, expected (N, T, M) = {out.shape}")
    N, T, D = x.shape
    rows = dout.reshape(N * T, -1)
    return (rows @ w.T).reshape(x.shape), x.reshape(N * T, D).T @ rows, rows.sum(axis=0)


@quietly
def temporal_softmax_loss(
    x: ArrayLike, y: ArrayLike, mask: ArrayLike, verbose: bool = False
) -> tuple[float, Array]:
    """Return the cross entropy, summed over the steps and averaged over the batch.

    Parameters
    ----------
    x : array_like (N, T, V)
        Scores.
    y : array_like of int (N, T)
        Labels, ``0 <= y < V``.
    mask : array_like of bool (N, T)
        True where a step counts.
    verbose : bool
        Print the shape of the gradient, as the course's function does.

    Returns
    -------
    loss : float
    dx : ndarray (N, T, V)

    Examples
    --------
    >>> loss, dx = temporal_softmax_loss(np.zeros((1, 2, 4)), [[3, 0]], [[True, False]])
    >>> bool(np.isclose(loss, np.log(4)))
    True
    >>> dx
    array([[[ 0.25,  0.25,  0.25, -0.75],
            [ 0.  ,  0.  ,  0.  ,  0.  ]]])
    """
    scores = features_first("x", x, "V")
    y_pred = functional.softmax(scores)
    mask = np.asarray(mask).astype(bool)
    _, labels, _ = read_cross_entropy(y_pred, y, mask)
    N, T = labels.shape
    loss = functional.cross_entropy(y_pred, labels, mask, reduction="sum") / N
    dx: NDArray[Any] = np.ascontiguousarray(batch_first(y_pred))
    dx[np.arange(N)[:, np.newaxis], np.arange(T), labels] -= 1
    dx[~mask] = 0
    dx /= N
    if verbose:
        print(  # noqa: T201 (asked for)
            "dx_flat: ", (N * T, dx.shape[2])
        )
    return loss, dx
