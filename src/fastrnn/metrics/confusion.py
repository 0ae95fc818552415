"""Metrics of confusion matrices at thresholds, and the area under curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.activations import sigmoid
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.losses.targets import real_arrays
from fastrnn.metrics.metric import Metric, divided, spread
from fastrnn.settings import boolean, integer, number

Array = NDArray[Any]

#: The value of outputs below the top k, and the threshold for those in it.
LOWEST = -1e10
KINDS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


def confusion(
    positive: Array, predictions: Array, weights: Array | None, thresholds: Array
) -> dict[str, Array]:
    """Count predictions above and below thresholds, among positives and negatives.

    Parameters
    ----------
    positive, predictions, weights : ndarray of shape (n, labels)
        Booleans, real numbers, and weights or None for one.
    thresholds : ndarray of shape (k,)

    Returns
    -------
    dict of str to ndarray of shape (k, labels)
        Sums of weights, by the names of :data:`KINDS`.
    """
    # Compared in the type of the predictions: as in Keras, 0.3 is not above 0.3.
    thresholds = thresholds.astype(predictions.dtype)
    order = np.argsort(thresholds, kind="stable")
    # The number of thresholds below each prediction (0 for NaN), and a histogram of it.
    above = np.searchsorted(thresholds[order], predictions, side="left")
    above[np.isnan(predictions)] = 0
    bins, labels = len(thresholds) + 1, predictions.shape[1]
    cells = above + bins * np.arange(labels)
    found = {}
    for kind, chosen in (("positives", positive), ("negatives", ~positive)):
        counts = chosen * (1.0 if weights is None else weights)
        sums = np.bincount(cells.ravel(), counts.ravel(), bins * labels).reshape(labels, bins).T
        reaching = np.cumsum(sums[::-1], axis=0)[::-1]
        over = np.empty((len(thresholds), labels))
        over[order] = reaching[1:]
        right, wrong = ("true", "false") if kind == "positives" else ("false", "true")
        found[f"{right}_positives"] = over
        found[f"{wrong}_negatives"] = reaching[0] - over
    return found


class Confusion(Metric):
    """Base of the metrics that count at thresholds."""

    by_position = True
    #: The :data:`KINDS` that it counts.
    kinds: ClassVar[tuple[str, ...]] = KINDS
    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any
    #: Whether outputs are counted separately.
    multi_label: bool = False
    top_k: int | None = None
    class_id: int | None = None
    from_logits: bool = False
    label_weights: Array | None = None

    def __init__(self, thresholds: Array, name: str | None, dtype: Any) -> None:
        super().__init__(dtype, name)
        self.limits = thresholds
        if not self.multi_label:
            self._make(())

    def _make(self, labels: tuple[int, ...]) -> None:
        for kind in self.kinds:
            setattr(self, kind, self.add_variable((len(self.limits), *labels)))

    @quietly
    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Any = None) -> None:
        """Add targets, 0 or 1, and predictions of the same shape, optionally with weights."""
        targets, predictions = real_arrays(y_true, y_pred)
        if self.from_logits:
            predictions = sigmoid(predictions)
        self.build(predictions.shape[-1])
        if self.top_k is not None:
            highest = np.argsort(-predictions, axis=-1, kind="stable")[..., : self.top_k]
            chosen = np.zeros(predictions.shape, bool)
            np.put_along_axis(chosen, highest, True, axis=-1)
            predictions = np.where(chosen, predictions, predictions.dtype.type(LOWEST))
        weights = None
        if sample_weight is not None:
            given = as_array("sample_weight", sample_weight).astype(np.float64)
            weights = spread(given, predictions.shape)
        if self.label_weights is not None and not self.multi_label:
            weights = (1.0 if weights is None else weights) * self.label_weights
            weights = np.broadcast_to(weights, predictions.shape)
        if self.class_id is not None:
            if self.class_id >= predictions.shape[-1]:
                raise ValueError(
                    f"class_id of {self.name} is {self.class_id}; there are "
                    f"{predictions.shape[-1]} classes, from 0"
                )
            part = (..., slice(self.class_id, self.class_id + 1))
            targets, predictions = targets[part], predictions[part]
            weights = None if weights is None else weights[part]
        shape = (-1, predictions.shape[-1] if self.multi_label else 1)
        weights = None if weights is None else weights.reshape(shape)
        found = confusion(targets.reshape(shape) != 0, predictions.reshape(shape), weights,
                          self.limits)  # fmt: skip
        for kind in self.kinds:
            variable = getattr(self, kind)
            variable += found[kind].reshape(variable.shape)

    def _one_or_all(self, values: Array) -> Any:
        return values[0] if len(self.limits) == 1 else values


class _Counted(Confusion):
    """Counts one of the four kinds."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        self.thresholds = thresholds
        super().__init__(_limits(thresholds, 0.5), name, dtype)

    def result(self) -> Any:
        """Return the count; an array of them for several thresholds."""
        return self._one_or_all(np.array(getattr(self, self.kinds[0])))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        return {**super().get_config(), "thresholds": self.thresholds}


