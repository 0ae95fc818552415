"""Cross entropy with target probabilities, such as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import activations
from fastrnn._core import activation
from fastrnn.arithmetic import quietly
from fastrnn.losses.cross_entropy import EPSILON, Heads, SmoothedCrossEntropy, smoothed
from fastrnn.losses.head import DenseTargets
from fastrnn.losses.targets import real_arrays
from fastrnn.workspace import Signal, empty

Array = NDArray[Any]


@quietly
def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
) -> Array:
    """Return −Σ y_true · log(p) over the classes, at every position.

    As in Keras, p is `y_pred` divided by its sum over the classes, so that outputs of a sigmoid or
    ReLU become a distribution.

    Parameters
    ----------
    y_true : array_like of shape (..., classes)
        One-hot rows or other probabilities.
    y_pred : array_like of shape (..., classes)
        Probabilities or unnormalized probabilities, or logits.
    from_logits : bool, default False
    label_smoothing : float, default 0
        Weight of the uniform distribution in the smoothed targets.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> categorical_crossentropy(y_true, y_pred).round(4)
    array([0.2231, 0.5108])
    """
    targets, predictions = real_arrays(y_true, y_pred)
    targets = smoothed(targets, label_smoothing, 1 / predictions.shape[-1])
    if from_logits:
        shifted = predictions - predictions.max(axis=-1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    else:
        shares = predictions / predictions.sum(axis=-1, keepdims=True)
        logarithms = np.log(np.clip(shares, EPSILON, 1 - EPSILON))
    return np.asarray(-(targets * logarithms).sum(axis=-1))


class _LogLoss(DenseTargets):
    """A head with probabilities."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._probabilities = self.output
        self._scratch = np.empty_like(self.targets)

    def _value(self, lowest: float) -> float:
        np.clip(self._probabilities, lowest, 1 - lowest, out=self._scratch)
        np.log(self._scratch, out=self._scratch)
        np.multiply(self._scratch, self.aims, out=self._scratch)
        return -self.total(self._scratch)


class _SharesHead(_LogLoss):
    """The loss of outputs that are not a softmax: rows are divided by their sum first."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._probabilities = np.empty_like(self.targets)
        self._sums = np.empty((len(self.targets), 1), self.targets.dtype)

    def run(self, training: bool) -> float:
        np.sum(self.output, axis=1, keepdims=True, out=self._sums)
        np.divide(self.output, self._sums, out=self._probabilities)
        if training:
            self._differentiate()
        return self._value(EPSILON)

    def _differentiate(self) -> None:
        gradient = self.gradient
        assert gradient is not None
        shares, scratch = self._probabilities, self._scratch
        np.clip(shares, EPSILON, 1 - EPSILON, out=scratch)
        np.divide(self.aims, scratch, out=gradient)
        # A clipped probability has no gradient.
        np.equal(scratch, shares, out=scratch)
        np.multiply(gradient, scratch, out=gradient)
        np.negative(gradient, out=gradient)
        # The gradient of the normalization.
        np.multiply(gradient, shares, out=scratch)
        gradient -= scratch.sum(axis=1, keepdims=True)
        gradient /= self._sums
        self.average(gradient)


class _SoftmaxHead(_LogLoss):
    """The loss of the output of a softmax; computes the gradient of the logits."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self.pass_activation()

    def run(self, training: bool) -> float:
        # Above zero by the smallest normal number, so that an underflow stays finite.
        value = self._value(float(np.finfo(self.output.dtype).tiny))
        if training:
            gradient = self.gradient
            assert gradient is not None
            mass = self.aims.sum(axis=1, keepdims=True)
            np.multiply(self._probabilities, mass, out=gradient)
            np.subtract(gradient, self.aims, out=gradient)
            self.average(gradient)
        return value


class _LogitsHead(_SoftmaxHead):
    """The loss of logits: computes the softmax, but does not change the model's output."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self.pass_activation(False)
        self._softmax = empty((len(self.rows), self.features), self.rows.dtype)
        self._probabilities = self._softmax[:, : self.features]

    def run(self, training: bool) -> float:
        np.copyto(self._probabilities, self.output)
        activation.activate("softmax", self._softmax, self.features)
        return super().run(training)


class CategoricalCrossentropy(SmoothedCrossEntropy):
    """Mean of :func:`categorical_crossentropy` over all positions.

    Parameters
    ----------
    from_logits : bool, default False
        Whether the model's outputs are logits.
    label_smoothing : float, default 0
        Weight of the uniform distribution in the smoothed targets, below 1.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(CategoricalCrossentropy()(y_true, y_pred)), 4)
    0.367
    """

    name = "categorical_crossentropy"
    _function = staticmethod(categorical_crossentropy)
    _activation = activations.SOFTMAX
    _heads = Heads(_SoftmaxHead, _LogitsHead, _SharesHead)

    def classes_of(self, y: Array) -> Array:
        """Return the class with the highest target."""
        return np.asarray(y.argmax(axis=-1))
