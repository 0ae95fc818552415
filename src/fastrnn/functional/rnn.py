"""The simple RNN of the functional API, compiled."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastrnn.arguments import (
    RNN,
    Array,
    Cache,
    Gradients,
    Parameters,
    Prediction,
    check_activations,
)

from .recurrence import read_backward, read_cell_backward, read_cell_forward, read_forward
from .steps import RNN_TANH, functions_of


def rnn_cell_forward(
    Xt: ArrayLike, St_prev: ArrayLike, parameters_dict: Parameters, activation: str = "tanh"
) -> tuple[Array, Prediction, Cache]:
    """Take one step: s' = tanh(Wx x + Ws s + bs), y = softmax(Wy s' + by).

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m) or (n_s, 1)
        State before the step; a single column is broadcast over the batch.
    parameters_dict : mapping
        ``Wx`` (n_s, n_x), ``Ws`` (n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (n_s, 1), ``by`` (n_y, 1). A
        bias may also be (n,) or a scalar.  Without ``Wy`` and ``by`` there is no output layer.
    activation : {"tanh", "relu", "sigmoid", "linear", "hard_sigmoid", ...}
        The function of the new state, as ``nonlinearity`` of PyTorch's RNN; also "softsign", "elu",
        "selu", "softplus", "exponential", and Keras 2's hard sigmoid, "hard_sigmoid_keras2".

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step, a view of batch-major memory.
    Yt : ndarray (n_y, m)
        Prediction, likewise; None without an output layer.
    cache : tuple
        ``(St_next, St_prev, Xt, parameters_dict)``, for :func:`rnn_cell_backward`.  The cache
        shares no memory with the arguments and the results, so writing to them does not change it.
        The parameters are not copied: the backward pass uses their current values.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    References
    ----------
    J. L. Elman, Finding Structure in Time, Cognitive Science 14, 1990.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = rnn_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> S.shape, y.shape
    ((5, 4), (2, 4))
    """
    functions, inputs = RNN_TANH, (Xt, St_prev)
    if activation != "tanh":
        functions = functions_of(RNN, activations=check_activations(activation))
    return functions.cell_forward(inputs, parameters_dict) or read_cell_forward(
        functions, inputs, parameters_dict
    )


def rnn_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    lengths: ArrayLike | None = None,
    activation: str = "tanh",
) -> tuple[Array, Prediction, Cache]:
    """Apply the step of :func:`rnn_cell_forward` to whole sequences.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m) or (n_s, 1)
        State before the first step; a single column is broadcast over the batch, and ``ds_0`` then
        has a gradient for each column of the batch.
    parameters_dict : mapping
        ``Wx`` (n_s, n_x), ``Ws`` (n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (n_s, 1), ``by`` (n_y, 1). A
        bias may also be (n,) or a scalar.  Without ``Wy`` and ``by`` there is no output layer.
    lengths : array_like of int (m,), optional
        How many steps each sequence of the batch has, 0 to T_x, in any order; all have T_x steps if
        left out.  ``X`` past the end of a sequence is not read, and such steps are not computed.
        ``np.arange(T_x) < lengths[:, np.newaxis]`` is the mask that :func:`cross_entropy` takes.
    activation : {"tanh", "relu", "sigmoid", "linear", "hard_sigmoid", ...}
        The function of the new state, as ``nonlinearity`` of PyTorch's RNN; also "softsign", "elu",
        "selu", "softplus", "exponential", and Keras 2's hard sigmoid, "hard_sigmoid_keras2".

    Returns
    -------
    S : ndarray (n_s, m, T_x)
        State after every step, a view of time-major memory.  Past the end of a sequence its last
        state is repeated, so that ``S[:, :, -1]`` has the last states of all sequences; that of a
        sequence of length 0 is its ``S_0``.
    y_pred : ndarray (n_y, m, T_x)
        Prediction of every step, likewise a view; zero past the end of a sequence.  None without an
        output layer.
    caches : tuple
        ``(steps, X)``, for :func:`rnn_backward`; ``steps[t]`` is the cache of step t, created on
        access, and ``steps.lengths`` the lengths.  Writing to ``X``, ``S_0``, ``S`` or ``y_pred``
        does not change them.  In the columns of sequences that have ended, the cache of a step has
        ``St_next`` = ``St_prev`` and zeros for ``Xt``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = rnn_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> S.shape, y_pred.shape
    ((5, 4, 10), (2, 4, 10))
    """
    functions, inputs = RNN_TANH, (X, S_0)
    if activation != "tanh":
        functions = functions_of(RNN, activations=check_activations(activation))
    return functions.forward(inputs, parameters_dict, lengths) or read_forward(
        functions, inputs, parameters_dict, lengths
    )


def rnn_cell_backward(ds_next: ArrayLike, cache: Cache, activation: str | None = None) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With da = ds' ⊙ (1 - s'²)::

        dx = Wxᵀ da    ds = Wsᵀ da    dWx = da xᵀ    dWs = da sᵀ    dbs = Σ da

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        From :func:`rnn_cell_forward`, of this package or of :mod:`fastrnn.reference`.
    activation : str, optional
        That of the forward pass.  It may be left out, unless the cache was converted to a plain
        tuple, which counts as one of tanh.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` (n_s, m), ``"dWx"`` (n_s, n_x), ``"dWs"`` (n_s, n_s),
        ``"dbs"`` (n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next`` or an entry of the cache has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = rnn_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> gradients = rnn_cell_backward(np.ones_like(S), cache)
    >>> gradients["dXt"].shape, gradients["dWs"].shape
    ((3, 4), (5, 5))
    """
    gradients = (ds_next,)
    found = RNN_TANH.cell_backward(gradients, cache) if activation is None else None
    return found or read_cell_backward(RNN_TANH, gradients, cache, activation)


def rnn_backward(ds: ArrayLike, caches: Cache, activation: str | None = None) -> Gradients:
    """Return the gradients of a whole sequence: backpropagation through time.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, without the contributions through
        later states.  With fewer steps than ``S``, it is the gradient of a loss on these first
        steps only, and ``dX`` has as many steps.  Past the end of a sequence, ``S`` holds its last
        state, so the gradients there are added to that of the last state; give zeros for the
        gradients of PyTorch's packed sequences, which have no states there.
    caches : tuple
        From :func:`rnn_forward`, of this package or of :mod:`fastrnn.reference`.
    activation : str, optional
        That of the forward pass.  It may be left out, unless the caches were converted to plain
        tuples, which count as ones of tanh.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x) and ``"ds_0"`` (n_s, m), views of time-major memory, ``"dWx"`` (n_s,
        n_x), ``"dWs"`` (n_s, n_s), ``"dbs"`` (n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or an entry of the caches has the wrong type or shape.

    References
    ----------
    P. J. Werbos, Backpropagation through time: what it does and how to do it, Proceedings of the
    IEEE 78, 1990.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = rnn_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> gradients = rnn_backward(np.ones_like(S), caches)
    >>> gradients["dX"].shape, gradients["dWs"].shape
    ((3, 4, 10), (5, 5))
    """
    found = RNN_TANH.backward(ds, caches) if activation is None else None
    return found or read_backward(RNN_TANH, ds, caches, None, activation)