class TruePositives(_Counted):
    """The number of positive targets with outputs above the threshold, by default 0.5.

    Examples
    --------
    >>> metric = TruePositives()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    kinds = ("true_positives",)


class FalsePositives(_Counted):
    """The number of negative targets with outputs above the threshold.

    Examples
    --------
    >>> metric = FalsePositives()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    kinds = ("false_positives",)


class TrueNegatives(_Counted):
    """The number of negative targets with outputs not above the threshold.

    Examples
    --------
    >>> metric = TrueNegatives()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    kinds = ("true_negatives",)


class FalseNegatives(_Counted):
    """The number of positive targets with outputs not above the threshold.

    Examples
    --------
    >>> metric = FalseNegatives()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    1.0
    """

    kinds = ("false_negatives",)


class _Share(Confusion):
    """The ratio of true positives to another count."""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.thresholds = thresholds
        self.top_k = None if top_k is None else integer("top_k", top_k, least=1)
        self.class_id = None if class_id is None else integer("class_id", class_id, least=0)
        super().__init__(_limits(thresholds, 0.5 if top_k is None else LOWEST), name, dtype)

    def result(self) -> Any:
        """Return the ratio, 0 if the divisor is; an array for several thresholds."""
        right, wrong = (getattr(self, kind) for kind in self.kinds)
        return self._one_or_all(divided(right, right + wrong))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        own = {"thresholds": self.thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


class Precision(_Share):
    """The fraction of the outputs above the threshold whose target is positive.

    Parameters
    ----------
    thresholds : float or list of float, optional
        From 0 to 1; 0.5 if left out.
    top_k : int, optional
        Only the `top_k` highest outputs of a position count as above.
    class_id : int, optional
        Use only this output.
    name, dtype : str, optional

    Examples
    --------
    >>> precision = Precision()
    >>> round(float(precision([0, 1, 1, 1], [1, 0, 1, 1])), 4)
    0.6667
    """

    kinds = ("true_positives", "false_positives")


class Recall(_Share):
    """The fraction of the positive targets with outputs above the threshold.

    Parameters
    ----------
    thresholds, top_k, class_id, name, dtype :
        See :class:`Precision`.

    Examples
    --------
    >>> metric = Recall()
    >>> metric.update_state(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    >>> round(float(metric.result()), 4)
    0.5
    """

    kinds = ("true_positives", "false_negatives")


class AUC(Confusion):
    """The area under a curve, approximated with many thresholds.

    Parameters
    ----------
    num_thresholds : int, default 200
        Number of evenly spaced thresholds from 0 to 1.
    curve : {"ROC", "PR"}
        Receiver operating characteristic, or precision by recall.
    summation_method : {"interpolation", "minoring", "majoring"}
        The height of the curve between two points: interpolated (for PR by Davis and Goadrich), the
        lower, or the higher.
    name, dtype : str, optional
    thresholds : list of float, optional
        Thresholds instead of even ones; 0 and 1 are added.
    multi_label : bool, default False
        Whether to average the areas of the outputs, instead of counting all outputs together.
    num_labels : int, optional
        Number of outputs, only with `multi_label`; inferred if left out.
    label_weights : list of float, optional
        Weights of the outputs.
    from_logits : bool, default False
        Whether predictions are logits.

    References
    ----------
    J. Davis, M. Goadrich, The relationship between precision-recall and ROC curves, ICML 2006.

    Examples
    --------
    >>> area = AUC(num_thresholds=3)
    >>> float(area([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = _one_of("curve", str(curve).upper(), ("ROC", "PR"))
        methods = ("interpolation", "minoring", "majoring")
        self.summation_method = _one_of("summation_method", str(summation_method).lower(), methods)
        self.num_thresholds = integer("num_thresholds", num_thresholds, least=2)
        self.thresholds = None if thresholds is None else sorted(thresholds)
        if thresholds is None:
            inner = np.arange(1, self.num_thresholds - 1) / (self.num_thresholds - 1)
        else:
            inner = _limits(self.thresholds, 0.5)
        self.multi_label = boolean("multi_label", multi_label)
        self.from_logits = boolean("from_logits", from_logits)
        self.num_labels = None if num_labels is None else integer("num_labels", num_labels, least=1)
        if num_labels is not None and not self.multi_label:
            raise ValueError(f"num_labels is {num_labels}; it is for multi_label=True")
        if label_weights is not None:
            self.label_weights = np.asarray(label_weights, np.float64)
        super().__init__(np.concatenate([[-1e-7], inner, [1 + 1e-7]]), name, dtype)
        if self.num_labels is not None:
            self.build(self.num_labels)

    def build(self, features: int) -> None:
        """Allocate the sums, if each output has its own."""
        if not self.multi_label:
            return
        if not self.variables:
            self._make((features,))
        if self.variables[0].shape[1] != features:
            raise ValueError(
                f"{self.name} is for {self.variables[0].shape[1]} outputs; there are {features}"
            )

    @quietly
    def result(self) -> Any:
        """Return the area, 0 without data."""
        if not self.variables:
            return 0.0
        tp, fp, tn, fn = (np.array(variable) for variable in self.variables)
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated(tp, fp, fn)
        else:
            recall = divided(tp, tp + fn)
            if self.curve == "ROC":
                x, y = divided(fp, fp + tn), recall
            else:
                x, y = recall, divided(tp, tp + fp)
            left, right = y[:-1], y[1:]
            heights = {
                "interpolation": (left + right) / 2,
                "minoring": np.minimum(left, right),
                "majoring": np.maximum(left, right),
            }[self.summation_method]
            areas = (x[:-1] - x[1:]) * heights
        area = areas.sum(axis=0)
        return np.average(area, weights=self.label_weights) if self.multi_label else area

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        weights = self.label_weights
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "thresholds": self.thresholds,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.tolist(),
            "from_logits": self.from_logits,
        }


def _interpolated(tp: Array, fp: Array, fn: Array) -> Array:
    """Return the areas under precision by recall, with linear counts between thresholds."""
    predicted = tp + fp
    gained, width = tp[:-1] - tp[1:], predicted[:-1] - predicted[1:]
    slope = divided(gained, width)
    at_zero = tp[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    ratio = np.where(both, divided(predicted[:-1], predicted[1:]), 1.0)
    return divided(slope * (gained + at_zero * np.log(ratio)), tp[1:] + fn[1:])


def _limits(thresholds: Any, default: float) -> Array:
    given = [default] if thresholds is None else np.ravel(thresholds).tolist()
    if thresholds is not None:
        given = [number("thresholds", limit) for limit in given]
        if not given or not all(0 <= limit <= 1 for limit in given):
            raise ValueError(f"thresholds is {thresholds!r}; they should be of 0 to 1")
    return np.array(given, np.float64)


def _one_of(argument: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError(f"{argument} is {value!r}; it should be one of {', '.join(known)}")
    return value
