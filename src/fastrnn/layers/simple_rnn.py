"""The simple RNN as a layer."""

from __future__ import annotations

from fastrnn.arguments import RNN
from fastrnn.layers.recurrent import RecurrentLayer


class SimpleRNN(RecurrentLayer):
    """The simple RNN: s' = tanh(x·kernel + s·recurrent_kernel + bias).

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    activation : str or function, default "tanh"
        See :class:`~fastrnn.layers.RecurrentLayer` for the choices.
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (n_x, n_s).
    recurrent_initializer : default "orthogonal"
        For the recurrent kernel (n_s, n_s).
    bias_initializer : default "zeros"
        For the bias (n_s,).
    return_sequences : bool, default False
        Whether to return the state after every step, (batch, time, units), or the last one only,
        (batch, units).
    **options :
        `return_state`, `go_backwards`, `stateful`, `dropout`, `recurrent_dropout`, `seed`,
        `learn_initial_state` of :class:`~fastrnn.layers.RecurrentLayer`; `name`, `dtype`,
        `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> SimpleRNN(4)(x).shape
    (2, 4)
    >>> SimpleRNN(4, return_sequences=True)(x).shape
    (2, 10, 4)
    """

    cell = RNN
