"""The GRU of the functional API, compiled, in both of its forms."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastrnn.arguments import (
    GRU,
    Array,
    Cache,
    Gradients,
    Parameters,
    Prediction,
    check_activations,
)

from .recurrence import read_backward, read_cell_backward, read_cell_forward, read_forward
from .steps import GRU_AFTER, GRU_BEFORE, functions_of


def gru_cell_forward(
    Xt: ArrayLike,
    St_prev: ArrayLike,
    parameters_dict: Parameters,
    reset_after: bool = False,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Take one step of the GRU.

    With r, z = σ(Wx x + bx + Ws s + bs) on their rows, s' = (1 - z) ⊙ n + z ⊙ s and y = softmax(Wy
    s' + by)::

        n = tanh(Wxn x + bsn + Wsn (r ⊙ s))            reset_after=False, without bx
        n = tanh(Wxn x + bxn + r ⊙ (Wsn s + bsn))      reset_after=True

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m) or (n_s, 1)
        State before the step; a single column is broadcast over the batch.
    parameters_dict : mapping
        ``Wx`` (3 n_s, n_x), ``Ws`` (3 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (3 n_s, 1), ``by`` (n_y,
        1), and with ``reset_after`` also ``bx`` (3 n_s, 1).  Gate rows in the order r, z, n.  A
        bias may also be (n,) or a scalar.  Without ``Wy`` and ``by`` there is no output layer.
    reset_after : bool
        Whether r acts on Wsn s + bsn, after the product, or on s, before it.
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        The functions of n, and of the gates r and z: any of those of :func:`rnn_cell_forward`.

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step, a view of batch-major memory.
    Yt : ndarray (n_y, m)
        Prediction, likewise; None without an output layer.
    cache : tuple
        ``(St_next, St_prev, Rt, Zt, Nt, Ht, Xt, parameters_dict)``, for :func:`gru_cell_backward`:
        the gates r, z, n, and Ht = Wsn s + bsn, each (n_s, m).  Ht is None without ``reset_after``.
        The cache shares no memory with the arguments and the results, so writing to them does not
        change it.  The parameters are not copied: the backward pass uses their current values.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    References
    ----------
    K. Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
    Translation, EMNLP 2014.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(15, 3)), "Ws": rng.normal(size=(15, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((15, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = gru_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> S.shape, y.shape
    ((5, 4), (2, 4))
    """
    functions, inputs = GRU_AFTER if reset_after else GRU_BEFORE, (Xt, St_prev)
    if activation != "tanh" or recurrent_activation != "sigmoid":
        activations = check_activations(activation, recurrent_activation)
        functions = functions_of(GRU, reset_after, activations)
    return functions.cell_forward(inputs, parameters_dict) or read_cell_forward(
        functions, inputs, parameters_dict
    )


