"""Reading what users hand to the functional API, whether reference or compiled.

One place decides which types are taken, in which type the results come, and with which words a
wrong argument is refused, so that both implementations answer bad input the same. Arrays that are
already as wanted are handed through untouched and uncopied.
"""

from .arrays import Array, Cache, Gradients, Parameters, read_arrays
from .labels import read_cross_entropy, read_cross_entropy_backward, read_softmax
from .lengths import columns_that_count, lengths_of, of_columns, read_lengths
from .recurrent import (
    GRU_CACHE,
    GRU_CACHES,
    KEYS,
    KEYS_WITH_INPUT_BIAS,
    LSTM_CACHE,
    LSTM_CACHES,
    RNN_CACHE,
    RNN_CACHES,
    read_cell,
    read_cell_cache,
    read_layer,
    read_layer_caches,
    read_parameters,
)
from .shapes import check_shapes, rows

__all__ = [
    "GRU_CACHE",
    "GRU_CACHES",
    "KEYS",
    "KEYS_WITH_INPUT_BIAS",
    "LSTM_CACHE",
    "LSTM_CACHES",
    "RNN_CACHE",
    "RNN_CACHES",
    "Array",
    "Cache",
    "Gradients",
    "Parameters",
    "check_shapes",
    "columns_that_count",
    "lengths_of",
    "of_columns",
    "read_arrays",
    "read_cell",
    "read_cell_cache",
    "read_cross_entropy",
    "read_cross_entropy_backward",
    "read_layer",
    "read_layer_caches",
    "read_lengths",
    "read_parameters",
    "read_softmax",
    "rows",
]
