"""The minimal gated unit of the functional API, compiled."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastrnn.arguments import Array, Cache, Gradients, Parameters, Prediction

from .recurrence import read_backward, read_cell_backward, read_cell_forward, read_forward
from .steps import MGU_TANH


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
    inputs = (Xt, St_prev)
    return MGU_TANH.cell_forward(inputs, parameters_dict) or read_cell_forward(
        MGU_TANH, inputs, parameters_dict
    )


def mgu_forward(
    X: ArrayLike, S_0: ArrayLike, parameters_dict: Parameters, lengths: ArrayLike | None = None
) -> tuple[Array, Prediction, Cache]:
    """Take the step of :func:`mgu_cell_forward` through whole sequences.

    Arguments, results and errors are those of :func:`gru_forward`; the caches are ``(steps, X)``.
    In the columns of sequences that have ended, the cache of a step has f = 0 and n = 0.
    """
    inputs = (X, S_0)
    return MGU_TANH.forward(inputs, parameters_dict, lengths) or read_forward(
        MGU_TANH, inputs, parameters_dict, lengths
    )


def mgu_cell_backward(ds_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    Arguments, results and errors are those of :func:`gru_cell_backward` without ``reset_after``.
    """
    gradients = (ds_next,)
    return MGU_TANH.cell_backward(gradients, cache) or read_cell_backward(
        MGU_TANH, gradients, cache
    )


def mgu_backward(ds: ArrayLike, caches: Cache) -> Gradients:
    """Go back through a whole sequence: backpropagation through time.

    Arguments, results and errors are those of :func:`gru_backward` without ``reset_after``.
    """
    return MGU_TANH.backward(ds, caches) or read_backward(MGU_TANH, ds, caches)