def gru_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    reset_after: bool = False,
    lengths: ArrayLike | None = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Apply the step of :func:`gru_cell_forward` to whole sequences.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m) or (n_s, 1)
        State before the first step; a single column is broadcast over the batch, and ``ds_0`` then
        has a gradient for each column of the batch.
    parameters_dict : mapping
        ``Wx`` (3 n_s, n_x), ``Ws`` (3 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (3 n_s, 1), ``by`` (n_y,
        1), and with ``reset_after`` also ``bx`` (3 n_s, 1).  Gate rows in the order r, z, n.  A
        bias may also be (n,) or a scalar.  Without ``Wy`` and ``by`` there is no output layer.
    reset_after : bool
        Whether r acts on Wsn s + bsn, after the product, or on s, before it.
    lengths : array_like of int (m,), optional
        How many steps each sequence of the batch has, 0 to T_x, in any order; all have T_x steps if
        left out.  ``X`` past the end of a sequence is not read, and such steps are not computed.
        ``np.arange(T_x) < lengths[:, np.newaxis]`` is the mask that :func:`cross_entropy` takes.
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        The functions of n, and of the gates r and z: any of those of :func:`rnn_cell_forward`.

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
        ``(steps, X, reset_after)``, for :func:`gru_backward`; ``steps[t]`` is the cache of step t,
        created on access, and ``steps.lengths`` the lengths.  Writing to ``X``, ``S_0``, ``S`` or
        ``y_pred`` does not change them.  In the columns of sequences that have ended, the cache is
        that of a step that keeps the state: r = 0, z = 1, n = 0, zeros for ``Ht`` and ``Xt``,
        ``St_next`` = ``St_prev``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(15, 3)), "Ws": rng.normal(size=(15, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((15, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = gru_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> S.shape, y_pred.shape
    ((5, 4, 10), (2, 4, 10))
    """
    functions, inputs = GRU_AFTER if reset_after else GRU_BEFORE, (X, S_0)
    if activation != "tanh" or recurrent_activation != "sigmoid":
        activations = check_activations(activation, recurrent_activation)
        functions = functions_of(GRU, reset_after, activations)
    return functions.forward(inputs, parameters_dict, lengths) or read_forward(
        functions, inputs, parameters_dict, lengths
    )


def gru_cell_backward(
    ds_next: ArrayLike,
    cache: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With a the argument of σ or tanh on the rows of each gate::

        dz = ds' ⊙ (s - n)        daz = dz ⊙ z ⊙ (1 - z)
        dn = ds' ⊙ (1 - z)        dan = dn ⊙ (1 - n²)
                                  dar = dr ⊙ r ⊙ (1 - r)

        reset_after=True:    h = Wsn s + bsn    dh = dan ⊙ r    dr = dan ⊙ h
        reset_after=False:   q = r ⊙ s          dq = Wsnᵀ dan   dr = dq ⊙ s

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        From :func:`gru_cell_forward` of this package or of :mod:`fastrnn.reference`.
    activation, recurrent_activation : str, optional
        Those of the forward pass.  They may be left out, unless the cache was converted to a plain
        tuple, which counts as one of tanh and sigmoid.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` (n_s, m), ``"dWx"`` (3 n_s, n_x), ``"dWs"`` (3 n_s, n_s),
        ``"dbs"`` (3 n_s, 1), and of a step with ``reset_after`` also ``"dbx"`` (3 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next`` or an entry of the cache has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(15, 3)), "Ws": rng.normal(size=(15, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((15, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = gru_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> gradients = gru_cell_backward(np.ones_like(S), cache)
    >>> gradients["dXt"].shape, gradients["dWs"].shape
    ((3, 4), (15, 5))
    """
    gradients, found = (ds_next,), None
    if activation is None and recurrent_activation is None:
        found = GRU_AFTER.cell_backward(gradients, cache)
        found = found or GRU_BEFORE.cell_backward(gradients, cache)
    return found or read_cell_backward(
        GRU_AFTER, gradients, cache, activation, recurrent_activation
    )


def gru_backward(
    ds: ArrayLike,
    caches: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
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
        From :func:`gru_forward`, of this package or of :mod:`fastrnn.reference`.
    activation, recurrent_activation : str, optional
        Those of the forward pass.  They may be left out, unless the caches were converted to plain
        tuples, which count as ones of tanh and sigmoid.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x) and ``"ds_0"`` (n_s, m), views of time-major memory, ``"dWx"`` (3
        n_s, n_x), ``"dWs"`` (3 n_s, n_s), ``"dbs"`` (3 n_s, 1), and with ``reset_after`` also
        ``"dbx"`` (3 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or an entry of the caches has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(15, 3)), "Ws": rng.normal(size=(15, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((15, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = gru_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> gradients = gru_backward(np.ones_like(S), caches)
    >>> gradients["dX"].shape, gradients["dWs"].shape
    ((3, 4, 10), (15, 5))
    """
    is_unsaid = activation is None and recurrent_activation is None
    found = GRU_AFTER.backward(ds, caches) if is_unsaid else None
    return found or read_backward(GRU_AFTER, ds, caches, None, activation, recurrent_activation)
