"""The minimal gated unit of the functional API, compiled."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastrnn.arguments import (
    MGU,
    Array,
    Cache,
    Gradients,
    Parameters,
    Prediction,
    check_activations,
)

from .recurrence import read_backward, read_cell_backward, read_cell_forward, read_forward
from .steps import MGU_TANH, functions_of


def mgu_cell_forward(
    Xt: ArrayLike,
    St_prev: ArrayLike,
    parameters_dict: Parameters,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Take one step of the minimal gated unit (Zhou et al. 2016).

    With f = σ(Wx x + Ws s + bs) on its rows::

        n  = tanh(Wxn x + Wsn (f ⊙ s) + bsn)
        s' = (1 - f) ⊙ s + f ⊙ n
        y  = softmax(Wy s' + by)

    Arguments, results and errors are those of :func:`gru_cell_forward`, with 2 n_s rows in ``Wx``,
    ``Ws`` and ``bs``, in the order f, n; the cache is ``(St_next, St_prev, Ft, Nt, Xt,
    parameters_dict)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = mgu_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> S.shape, y.shape
    ((5, 4), (2, 4))
    """
    functions, inputs = MGU_TANH, (Xt, St_prev)
    if activation != "tanh" or recurrent_activation != "sigmoid":
        activations = check_activations(activation, recurrent_activation)
        functions = functions_of(MGU, activations=activations)
    return functions.cell_forward(inputs, parameters_dict) or read_cell_forward(
        functions, inputs, parameters_dict
    )


def mgu_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    lengths: ArrayLike | None = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Apply the step of :func:`mgu_cell_forward` to whole sequences.

    Arguments, results and errors are those of :func:`gru_forward`; the caches are ``(steps, X)``.
    In the columns of sequences that have ended, the cache of a step has f = 0 and n = 0.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = mgu_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> S.shape, y_pred.shape
    ((5, 4, 10), (2, 4, 10))
    """
    functions, inputs = MGU_TANH, (X, S_0)
    if activation != "tanh" or recurrent_activation != "sigmoid":
        activations = check_activations(activation, recurrent_activation)
        functions = functions_of(MGU, activations=activations)
    return functions.forward(inputs, parameters_dict, lengths) or read_forward(
        functions, inputs, parameters_dict, lengths
    )


def mgu_cell_backward(
    ds_next: ArrayLike,
    cache: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    Arguments, results and errors are those of :func:`gru_cell_backward` without ``reset_after``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = mgu_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> gradients = mgu_cell_backward(np.ones_like(S), cache)
    >>> gradients["dXt"].shape, gradients["dWs"].shape
    ((3, 4), (10, 5))
    """
    gradients = (ds_next,)
    is_unsaid = activation is None and recurrent_activation is None
    found = MGU_TANH.cell_backward(gradients, cache) if is_unsaid else None
    return found or read_cell_backward(MGU_TANH, gradients, cache, activation, recurrent_activation)


def mgu_backward(
    ds: ArrayLike,
    caches: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Return the gradients of a whole sequence: backpropagation through time.

    Arguments, results and errors are those of :func:`gru_backward` without ``reset_after``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = mgu_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> gradients = mgu_backward(np.ones_like(S), caches)
    >>> gradients["dX"].shape, gradients["dWs"].shape
    ((3, 4, 10), (10, 5))
    """
    is_unsaid = activation is None and recurrent_activation is None
    found = MGU_TANH.backward(ds, caches) if is_unsaid else None
    return found or read_backward(MGU_TANH, ds, caches, None, activation, recurrent_activation)
