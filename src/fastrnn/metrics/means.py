"""Metrics that are means of a function over all positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn import losses
from fastrnn.metrics.functions import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    cosine_similarity,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from fastrnn.metrics.metric import MeanMetricWrapper, divided
from fastrnn.naming import snake_case
from fastrnn.settings import integer, number

Array = NDArray[Any]


class MeanOf(MeanMetricWrapper):
    """The mean of a function that the class defines.

    Parameters
    ----------
    name : str, optional
        That of the class if left out.
    dtype : str, optional
    """

    by_position = True
    harmless: ClassVar[Any] = {
        "axis": ((-1,), "features are on the last axis"),
        "ignore_class": ((None,), "mask what should not count, or give it the weight 0"),
        "from_sorted_ids": ((False,), "predictions are scores of all classes"),
    }
    function: ClassVar[Callable[..., Array]]
    #: The name, if it is not that of the class.
    default_name: ClassVar[str | None] = None

    def __init__(self, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        name = name or self.default_name or snake_case(type(self).__name__)
        super().__init__(type(self).function, name, dtype, **options)


class Accuracy(MeanOf):
    """How often predictions equal targets exactly.

    In ``compile``, the name "accuracy" selects one of the following metrics by the shapes.

    Examples
    --------
    >>> metric = Accuracy()
    >>> metric.update_state(np.array([[1], [2]]), np.array([[1], [3]]))
    >>> round(float(metric.result()), 4)
    0.5
    """

    function = staticmethod(accuracy)


class BinaryAccuracy(MeanOf):
    """The fraction of outputs on the same side of `threshold` as their target.

    Examples
    --------
    >>> metric = BinaryAccuracy()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.5
    """

    function = staticmethod(binary_accuracy)

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype, threshold=number("threshold", threshold))


class CategoricalAccuracy(MeanOf):
    """How often output and one-hot target are highest at the same class.

    Examples
    --------
    >>> metric = CategoricalAccuracy()
    >>> metric.update_state(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    function = staticmethod(categorical_accuracy)


class SparseCategoricalAccuracy(MeanOf):
    """How often the highest output is the label's.

    Examples
    --------
    >>> metric = SparseCategoricalAccuracy()
    >>> metric.update_state(np.array([1, 0]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    >>> round(float(metric.result()), 4)
    0.5
    """

    function = staticmethod(sparse_categorical_accuracy)


class _TopK(MeanOf):
    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype, k=integer("k", k, least=1))


class TopKCategoricalAccuracy(_TopK):
    """How often the target's class is among the `k` highest outputs.

    Examples
    --------
    >>> metric = TopKCategoricalAccuracy(k=2)
    >>> metric.update_state(np.eye(3)[[2, 0]], np.array([[0.2, 0.5, 0.3], [0.1, 0.5, 0.4]]))
    >>> round(float(metric.result()), 4)
    0.5
    """

    function = staticmethod(top_k_categorical_accuracy)


class SparseTopKCategoricalAccuracy(_TopK):
    """How often the label is among the `k` highest outputs.

    Examples
    --------
    >>> metric = SparseTopKCategoricalAccuracy(k=2)
    >>> y_pred = np.array([[0.2, 0.5, 0.3], [0.1, 0.5, 0.4]])
    >>> metric.update_state(np.array([2, 0]), y_pred)
    >>> round(float(metric.result()), 4)
    0.5
    """

    function = staticmethod(sparse_top_k_categorical_accuracy)


class MeanSquaredError(MeanOf):
    """Mean of (y_pred − y_true)².

    Examples
    --------
    >>> metric = MeanSquaredError()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.225
    """

    function = staticmethod(losses.mean_squared_error)


class RootMeanSquaredError(MeanOf):
    """Root of the mean of (y_pred − y_true)².

    Examples
    --------
    >>> float(RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]]))
    5.0
    """

    function = staticmethod(losses.mean_squared_error)

    def result(self) -> Any:
        """Return the root of the mean."""
        return np.sqrt(divided(self.total, self.count))[()]


