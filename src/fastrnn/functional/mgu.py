"""The minimal gated unit of the functional API, compiled."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastrnn.arguments import MGU, Array, Cache, Gradients, Parameters, Prediction

from .recurrence import cell_backward, cell_forward, layer_backward, layer_forward


def mgu_cell_forward(
    Xt: ArrayLike, St_prev: ArrayLike, parameters_dict: Parameters
) -> tuple[Array, Prediction, Cache]:
    """Take one step of the minimal gated unit (Zhou et al. 2016).

    With f = σ(Wx x + Ws s + bs) on its rows::

        n  = tanh(Wxn x + Wsn (f ⊙ s) + bsn)
        s' = (1 - f) ⊙ s + f ⊙ n
        y  = softmax(Wy s' + by)

    Arguments, results and errors are those of :func:`gru_cell_forward`, with 2 n_s rows in ``Wx``,
    ``Ws`` and ``bs``, in the order f, n; the cache is ``(St_next, St_prev, Ft, Nt, Xt,
    parameters_dict)``.
    """
    (St_next,), Yt, cache = cell_forward(MGU, (Xt, St_prev), parameters_dict)
    return St_next, Yt, cache


def mgu_forward(
    X: ArrayLike, S_0: ArrayLike, parameters_dict: Parameters, lengths: ArrayLike | None = None
) -> tuple[Array, Prediction, Cache]:
    """Take the step of :func:`mgu_cell_forward` through whole sequences.

    Arguments, results and errors are those of :func:`gru_forward`; the caches are ``(steps, X)``.
    In the columns of sequences that have ended, the cache of a step has f = 0 and n = 0.
    """
    (S,), y_pred, caches = layer_forward(MGU, X, (S_0,), parameters_dict, lengths)
    return S, y_pred, caches


def mgu_cell_backward(ds_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    Arguments, results and errors are those of :func:`gru_cell_backward` without ``reset_after``.
    """
    return cell_backward(MGU, (ds_next,), cache)


def mgu_backward(ds: ArrayLike, caches: Cache) -> Gradients:
    """Go back through a whole sequence: backpropagation through time.

    Arguments, results and errors are those of :func:`gru_backward` without ``reset_after``.
    """
    return layer_backward(MGU, ds, caches)
