"""The best value of a ratio under a constraint on another one."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastrnn.metrics.confusion import Confusion
from fastrnn.metrics.metric import divided
from fastrnn.settings import integer, number


class _Constrained(Confusion):
    """The highest value of a ratio at thresholds where another one is at least a value."""

    #: The counts of the two ratios.
    best: ClassVar[tuple[str, str]]
    bound: ClassVar[tuple[str, str]]
    #: Name of the constructor argument of the value.
    argument: ClassVar[str]

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.value = number(self.argument, value, least=0.0, below=1.0 + 1e-12)
        self.num_thresholds = integer("num_thresholds", num_thresholds, least=1)
        self.class_id = None if class_id is None else integer("class_id", class_id, least=0)
        n = self.num_thresholds
        inner = np.arange(1, n - 1) / max(1, n - 1)
        limits = [0.5] if n == 1 else np.concatenate([[-1e-7], inner, [1 + 1e-7]])
        super().__init__(np.array(limits), name, dtype)

    def result(self) -> Any:
        """Return the highest ratio, 0 if the other one is too low at all thresholds."""
        best, bound = (
            divided(getattr(self, a), getattr(self, a) + getattr(self, b))
            for a, b in (self.best, self.bound)
        )
        return best[bound >= self.value].max(initial=0.0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        own = {self.argument: self.value, "num_thresholds": self.num_thresholds}
        return {**super().get_config(), **own, "class_id": self.class_id}


_PRECISION = ("true_positives", "false_positives")
_RECALL = ("true_positives", "false_negatives")
_SPECIFICITY = ("true_negatives", "false_positives")


class SensitivityAtSpecificity(_Constrained):
    """The highest sensitivity at thresholds with at least a given specificity.

    Examples
    --------
    >>> metric = SensitivityAtSpecificity(0.5)
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    best, bound, argument = _RECALL, _SPECIFICITY, "specificity"

    def __init__(self, specificity: float, *arguments: Any, **options: Any) -> None:
        super().__init__(specificity, *arguments, **options)


class SpecificityAtSensitivity(_Constrained):
    """The highest specificity at thresholds with at least a given sensitivity.

    Examples
    --------
    >>> metric = SpecificityAtSensitivity(0.5)
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    best, bound, argument = _SPECIFICITY, _RECALL, "sensitivity"

    def __init__(self, sensitivity: float, *arguments: Any, **options: Any) -> None:
        super().__init__(sensitivity, *arguments, **options)


class PrecisionAtRecall(_Constrained):
    """The highest precision at thresholds with at least a given recall.

    Examples
    --------
    >>> metric = PrecisionAtRecall(0.5)
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    best, bound, argument = _PRECISION, _RECALL, "recall"

    def __init__(self, recall: float, *arguments: Any, **options: Any) -> None:
        super().__init__(recall, *arguments, **options)


class RecallAtPrecision(_Constrained):
    """The highest recall at thresholds with at least a given precision.

    Examples
    --------
    >>> metric = RecallAtPrecision(0.5)
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    best, bound, argument = _RECALL, _PRECISION, "precision"

    def __init__(self, precision: float, *arguments: Any, **options: Any) -> None:
        super().__init__(precision, *arguments, **options)
