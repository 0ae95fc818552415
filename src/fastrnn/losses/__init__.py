"""Losses, with Keras's names: functions on arrays, and objects for ``compile``.

Functions give the loss at every position of (batch, time).  A training takes the mean over all of
them, padding included unless a mask leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable
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

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
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
    "categorical_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
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
}
_BY_NAME: dict[str, type[Loss]] = {
    **{loss.name: loss for loss in _BY_FUNCTION.values()},
    **{loss.__name__: loss for loss in _BY_FUNCTION.values()},
}
for _short, _loss in (
    ("bce", BinaryCrossentropy),
    ("kld", KLDivergence),
    ("mae", MeanAbsoluteError),
    ("mape", MeanAbsolutePercentageError),
    ("mse", MeanSquaredError),
    ("msle", MeanSquaredLogarithmicError),
):
    _BY_NAME |= {_short: _loss, _short.upper(): _loss}
# Names that older versions of Keras have.
_BY_NAME |= {"kullback_leibler_divergence": KLDivergence, "logcosh": LogCosh}


def get(identifier: str | Callable[..., Any] | Loss | type[Loss] | dict[str, Any]) -> Loss:
    """Return the loss that `identifier` names.

    Parameters
    ----------
    identifier : str, function of this module, Loss, class of Loss, or dict
        A dict is what :func:`serialize` returns.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is something else.  (Of a function of one's own, :class:`LossFunctionWrapper` says
        more.)
    """
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if isinstance(identifier, dict):
        return _class_of(str(identifier.get("class_name")))(**identifier.get("config", {}))
    if isinstance(identifier, str):
        return _class_of(identifier)()
    for function, loss in _BY_FUNCTION.items():
        if identifier is function:
            return loss()
    if callable(identifier) and not isinstance(identifier, type):  # type: ignore[redundant-expr]
        return LossFunctionWrapper(identifier)
    raise TypeError(
        f"loss is {identifier!r}; it should be a name such as 'mse', a function of fastrnn.losses, "
        "an object of a class derived from fastrnn.losses.FormulaLoss, or a function of targets "
        "and outputs"
    )


def _class_of(name: str) -> type[Loss]:
    if name not in _BY_NAME:
        names = sorted(loss.name for loss in _BY_FUNCTION.values())
        raise ValueError(f"loss is {name!r}; it should be one of {names}")
    return _BY_NAME[name]


def serialize(loss: Loss) -> dict[str, Any]:
    """Return a loss as a dict that JSON can hold."""
    return {"class_name": type(loss).__name__, "config": loss.get_config()}


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
