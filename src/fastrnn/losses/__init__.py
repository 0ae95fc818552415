"""Losses, with Keras's names: functions on arrays, and objects for ``compile``.

Functions return the loss at every position of (batch, time).  Training uses the mean over all
positions, including padding unless it is masked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastrnn._names import names_of
from fastrnn.losses.binary import BinaryCrossentropy, binary_crossentropy
from fastrnn.losses.categorical import CategoricalCrossentropy, categorical_crossentropy
from fastrnn.losses.counting import (
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SquaredHinge,
    categorical_hinge,
    hinge,
    kl_divergence,
    poisson,
    squared_hinge,
)
from fastrnn.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from fastrnn.losses.formula import FormulaLoss, LossFunctionWrapper
from fastrnn.losses.loss import Loss
from fastrnn.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
)
from fastrnn.losses.sparse_categorical import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)
from fastrnn.losses.squared_error import MeanSquaredError, mean_squared_error
from fastrnn.naming import custom_object, identified, named, read_again, written

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "FormulaLoss",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

_BY_FUNCTION: dict[Callable[..., Any], type[Loss]] = {
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    mean_squared_error: MeanSquaredError,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    huber: Huber,
    log_cosh: LogCosh,
    cosine_similarity: CosineSimilarity,
    kl_divergence: KLDivergence,
    poisson: Poisson,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
}
_BY_NAME: dict[str, type[Loss]] = {
    **{loss.name: loss for loss in _BY_FUNCTION.values()},
    **{loss.__name__: loss for loss in _BY_FUNCTION.values()},
}
#: The functions of short names and of names of older versions.
_ALIASES: dict[str, Callable[..., Any]] = {
    "bce": binary_crossentropy,
    "kld": kl_divergence,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "mse": mean_squared_error,
    "msle": mean_squared_logarithmic_error,
}
_ALIASES |= {
    **{short.upper(): function for short, function in _ALIASES.items()},
    "kullback_leibler_divergence": kl_divergence,
    "logcosh": log_cosh,
    "cosine_proximity": cosine_similarity,
}
_BY_NAME |= {short: _BY_FUNCTION[function] for short, function in _ALIASES.items()}


def get(identifier: Any) -> Loss:
    """Return the loss for an identifier.

    Parameters
    ----------
    identifier : str, function, Loss, class of Loss, or dict
        A function is one of this module, or a custom one; see :class:`LossFunctionWrapper`.  A dict
        is one that :func:`serialize` returned.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is something else.

    Examples
    --------
    >>> get("mse")
    MeanSquaredError()
    """
    should = (
        "a name such as 'mse', a function of fastrnn.losses, an object of a class derived from "
        "fastrnn.losses.Loss, or a function of targets and outputs"
    )
    return identified("loss", identifier, Loss, _named, deserialize, _of_function, should)


def _of_function(function: Callable[..., Any]) -> Loss:
    for known, loss in _BY_FUNCTION.items():
        if function is known:
            return loss()
    return LossFunctionWrapper(function)


def _read_function(function: Callable[..., Any], gradient: Any = None, **options: Any) -> Loss:
    """Return a loss of a custom function, from its configuration in a file."""
    if gradient is not None:
        options["gradient"] = custom_object(gradient)
    return LossFunctionWrapper(function, **options)


def _named(name: str) -> Any:
    own = custom_object(name)
    if own is None and name not in _BY_NAME:
        named("loss", name, {loss.name: loss for loss in _BY_FUNCTION.values()})
    return own or _BY_NAME[name]


def serialize(loss: Loss) -> dict[str, Any]:
    """Return a loss as a JSON-serializable dict; a custom one by its name, not its code.

    Examples
    --------
    >>> serialize(Huber())["class_name"]
    'Huber'
    """
    if isinstance(loss, LossFunctionWrapper):
        return {"class_name": loss.function_name, "config": loss.get_config()}
    return written(loss)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Loss:
    """Return a new loss from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class or function, optional
        Custom losses by name, and gradients that were given separately from their functions.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> deserialize(serialize(Huber(delta=2.0))).delta
    2.0
    """
    return read_again(config, Loss, _named_in_file, _read_function, custom_objects)


def _named_in_file(name: str) -> Any:
    try:
        return _named(name)
    except ValueError as error:
        raise ValueError(f"{error}, or be given in custom_objects") from None


if TYPE_CHECKING:
    bce = BCE = binary_crossentropy
    kld = KLD = kullback_leibler_divergence = kl_divergence
    mae = MAE = mean_absolute_error
    mape = MAPE = mean_absolute_percentage_error
    mse = MSE = mean_squared_error
    msle = MSLE = mean_squared_logarithmic_error
    logcosh, cosine_proximity = log_cosh, cosine_similarity
else:
    globals().update(_ALIASES)
    __getattr__, __dir__ = names_of(__name__, __all__)
