"""The functional API: RNN, GRU and LSTM, one step or a sequence, forward and backward, compiled.

Names, signatures and results are those of :mod:`fastrnn.reference`, which defines them in NumPy.
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
