"""Metrics, which a training reports in addition to its loss.

``"accuracy"`` in ``compile`` is the fraction of correct positions; as in Keras 3, its definition
depends on the shapes (see :class:`fastrnn.metrics.binding.AccuracyByShape`).  It is meaningless for
regression; for several binary outputs, use ``"binary_accuracy"``.

The classes can also be used alone: ``update_state`` adds targets and predictions, ``result``
returns the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastrnn import losses
from fastrnn._names import names_of
from fastrnn.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from fastrnn.metrics.binding import AccuracyByShape, Reported
from fastrnn.metrics.confusion import (
    AUC,
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from fastrnn.metrics.constrained import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from fastrnn.metrics.functions import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    cosine_similarity,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from fastrnn.metrics.means import (
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SquaredHinge,
    TopKCategoricalAccuracy,
)
from fastrnn.metrics.metric import Mean, MeanMetricWrapper, Metric, Sum
from fastrnn.metrics.scores import F1Score, FBetaScore, R2Score
from fastrnn.naming import custom_object, identified, named, read_again, snake_case, written

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "accuracy",
    "binary_accuracy",
    "binary_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
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
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

_FOUND = {name: globals()[name] for name in __all__ if name in globals()}
_CLASSES: dict[str, type[Metric]] = {
    name: one
    for name, one in _FOUND.items()
    if isinstance(one, type) and one not in (Metric, MeanMetricWrapper)
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: one for name, one in _FOUND.items() if not isinstance(one, type)
}
_BY_NAME: dict[str, type[Metric]] = {
    **_CLASSES,
    **{snake_case(name): one for name, one in _CLASSES.items()},
    "bce": BinaryCrossentropy,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
    "cosine_proximity": CosineSimilarity,
}
_BY_NAME |= {name.upper(): _BY_NAME[name] for name in ("bce", "mae", "mape", "mse", "msle")}


def get(identifier: Any) -> Metric | None:
    """Return the metric for an identifier.

    Parameters
    ----------
    identifier : str, Metric, class of Metric, function, Loss, dict or None
        A name is that of a class, of a function of this module, or of a loss.  A custom function
        takes targets and predictions, batch first.  A dict is one that :func:`serialize` returned.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> get("mae").__class__.__name__
    'MeanAbsoluteError'
    """
    if identifier is None:
        return None
    if isinstance(identifier, type) and issubclass(identifier, losses.Loss):
        identifier = identifier()
    should = "a name, a function or an object of fastrnn.metrics"
    return identified("metric", identifier, Metric, _by_name, deserialize, _of_function, should)


def _of_function(function: Any) -> Metric:
    if isinstance(function, losses.Loss):
        return MeanMetricWrapper(function.call, function.name)
    return MeanMetricWrapper(function)


def _by_name(name: str) -> Any:
    own = custom_object(name)
    if own is not None:
        return own
    if name in _BY_NAME:
        # Only metrics of targets and predictions: Mean() is not one.
        return _BY_NAME[name](name=name)
    if name in _FUNCTIONS:
        return MeanMetricWrapper(_FUNCTIONS[name], name)
    try:
        return MeanMetricWrapper(losses.get(name).call, name)
    except ValueError:
        raise ValueError(
            f"metric is {name!r}; it should be 'accuracy', one of "
            f"{sorted({*_CLASSES, *_FUNCTIONS})}, or the name of a loss"
        ) from None


def serialize(metric: Metric) -> Any:
    """Return a metric, without its sums, as a JSON-serializable value for :func:`get`.

    Examples
    --------
    >>> serialize(Recall())["class_name"]
    'Recall'
    """
    if isinstance(metric, AccuracyByShape):
        return "accuracy"
    if type(metric) is not MeanMetricWrapper:
        return written(metric)
    function = metric._fn
    function = getattr(function, "__self__", function)  # the `call` of a loss
    name = getattr(function, "__name__", type(function).__name__)
    return {"class_name": name, "config": metric.get_config()}


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Metric:
    """Return a new metric from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class or function, optional
        Custom metrics by name.

    Examples
    --------
    >>> isinstance(deserialize(serialize(Recall())), Recall)
    True
    """
    return read_again(config, Metric, _named_in_file, _read_function, custom_objects)


def _named_in_file(name: str) -> Any:
    known = {**_FUNCTIONS, **_CLASSES}
    if custom_object(name) is None and name not in known:
        return losses.get(name)
    return named("metric", name, known)


def _read_function(function: Any, **options: Any) -> Metric:
    return MeanMetricWrapper(getattr(function, "call", function), **options)


def reported(metrics: Any, weighted: Any = None) -> list[Reported]:
    """Return the metrics of an output for the arguments of ``compile``.

    Parameters
    ----------
    metrics, weighted : sequence of metrics, or one of them, or None
        Identifiers for :func:`get`, and ``"accuracy"`` or ``"acc"``.  As in Keras, a metric of
        `weighted` whose name is among `metrics` gets the prefix ``weighted_``, and a repeated name
        gets a number.
    """
    found: list[Reported] = []
    for is_weighted, identifiers in ((False, metrics), (True, weighted)):
        for identifier in _listed(identifiers):
            made = _reported(identifier, is_weighted)
            if made is None:
                continue
            taken = {one.name for one in found}
            name = made.name
            if name in taken and is_weighted:
                name = f"weighted_{name}"
            stem, count = name, 0
            while name in taken:
                count += 1
                name = f"{stem}_{count}"
            if name == "loss":
                raise ValueError("metrics would report 'loss' twice; give the metric another name")
            found.append(Reported(name, made.metric, is_weighted, made.written))
    return found


def _listed(identifiers: Any) -> list[Any]:
    if identifiers is None:
        return []
    if isinstance(identifiers, (str, Metric, dict)) or callable(identifiers):
        return [identifiers]
    if not isinstance(identifiers, Sequence):
        raise TypeError(f"metrics is {identifiers!r}; it should be a list")
    return list(identifiers)


def _reported(identifier: Any, is_weighted: bool) -> Reported | None:
    if isinstance(identifier, dict):
        name = identifier.get("class_name")
        if custom_object(str(name)) is None and name not in {**_CLASSES, **_FUNCTIONS}:
            return None  # a custom metric that is not available: see load_model
    if isinstance(identifier, str) and identifier in ("accuracy", "acc"):
        return Reported(identifier, AccuracyByShape(identifier), is_weighted, identifier)
    metric = get(identifier)
    if metric is None:
        raise TypeError("metric is None; it should be a name, a function or a Metric")
    if isinstance(identifier, str):
        return Reported(identifier, metric, is_weighted, identifier)
    if any(identifier is function for function in _FUNCTIONS.values()):
        return Reported(metric.name, metric, is_weighted, metric.name)
    return Reported(metric.name, metric, is_weighted, serialize(metric))


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
