"""Cross entropy against probabilities, such as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import activations
from fastrnn._core import activation
from fastrnn.losses.cross_entropy import EPSILON, CrossEntropy, Heads
from fastrnn.losses.loss import DenseTargets, real_arrays
from fastrnn.workspace import Signal, empty

Array = NDArray[Any]


def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False
) -> Array:
    """Return −Σ y_true · log(y_pred) over the classes, at every position.

    Parameters
    ----------
    y_true : array_like of shape (..., classes)
        One-hot rows or other probabilities.
    y_pred : array_like of shape (..., classes)
        Probabilities, or logits.
    from_logits : bool, default False

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    targets, predictions = real_arrays(y_true, y_pred)
    if from_logits:
        shifted = predictions - predictions.max(axis=-1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    else:
        logarithms = np.log(np.clip(predictions, EPSILON, 1 - EPSILON))
    return np.asarray(-(targets * logarithms).sum(axis=-1))


class _ProbabilitiesHead(DenseTargets):
    """Behind something that is meant as probabilities without being a softmax."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._probabilities = self.output
        self._scratch = np.empty_like(self.targets)

    def run(self, training: bool) -> float:
        if training:
            self._differentiate()
        return self._value(EPSILON)

    def _value(self, lowest: float) -> float:
        np.clip(self._probabilities, lowest, 1 - lowest, out=self._scratch)
        np.log(self._scratch, out=self._scratch)
        np.multiply(self._scratch, self.targets, out=self._scratch)
        return -self.total(self._scratch)

    def _differentiate(self) -> None:
        gradient = self.gradient
        assert gradient is not None
        np.clip(self._probabilities, EPSILON, 1 - EPSILON, out=self._scratch)
        np.divide(self.targets, self._scratch, out=gradient)
        # Where the clip was at work, a small change of the probability changes nothing.
        np.equal(self._scratch, self._probabilities, out=self._scratch)
        np.multiply(gradient, self._scratch, out=gradient)
        np.negative(gradient, out=gradient)
        self.average(gradient)


class _SoftmaxHead(_ProbabilitiesHead):
    """Behind a softmax: the gradient goes past it, to the logits."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self.pass_activation()

    def run(self, training: bool) -> float:
        # Above zero by the smallest normal number, so that an underflow stays finite.
        value = self._value(float(np.finfo(self.output.dtype).tiny))
        if training:
            gradient = self.gradient
            assert gradient is not None
            mass = self.targets.sum(axis=1, keepdims=True)
            np.multiply(self._probabilities, mass, out=gradient)
            np.subtract(gradient, self.targets, out=gradient)
            self.average(gradient)
        return value


class _LogitsHead(_SoftmaxHead):
    """Behind logits: the softmax is computed here, and the model's output stays as it is."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self.pass_activation(False)
        self._softmax = empty((len(self.rows), self.features), self.rows.dtype)
        self._probabilities = self._softmax[:, : self.features]

    def run(self, training: bool) -> float:
        np.copyto(self._probabilities, self.output)
        activation.softmax(self._softmax, self.features)
        return super().run(training)


class CategoricalCrossentropy(CrossEntropy):
    """Mean of :func:`categorical_crossentropy` over all positions.

    Parameters
    ----------
    from_logits : bool, default False
        Whether the model's output is meant before the softmax.
    """

    name = "categorical_crossentropy"
    _function = staticmethod(categorical_crossentropy)
    _activation = activations.SOFTMAX
    _heads = Heads(_SoftmaxHead, _LogitsHead, _ProbabilitiesHead)

    def classes_of(self, y: Array) -> Array:
        """Return the class with the highest target."""
        return np.asarray(y.argmax(axis=-1))
