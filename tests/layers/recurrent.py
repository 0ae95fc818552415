"""The recurrent layers, for tests that are the same for all of them."""

from fastrnn.layers import GRU, LSTM, SimpleRNN

RECURRENT = {
    "rnn": SimpleRNN,
    "gru": GRU,
    "gru reset after": lambda *args, **options: GRU(*args, reset_after=True, **options),
    "lstm": LSTM,
}
