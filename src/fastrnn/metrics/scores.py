"""F scores and the coefficient of determination."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.construction import Harmless
from fastrnn.losses.targets import real_arrays
from fastrnn.metrics.metric import Metric, divided, spread
from fastrnn.settings import number

#: Added to divisors, as in Keras.
EPSILON = 1e-7


class ByFeature(Metric):
    """Base of the metrics with sums for every output."""

    by_position = True
    sums: tuple[str, ...]

    def build(self, features: int) -> None:
        """Allocate the sums of each output."""
        if not self.variables:
            for name in self.sums:
                setattr(self, name, self.add_variable((features,)))
        if self.variables[0].shape != (features,):
            raise ValueError(
                f"{self.name} is for {self.variables[0].size} outputs; there are {features}"
            )

    @quietly
    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Any = None) -> None:
        """Add targets and predictions (..., outputs), optionally with weights."""
        targets, predictions = real_arrays(y_true, y_pred)
        shape = (-1, predictions.shape[-1])
        self.build(shape[1])
        weights = np.ones(predictions.shape)
        if sample_weight is not None:
            given = as_array("sample_weight", sample_weight).astype(np.float64)
            weights = spread(given, predictions.shape)
        targets, predictions = targets.reshape(shape), predictions.reshape(shape)
        for name, terms in self.terms(targets, predictions).items():
            variable = getattr(self, name)
            chosen = weights.reshape(shape)
            variable += np.where(chosen != 0, terms * chosen, 0).sum(axis=0)

    def terms(self, y_true: Any, y_pred: Any) -> dict[str, Any]:
        """Return the summands of every position and output, by the name of the sum."""
        raise NotImplementedError


class FBetaScore(ByFeature):
    """The weighted harmonic mean of precision and recall, with β times the weight for recall.

    Parameters
    ----------
    average : {None, "micro", "macro", "weighted"}
        How to average over the outputs: not at all, with common counts, by the mean, or by the mean
        weighted with the numbers of positive targets.  A model needs a single number.
    beta : float, default 1
    threshold : float, optional
        Outputs above it predict 1; if left out, the highest output does.
    name, dtype : str, optional

    Examples
    --------
    >>> metric = FBetaScore(average="macro")
    >>> metric.update_state(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    sums = ("true_positives", "false_positives", "false_negatives")
    true_positives: Any
    false_positives: Any
    false_negatives: Any

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                f"average is {average!r}; it should be None, 'micro', 'macro' or 'weighted'"
            )
        self.average, self.beta = average, number("beta", beta, above=0.0)
        self.threshold = threshold
        if threshold is not None:
            self.threshold = number("threshold", threshold, above=0.0, below=1.0 + 1e-12)

    def terms(self, y_true: Any, y_pred: Any) -> dict[str, Any]:
        """Return true positives, and predicted and actual positives."""
        if self.threshold is None:
            highest = y_pred.max(axis=-1, keepdims=True)
            chosen = (y_pred >= highest) & (np.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        return dict(
            zip(self.sums, (chosen * y_true, chosen * (1 - y_true), ~chosen * y_true), strict=True)
        )

    @quietly
    def result(self) -> Any:
        """Return the score; one for each output if they are not averaged."""
        if not self.variables:
            return 0.0 if self.average else np.zeros(0)
        right, wrong, missed = (np.array(variable) for variable in self.variables)
        wanted = right + missed
        if self.average == "micro":
            right, wrong, missed = right.sum(), wrong.sum(), missed.sum()
        precision, recall = right / (right + wrong + EPSILON), right / (right + missed + EPSILON)
        square = self.beta**2
        score = precision * recall / (square * precision + recall + EPSILON) * (1 + square)
        if self.average == "weighted":
            return (score * wanted / (wanted.sum() + EPSILON)).sum()
        return score.mean() if self.average else score

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Parameters
    ----------
    average, threshold, name, dtype :
        See :class:`FBetaScore`.

    Examples
    --------
    >>> score = F1Score(average="macro", threshold=0.5)
    >>> round(float(score([[1, 1], [1, 0], [1, 1]], [[0.2, 0.6], [0.2, 0.6], [0.6, 0.8]])), 3)
    0.65
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        return {key: value for key, value in super().get_config().items() if key != "beta"}


class R2Score(ByFeature):
    """The coefficient of determination: the fraction of the targets' variance that is explained.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}
        How to average over the outputs: by the mean, by the mean weighted with their variance, or
        not at all.
    name, dtype : str, optional

    Examples
    --------
    >>> round(float(R2Score()([[1], [4], [3]], [[2], [4], [4]])), 4)
    0.5714
    """

    sums = ("weight", "total", "squares", "errors")
    harmless: ClassVar[Harmless] = {"num_regressors": ((0,), "the score is not adjusted")}

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(f"class_aggregation is {class_aggregation!r}; known are {known}")
        self.class_aggregation = class_aggregation

    def terms(self, y_true: Any, y_pred: Any) -> dict[str, Any]:
        """Return moments of the targets, and squared errors."""
        values = np.ones(y_true.shape), y_true, np.square(y_true), np.square(y_true - y_pred)
        return dict(zip(self.sums, values, strict=True))

    @quietly
    def result(self) -> Any:
        """Return the score; one for each output if they are not aggregated."""
        if not self.variables:
            return 0.0 if self.class_aggregation else np.zeros(0)
        weight, total, squares, errors = (np.array(variable) for variable in self.variables)
        variance = squares - total * divided(total, weight)
        scores = np.where(variance == 0, 0.0, 1 - divided(errors, variance))
        if self.class_aggregation is None:
            return scores
        if self.class_aggregation == "uniform_average":
            return scores.mean()
        return divided((scores * variance).sum(), variance.sum())[()]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        return {**super().get_config(), "class_aggregation": self.class_aggregation}
