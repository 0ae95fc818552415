"""fastrnn: small recurrent networks on the CPU.

This module has the functional API, which is compiled: :func:`rnn_forward`, :func:`rnn_backward`,
their one-step, GRU and LSTM versions, :func:`softmax` and :func:`cross_entropy`;
:mod:`fastrnn.reference` defines the same functions in NumPy.  The Keras API is in
:mod:`fastrnn.layers`, :mod:`fastrnn.models` and other modules with Keras's names, so that many
scripts only need ``import fastrnn as keras``; the decipher model is in :mod:`fastrnn.cipher`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._names import names_of
from ._version import __version__
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
    mgu_backward,
    mgu_cell_backward,
    mgu_cell_forward,
    mgu_forward,
    rnn_backward,
    rnn_cell_backward,
    rnn_cell_forward,
    rnn_forward,
    softmax,
)
from .seeding import set_seed

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
    "mgu_backward",
    "mgu_cell_backward",
    "mgu_cell_forward",
    "mgu_forward",
    "rnn_backward",
    "rnn_cell_backward",
    "rnn_cell_forward",
    "rnn_forward",
    "set_num_threads",
    "set_seed",
    "show_config",
    "softmax",
]

#: Modules, and classes that Keras has at its top level, which are imported on first use, so that
#: ``import fastrnn`` is fast.
_LATE = {
    **{
        name: f"{__name__}.{name}"
        for name in (
            "activations",
            "backend",
            "benchmark",
            "callbacks",
            "cipher",
            "config",
            "constraints",
            "datasets",
            "distributed",
            "engine",
            "initializers",
            "keras",
            "layers",
            "losses",
            "metrics",
            "models",
            "notebooks",
            "objectives",
            "ops",
            "optimizer_v2",
            "optimizers",
            "preprocessing",
            "random",
            "reference",
            "regularizers",
            "saving",
            "sklearn",
            "utils",
            "wrappers",
        )
    },
    "Input": "fastrnn.layers",
    "InputSpec": "fastrnn.layers",
    "Initializer": "fastrnn.initializers",
    "Layer": "fastrnn.layers",
    "Loss": "fastrnn.losses",
    "Metric": "fastrnn.metrics",
    "Model": "fastrnn.models",
    "Optimizer": "fastrnn.optimizers",
    "Regularizer": "fastrnn.regularizers",
    "Sequential": "fastrnn.models",
    "set_random_seed": "fastrnn.utils",
}

if TYPE_CHECKING:
    # For type checkers, which can then report misspelt names.
    from . import (
        activations as activations,
        backend as backend,
        benchmark as benchmark,
        callbacks as callbacks,
        cipher as cipher,
        config as config,
        constraints as constraints,
        datasets as datasets,
        distributed as distributed,
        engine as engine,
        initializers as initializers,
        layers as layers,
        losses as losses,
        metrics as metrics,
        models as models,
        notebooks as notebooks,
        ops as ops,
        optimizer_v2 as optimizer_v2,
        optimizers as optimizers,
        preprocessing as preprocessing,
        random as random,
        reference as reference,
        regularizers as regularizers,
        saving as saving,
        utils as utils,
        wrappers as wrappers,
    )
    from .initializers import Initializer as Initializer
    from .layers import Input as Input, InputSpec as InputSpec, Layer as Layer
    from .losses import Loss as Loss
    from .metrics import Metric as Metric
    from .models import Model as Model, Sequential as Sequential
    from .optimizers import Optimizer as Optimizer
    from .regularizers import Regularizer as Regularizer
    from .utils import set_random_seed as set_random_seed
else:
    __getattr__, __dir__ = names_of(__name__, __all__, _LATE, others="fastrnn._tensorflow")
