"""The part of ``keras.backend`` that scripts use: types, and functions on arrays.

The functions are NumPy's.  They compute on arrays; in custom layers and functions, they are
differentiable; called on symbolic tensors, each adds a layer, a :class:`fastrnn.layers.Lambda`.
"""

from typing import TYPE_CHECKING

import numpy as np

from fastrnn._names import also_at, names_of
from fastrnn.backend.session import (
    backend,
    batch_get_value,
    batch_set_value,
    clear_session,
    function,
    get_value,
    in_train_phase,
    learning_phase,
    set_learning_phase,
    set_value,
)
from fastrnn.config import (
    epsilon,
    floatx,
    image_data_format,
    list_physical_devices,
    set_floatx,
)
from fastrnn.differentiation import constant as stop_gradient
from fastrnn.operations.arrays import (
    all,
    any,
    arange,
    argmax,
    argmin,
    cast,
    cast_to_floatx,
    clip,
    constant,
    count_params,
    cumprod,
    cumsum,
    dtype,
    eval,
    expand_dims,
    eye,
    is_keras_tensor,
    is_tensor,
    max,
    mean,
    min,
    ones,
    permute_dimensions,
    pow,
    prod,
    random_normal,
    random_uniform,
    repeat_elements,
    reverse,
    squeeze,
    std,
    sum,
    switch,
    var,
    variable,
    zeros,
)
from fastrnn.operations.functions import (
    batch_dot,
    batch_flatten,
    bias_add,
    binary_crossentropy,
    categorical_crossentropy,
    concatenate,
    dropout,
    elu,
    flatten,
    gather,
    hard_sigmoid,
    l2_normalize,
    logsumexp,
    one_hot,
    relu,
    repeat,
    sigmoid,
    softmax,
    softplus,
    softsign,
    sparse_categorical_crossentropy,
    temporal_padding,
)

# fmt: off
__all__ = [
    "abs", "all", "any", "arange", "argmax", "argmin", "backend", "batch_dot", "batch_flatten",
    "batch_get_value", "batch_set_value", "bias_add", "binary_crossentropy", "cast",
    "cast_to_floatx", "categorical_crossentropy", "clear_session", "clip", "concatenate",
    "constant", "cos", "count_params", "cumprod", "cumsum", "dot", "dropout", "dtype", "elu",
    "epsilon", "equal", "eval", "exp", "expand_dims", "eye", "flatten", "floatx", "function",
    "gather", "get_value", "greater", "greater_equal", "hard_sigmoid", "image_data_format",
    "in_train_phase", "int_shape", "is_keras_tensor", "is_tensor", "l2_normalize",
    "learning_phase", "less", "less_equal", "log", "logsumexp", "max", "maximum", "mean", "min",
    "minimum", "ndim", "not_equal", "one_hot", "ones", "ones_like", "permute_dimensions", "pow",
    "prod", "random_normal", "random_uniform", "relu", "repeat", "repeat_elements", "reshape",
    "reverse", "round", "set_floatx", "set_learning_phase", "set_value", "shape", "sigmoid",
    "sign", "sin", "softmax", "softplus", "softsign", "sparse_categorical_crossentropy", "sqrt",
    "square", "squeeze", "stack", "std", "stop_gradient", "sum", "switch", "tanh",
    "temporal_padding", "tile", "transpose", "var", "variable", "zeros", "zeros_like",
]
# fmt: on

# With NumPy's names and arguments.
abs, exp, log, sqrt, square, sign = np.abs, np.exp, np.log, np.sqrt, np.square, np.sign
sin, cos, tanh, round = np.sin, np.cos, np.tanh, np.round
maximum, minimum, reshape, transpose = np.maximum, np.minimum, np.reshape, np.transpose
equal, not_equal, greater, less = np.equal, np.not_equal, np.greater, np.less
greater_equal, less_equal, tile, stack = np.greater_equal, np.less_equal, np.tile, np.stack
zeros_like, ones_like, dot = np.zeros_like, np.ones_like, np.dot
ndim, shape, int_shape = np.ndim, np.shape, np.shape


def _get_available_gpus() -> list[str]:
    """Return none: scripts ask this whether to take the layers for graphics cards."""
    return list_physical_devices("GPU")


_SESSIONS = "fastrnn._tensorflow.backend"
also_at(__name__, [*__all__, "_get_available_gpus"], "tensorflow_backend", others=_SESSIONS)

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__, others=_SESSIONS)