class MeanAbsoluteError(MeanOf):
    """Mean of |y_pred − y_true|.

    Examples
    --------
    >>> metric = MeanAbsoluteError()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.4
    """

    function = staticmethod(losses.mean_absolute_error)


class MeanAbsolutePercentageError(MeanOf):
    """Mean of 100 · |y_pred − y_true| / |y_true|.

    Examples
    --------
    >>> metric = MeanAbsolutePercentageError()
    >>> metric.update_state(np.array([[1.0], [4.0]]), np.array([[1.1], [3.0]]))
    >>> round(float(metric.result()), 4)
    17.5
    """

    function = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(MeanOf):
    """Mean of (log(1 + y_pred) − log(1 + y_true))².

    Examples
    --------
    >>> metric = MeanSquaredLogarithmicError()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.1067
    """

    function = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(MeanOf):
    """Mean of log(cosh(y_pred − y_true)).

    Examples
    --------
    >>> metric = LogCoshError()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.1056
    """

    function, default_name = staticmethod(losses.log_cosh), "logcosh"


class CosineSimilarity(MeanOf):
    """Mean cosine of the angle between output and target.

    Examples
    --------
    >>> metric = CosineSimilarity()
    >>> metric.update_state(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    >>> round(float(metric.result()), 4)
    0.9011
    """

    function = staticmethod(cosine_similarity)


class KLDivergence(MeanOf):
    """Mean of Σ y_true · log(y_true / y_pred).

    Examples
    --------
    >>> metric = KLDivergence()
    >>> metric.update_state(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    >>> round(float(metric.result()), 4)
    0.367
    """

    function = staticmethod(losses.kl_divergence)


class Poisson(MeanOf):
    """Mean of y_pred − y_true · log(y_pred).

    Examples
    --------
    >>> metric = Poisson()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.8068
    """

    function = staticmethod(losses.poisson)


class Hinge(MeanOf):
    """Mean of max(1 − y_true · y_pred, 0).

    Examples
    --------
    >>> metric = Hinge()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.9
    """

    function = staticmethod(losses.hinge)


class SquaredHinge(MeanOf):
    """Mean of max(1 − y_true · y_pred, 0)².

    Examples
    --------
    >>> metric = SquaredHinge()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.075
    """

    function = staticmethod(losses.squared_hinge)


class CategoricalHinge(MeanOf):
    """Mean of max(highest wrong output − right output + 1, 0).

    Examples
    --------
    >>> metric = CategoricalHinge()
    >>> metric.update_state(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    >>> round(float(metric.result()), 4)
    0.6
    """

    function = staticmethod(losses.categorical_hinge)


class _Smoothed(MeanOf):
    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(name, dtype, **options)


class BinaryCrossentropy(_Smoothed):
    """Mean of :func:`fastrnn.losses.binary_crossentropy`.

    Examples
    --------
    >>> metric = BinaryCrossentropy()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.6122
    """

    function = staticmethod(losses.binary_crossentropy)


class CategoricalCrossentropy(_Smoothed):
    """Mean of :func:`fastrnn.losses.categorical_crossentropy`.

    Examples
    --------
    >>> metric = CategoricalCrossentropy()
    >>> metric.update_state(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    >>> round(float(metric.result()), 4)
    0.367
    """

    function = staticmethod(losses.categorical_crossentropy)


class SparseCategoricalCrossentropy(MeanOf):
    """Mean of :func:`fastrnn.losses.sparse_categorical_crossentropy`.

    Examples
    --------
    >>> metric = SparseCategoricalCrossentropy()
    >>> metric.update_state(np.array([1, 0]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    >>> round(float(metric.result()), 4)
    0.5697
    """

    function = staticmethod(losses.sparse_categorical_crossentropy)

    def __init__(
        self, name: str | None = None, dtype: Any = None, from_logits: bool = False
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits)
