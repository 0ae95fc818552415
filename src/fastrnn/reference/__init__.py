"""The definition of the functional API, in NumPy.

These functions say what the compiled ones compute: the same names, the same parameters, the same
results, one step at a time and as the papers write it.  They are slow, and they are what every
compiled result is compared with.

Legend, here and everywhere: ``n_x`` inputs, ``n_s`` state units, ``n_y`` outputs, ``m`` batch,
``T_x`` time steps.  Features come first and time last: ``X`` is (n_x, m, T_x), ``S`` (n_s, m, T_x),
``y_pred`` (n_y, m, T_x).  A capital with ``t`` is one step of it: ``Xt`` is (n_x, m).

``parameters_dict`` holds ``Wx`` (G n_s, n_x), ``Ws`` (G n_s, n_s), ``Wy`` (n_y, n_s), ``bs``
(G n_s, 1) and ``by`` (n_y, 1), where G is 1 for the RNN, 3 for the GRU, 4 for the LSTM and 2 for
the MGU.  Their rows stand in the orders r, z, n; i, f, g, o; and f, n.  The GRU with
``reset_after=True`` also has ``bx`` (G n_s, 1). Other keys are ignored.

Types: float64 gives float64, all float32 gives float32, a mixture float64; lists and integers are
read as float64. ``TypeError`` names an argument of another type, ``ValueError`` one of a shape that
does not fit, ``KeyError`` a parameter that is missing. No argument is ever written to.

A size may be zero: with ``T_x`` = 0 there are no states and no predictions, ``ds_0`` and the
gradients of the weights are zero; with ``m`` = 0 the gradients of the weights are sums over
nothing, zero; with ``n_x`` = 0 the state runs on ``Ws`` and ``bs`` alone.

With ``lengths`` (m,) every sequence of a batch has its own number of steps, 0 to T_x. Past its end
nothing is computed from ``X``: the state stays as it was, the prediction is zero, and so is the
gradient of ``X``; no gradient of a weight has a part from there. The caches know the lengths. The
mask of what is left, for :func:`cross_entropy`, is ``np.arange(T_x) < lengths[:, np.newaxis]``.

±inf and numbers near the largest saturate: tanh(±inf) = ±1, σ(-inf) = 0, σ(inf) = 1.  Where a sum
meets inf - inf the result is NaN, in that column of the batch and from that step on.  None of this
warns.
"""

from .gru import gru_backward, gru_cell_backward, gru_cell_forward, gru_forward
from .lstm import lstm_backward, lstm_cell_backward, lstm_cell_forward, lstm_forward
from .mgu import mgu_backward, mgu_cell_backward, mgu_cell_forward, mgu_forward
from .output import cross_entropy, cross_entropy_backward, softmax
from .rnn import rnn_backward, rnn_cell_backward, rnn_cell_forward, rnn_forward

__all__ = [
    "cross_entropy",
    "cross_entropy_backward",
    "gru_backward",
    "gru_cell_backward",
    "gru_cell_forward",
    "gru_forward",
    "lstm_backward",
    "lstm_cell_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "mgu_backward",
    "mgu_cell_backward",
    "mgu_cell_forward",
    "mgu_forward",
    "rnn_backward",
    "rnn_cell_backward",
    "rnn_cell_forward",
    "rnn_forward",
    "softmax",
]
