"""The computation of metrics on the outputs of a model, as sums."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core import loss as core
from fastrnn.losses.head import Head
from fastrnn.losses.sparse_categorical import LabelHead
from fastrnn.metrics.confusion import Confusion
from fastrnn.metrics.functions import (
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
)
from fastrnn.metrics.means import MeanOf
from fastrnn.metrics.metric import Mean, MeanMetricWrapper, Metric, Sum, weighted_sum
from fastrnn.metrics.scores import ByFeature

Array = NDArray[Any]
#: Takes a head with a batch; returns the contribution to the sums of a metric.
Bound = Callable[[], Sequence[float]]


@dataclass(frozen=True)
class Reported:
    """A metric of ``compile``.

    Attributes
    ----------
    name : str
        Its name in logs and the history.
    metric : Metric
    is_weighted : bool
        Whether it uses the weights of the samples.  Masks are always used.
    written : str or dict
        Its form in files.
    """

    name: str
    metric: Metric
    is_weighted: bool
    written: Any

    def bind(self, head: Head) -> Bound:
        """Return the function that measures a batch."""
        metric = self.metric
        if isinstance(metric, AccuracyByShape):
            return metric.bind(head, self.is_weighted)
        if isinstance(metric, MeanMetricWrapper):
            return _OfFunction(metric, head, self.is_weighted)
        return _OfSums(metric, head, self.is_weighted)

    def report(self, sums: Sequence[float]) -> Any:
        """Return the metric for sums: a number, or an array."""
        if isinstance(self.metric, Mean) and type(self.metric).result is Mean.result:
            total, count = sums
            return total / count if count else 0.0
        return self.metric.result_of(sums)

    def build(self, features: int) -> int:
        """Prepare the metric for outputs with `features`; return its number of sums."""
        metric = self.metric
        if type(metric) in (Mean, Sum):
            raise ValueError(f"{metric.name} is of values; a model has targets and predictions")
        metric.build(features)
        if not metric.variables:
            raise ValueError(
                f"metric {self.name!r} has no variables; make them with self.add_variable(shape)"
            )
        return len(metric.state)


class AccuracyByShape(Mean):
    """The metric of the name "accuracy": the fraction of correct positions.

    As in Keras 3, the definition depends on the shapes, and not on the loss: a single output
    predicts 1 if it is above 0.5, and is correct if the target equals that; of several outputs, the
    highest must be the label, or the highest target.
    """

    def bind(self, head: Head, is_weighted: bool) -> Bound:
        """Return the function that measures a batch: the weighted sum, and the sum of weights."""
        if isinstance(head, LabelHead) and head.features > 1:
            return _LabelAccuracy(head, is_weighted)
        return _Accuracy(head, is_weighted)


class _Bound:
    """A metric of the batch in a head."""

    def __init__(self, head: Head, is_weighted: bool) -> None:
        self._head, self._is_weighted = head, is_weighted

    def _weights(self) -> tuple[Array | None, float]:
        """Return the weight of every row, None for one, and the sum."""
        head = self._head
        if not self._is_weighted:
            return head.mask, head.counted
        if head.sample_weights is None:
            return None, head.counted
        return head.sample_weights, float(head.sample_weights.sum(dtype=np.float64))


class _LabelAccuracy(_Bound):
    _head: LabelHead

    def __call__(self) -> Sequence[float]:
        head = self._head
        weights, count = self._weights()
        kept = head.kept()
        if kept is not None:  # as in Keras, ignored labels count as wrong
            ones = kept.astype(head.output.dtype)
            weights = ones if weights is None else ones * weights
        correct = core.count_correct(head.rows, head.features, head.labels, weights)
        return float(correct), count


class _Accuracy(_Bound):
    def __call__(self) -> Sequence[float]:
        targets, output = self._head.targets, self._head.output
        if output.shape[1] == 1:
            function: Callable[..., Array] = binary_accuracy
        elif targets.shape == output.shape:
            function = categorical_accuracy
        else:
            function = sparse_categorical_accuracy
        weights, count = self._weights()
        values = function(targets, output)
        return weighted_sum(values.mean(axis=-1) if values.ndim == 2 else values, weights), count


class _OfFunction(_Bound):
    """Calls a metric function; a custom one on arrays with the batch first."""

    def __init__(self, metric: MeanMetricWrapper, head: Head, is_weighted: bool) -> None:
        super().__init__(head, is_weighted)
        self._metric = metric

    def __call__(self) -> Sequence[float]:
        head, weights_and_count = self._head, self._weights()
        weights, count = weights_and_count
        if isinstance(self._metric, MeanOf):
            values = self._metric.values(head.targets, head.output)
            if values.ndim == 2:
                values = values.mean(axis=-1)
            return weighted_sum(values, weights), count
        values = self._metric.values(head.batch_first(head.targets), head.batch_first(head.output))
        if weights is None:
            return float(np.mean(values)) * count, count
        by_position = head.batch_first(weights)
        if values.shape[:-1] == by_position.shape:
            values = values.mean(axis=-1)  # a value per feature
        if values.shape != by_position.shape:
            # The function returned a mean over an unknown number of positions.
            return float(np.mean(values)) * count, count
        return weighted_sum(values, by_position), count


class _OfSums(_Bound):
    """Updates a metric with the batch, and returns its sums."""

    def __init__(self, metric: Metric, head: Head, is_weighted: bool) -> None:
        super().__init__(head, is_weighted)
        # A copy for each thread.
        self._metric = copy.deepcopy(metric)
        wants_outputs = isinstance(metric, (Confusion, ByFeature))
        if wants_outputs and isinstance(head, LabelHead) and head.features > 1:
            raise ValueError(
                f"{metric.name} wants a target for each of the {head.features} outputs, and the "
                "loss takes labels: use to_categorical and categorical_crossentropy"
            )

    def __call__(self) -> Sequence[float]:
        head, metric = self._head, self._metric
        weights, _ = self._weights()
        y_true, y_pred = head.targets, head.output
        if not metric.by_position:
            y_true, y_pred = head.batch_first(y_true), head.batch_first(y_pred)
            weights = None if weights is None else head.batch_first(weights)
            if weights is not None and not takes_weights(metric.update_state):
                raise TypeError(
                    f"update_state of {metric.name} takes no sample_weight; it needs to, since "
                    "there is a mask or a weight"
                )
        metric.reset_state()
        if weights is None:
            metric.update_state(y_true, y_pred)
        else:
            metric.update_state(y_true, y_pred, sample_weight=weights)
        sums: list[float] = metric.state.tolist()
        return sums


def takes_weights(function: Callable[..., Any]) -> bool:
    """Return whether a function can be called with ``sample_weight=``."""
    parameters = inspect.signature(function).parameters
    return "sample_weight" in parameters or any(
        parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()
    )
