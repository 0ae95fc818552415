"""fastrnn: small recurrent networks on the CPU.

The functional API stands here: :func:`rnn_forward`, :func:`rnn_backward`, their one-step, GRU and
LSTM versions, :func:`softmax` and :func:`cross_entropy`, compiled; :mod:`fastrnn.reference` defines
the same in NumPy.  The Keras-shaped API is in :mod:`fastrnn.layers`, :mod:`fastrnn.models` and
their neighbours; the decipher model in :mod:`fastrnn.cipher`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .config import get_num_threads, set_num_threads, show_config
from .functional import (
    cross_entropy,
    cross_entropy_backward,
    gru_backward,
    gru_cell_backward,
    gru_cell_forward,
    gru_forward,
    lstm_backward,
    lstm_cell_backward,
    lstm_cell_forward,
    lstm_forward,
    rnn_backward,
    rnn_cell_backward,
    rnn_cell_forward,
    rnn_forward,
    softmax,
)
from .seeding import set_seed

if TYPE_CHECKING:
    from types import ModuleType

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "cross_entropy",
    "cross_entropy_backward",
    "get_num_threads",
    "gru_backward",
    "gru_cell_backward",
    "gru_cell_forward",
    "gru_forward",
    "lstm_backward",
    "lstm_cell_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "rnn_backward",
    "rnn_cell_backward",
    "rnn_cell_forward",
    "rnn_forward",
    "set_num_threads",
    "set_seed",
    "show_config",
    "softmax",
]

#: Subpackages that are imported when they are first used, so that ``import fastrnn`` stays short.
_LAZY = {
    "benchmark",
    "callbacks",
    "cipher",
    "distributed",
    "initializers",
    "layers",
    "losses",
    "models",
    "optimizers",
    "preprocessing",
    "reference",
}


def __getattr__(name: str) -> ModuleType:
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
