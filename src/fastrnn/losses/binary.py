"""Cross entropy of independent binary outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import activations
from fastrnn.arithmetic import quietly
from fastrnn.losses.cross_entropy import EPSILON, Heads, SmoothedCrossEntropy, smoothed
from fastrnn.losses.head import DenseTargets
from fastrnn.losses.targets import real_arrays
from fastrnn.scanning import find
from fastrnn.workspace import Signal, empty

Array = NDArray[Any]


@quietly
def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
) -> Array:
    """Return the mean of −y log p − (1 − y) log(1 − p) over the features, at every position.

    Parameters
    ----------
    y_true : array_like of shape (..., features)
        0 or 1, or probabilities.
    y_pred : array_like of shape (..., features)
        Probabilities, or logits.
    from_logits : bool, default False
    label_smoothing : float, default 0
        Weight of 1/2 in the smoothed targets.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError
        If the shapes differ, or a target is below 0 or above 1.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> binary_crossentropy(y_true, y_pred).round(4)
    array([0.2231, 0.5108])
    """
    targets, predictions = real_arrays(y_true, y_pred)
    _check_range(targets, "y_true")
    targets = smoothed(targets, label_smoothing, 0.5)
    if from_logits:
        # log(1 + exp(x)) - xy, in a form in which exp never overflows.
        losses = np.maximum(predictions, 0) - predictions * targets
        losses += np.log1p(np.exp(-np.abs(predictions)))
    else:
        p = np.clip(predictions, EPSILON, 1 - EPSILON)
        losses = -(targets * np.log(p) + (1 - targets) * np.log1p(-p))
    return np.asarray(losses.mean(axis=-1))


def _check_range(y: Array, argument: str) -> None:
    """Raise ``ValueError`` unless all targets are probabilities."""
    place = find(y, lambda part: ~((part >= 0) & (part <= 1))) if y.dtype.kind != "b" else None
    if place is not None:
        raise ValueError(
            f"{argument} holds {y[place]} at {list(place)}; targets of the binary cross entropy "
            "should be 0 or 1, or probabilities between"
        )


class _ProbabilitiesHead(DenseTargets):
    """The loss of probabilities that are not the output of a sigmoid."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._scratch = np.empty_like(self.targets)
        self._other = np.empty_like(self.targets)

    def run(self, training: bool) -> float:
        value = self._value()
        if training:
            gradient = self.gradient
            assert gradient is not None
            p = np.clip(self.output, EPSILON, 1 - EPSILON, out=self._scratch)
            np.subtract(1, p, out=self._other)
            np.multiply(p, self._other, out=self._other)
            np.subtract(p, self.aims, out=gradient)
            np.divide(gradient, self._other, out=gradient)
            # A clipped probability has no gradient.
            np.multiply(gradient, p == self.output, out=gradient)
            self.average(gradient, self.features)
        return value

    def _value(self) -> float:
        p = np.clip(self.output, EPSILON, 1 - EPSILON, out=self._scratch)
        np.negative(p, out=self._other)
        np.log1p(self._other, out=self._other)  # log(1 - p)
        np.log(p, out=p)
        np.subtract(p, self._other, out=p)
        np.multiply(p, self.aims, out=p)
        np.add(p, self._other, out=p)  # y log p + (1 - y) log(1 - p)
        return -self.total(p) / self.features


class _SigmoidHead(_ProbabilitiesHead):
    """The loss of the output of a sigmoid; computes the gradient of the logits."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self.pass_activation()

    def run(self, training: bool) -> float:
        if training:
            assert self.gradient is not None
            np.subtract(self.output, self.aims, out=self.gradient)
            self.average(self.gradient, self.features)
        return self._value()


class _LogitsHead(DenseTargets):
    """The loss of logits."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._scratch, self._losses = np.empty_like(self.targets), np.empty_like(self.targets)
        self._sigmoid = empty((len(self.rows), self.features), self.rows.dtype)

    def run(self, training: bool) -> float:
        # See binary_crossentropy for this form.
        losses, scratch = self._losses, self._scratch
        np.abs(self.output, out=losses)
        np.negative(losses, out=losses)
        np.exp(losses, out=losses)
        np.log1p(losses, out=losses)
        np.maximum(self.output, 0, out=scratch)
        np.add(losses, scratch, out=losses)
        np.multiply(self.output, self.aims, out=scratch)
        np.subtract(losses, scratch, out=losses)
        if training:
            assert self.gradient is not None
            np.copyto(self._sigmoid[:, : self.features], self.output)
            activations.SIGMOID.forward(self._sigmoid, self.features)
            np.subtract(self._sigmoid[:, : self.features], self.aims, out=self.gradient)
            self.average(self.gradient, self.features)
        return self.total(losses) / self.features


class BinaryCrossentropy(SmoothedCrossEntropy):
    """Mean of :func:`binary_crossentropy` over all positions.

    Parameters
    ----------
    from_logits : bool, default False
        Whether the model's outputs are logits.
    label_smoothing : float, default 0
        Weight of 1/2 in the smoothed targets, below 1.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(BinaryCrossentropy()(y_true, y_pred)), 4)
    0.367
    """

    name = "binary_crossentropy"
    _function = staticmethod(binary_crossentropy)
    _activation = activations.SIGMOID
    _heads = Heads(_SigmoidHead, _LogitsHead, _ProbabilitiesHead)

    def check_targets(self, y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
        """Return checked targets in the shape of the output."""
        targets = super().check_targets(y, output_shape, argument)
        _check_range(targets, argument)
        return targets

    @staticmethod
    def even(features: int) -> float:
        """Return 1/2, for any number of features."""
        return 0.5

    def classes_of(self, y: Array) -> Array:
        """Return 1 where the target is above one half, else 0: a single output's two classes."""
        if y.shape[-1] != 1:
            raise ValueError(
                f"class_weight wants one class a position; the targets have {y.shape[-1]} features"
            )
        return np.asarray(y[..., 0] > 0.5, np.int64)
