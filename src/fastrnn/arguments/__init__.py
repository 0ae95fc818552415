"""Reading the arguments of the functional API, for the reference and the compiled functions.

This package decides which types are accepted, which type the results have, and the messages of
errors, so that both implementations treat invalid arguments the same. Arrays that need no
conversion are not copied.
"""

from .activations import (
    ACTIVATIONS,
    PLAIN,
    Activations,
    activations_of,
    cache_type,
    check_activations,
    make_cache,
)
from .arrays import (
    Array,
    Cache,
    Gradients,
    Parameters,
    Prediction,
    read_arrays,
    read_arrays_or_none,
)
from .cells import (
    CELLS,
    GRU,
    LSTM,
    MGU,
    RNN,
    Cell,
)
from .fitting import fitting
from .labels import (
    read_cross_entropy,
    read_cross_entropy_backward,
    read_reduction,
    read_softmax,
)
from .lengths import columns_that_count, of_columns, read_lengths
from .reading import as_array
from .recurrent import (
    check_steps,
    pick_parameters,
    read,
    read_cell_cache,
    read_layer_caches,
    read_parameters,
)
from .shapes import Form

__all__ = [
    "ACTIVATIONS",
    "PLAIN",
    "Activations",
    "cache_type",
    "CELLS",
    "GRU",
    "LSTM",
    "MGU",
    "RNN",
    "Array",
    "Cache",
    "Cell",
    "Form",
    "Gradients",
    "Parameters",
    "Prediction",
    "activations_of",
    "as_array",
    "check_activations",
    "check_steps",
    "columns_that_count",
    "fitting",
    "make_cache",
    "of_columns",
    "pick_parameters",
    "read",
    "read_arrays",
    "read_arrays_or_none",
    "read_cell_cache",
    "read_cross_entropy",
    "read_cross_entropy_backward",
    "read_layer_caches",
    "read_lengths",
    "read_parameters",
    "read_reduction",
    "read_softmax",
]
