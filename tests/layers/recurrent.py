"""The recurrent layers, for tests that are the same for all of them."""

from functools import partial

from fastrnn.layers import GRU, LSTM, MGU, SimpleRNN

#: By the name of the cell.
LAYERS = {"rnn": SimpleRNN, "gru": GRU, "lstm": LSTM, "mgu": MGU}
RECURRENT = LAYERS | {"gru reset after": partial(GRU, reset_after=True)}
