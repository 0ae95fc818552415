"""What all losses share: how they are called, and how a training computes them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arguments import as_array
from fastrnn.construction import Constructible, Harmless
from fastrnn.workspace import Signal

Array = NDArray[Any]


class Loss(metaclass=Constructible):
    """How far predictions are from what they should be.

    Called on arrays, batch first, it returns the mean over all positions.  A training asks for a
    :class:`Head` instead, which computes value and gradient in the model's own memory.
    """

    #: Keras's arguments without an effect on what fastrnn computes, at their defaults.
    harmless: ClassVar[Harmless] = {
        "name": ((None,), "a loss is called by the name of its class"),
        "dtype": ((None,), "a loss is computed in the type of the model"),
        "reduction": (
            ("sum_over_batch_size", "auto"),
            "a loss is the mean over all positions",
        ),
        "axis": ((-1,), "classes are on the last axis"),
        "label_smoothing": ((0.0,), "labels are taken as they are"),
        "ignore_class": ((None,), "mask what should not count, or give it the weight 0"),
    }

    #: The name that ``compile`` knows it by.
    name: str = ""

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """Return the loss at every position, of shape ``y_pred.shape[:-1]``."""
        raise NotImplementedError

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike) -> float:
        """Return the mean of the loss over all positions."""
        return float(np.mean(self.call(y_true, y_pred)))

    def check_targets(self, y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
        """Return targets as the head wants them, or say what is wrong with them.

        Parameters
        ----------
        y : ndarray
            All targets of a training, batch first.
        output_shape : tuple of int
            What the model puts out for them: (n, time, ..., features) or (n, features).
        argument : str
            What errors call `y`.

        Raises
        ------
        ValueError, TypeError
            If shape, type or content do not fit.
        """
        raise NotImplementedError

    def classes_of(self, y: Array) -> Array:
        """Return the class of every position of checked targets, for ``class_weight``."""
        raise ValueError(f"class_weight wants targets that are classes; {self.name} has none")

    def head(self, last: Signal) -> Head:
        """Return what computes this loss behind the output `last` of a workspace."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this loss again."""
        return {}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Head:
    """A loss behind an output of the last workspaces, for one shape of batch.

    Attributes
    ----------
    targets : ndarray of shape (time · batch,) or (time · batch, features)
        Of the batch at hand, in the order of the rows of the model's output.
    output : ndarray of shape (time · batch, features)
        View of what the model put out.
    counted : float
        How many positions count: all, or those that the output's mask leaves.
    divisor : float
        What the sum of their losses is divided by: `counted`, or more where these are some rows of
        a larger batch.
    mask : ndarray of shape (time · batch,), or None
        1 where a position counts, else 0; None: all do.
    weights : ndarray of shape (time · batch,), or None
        `mask` times the weights of the samples; None: all are one.
    loss_weight : float
        Factor of the gradient, where this is one loss of several.
    """

    targets: Array
    loss_weight: float = 1.0

    def __init__(self, last: Signal) -> None:
        self.last = last
        self.features = last.features
        self.rows = last.rows
        self.output = self.rows[:, : self.features]
        self.gradient = None if last.drows is None else last.drows[:, : self.features]
        self.counted = self.divisor = float(len(self.rows))
        self.mask: Array | None = None
        self.weights: Array | None = None
        self._positions = last.output.shape[:-1]
        self._steps_mask = last.mask if len(self._positions) > 1 else None
        self._given: Array | None = None
        self._has_weights = False
        if self._steps_mask is not None:
            self.mask = np.zeros(len(self.rows), last.output.dtype)
            self._make_room()

    def load(self, y: Array) -> None:
        """Copy the targets of a batch, batch first, into `targets`."""
        raise NotImplementedError

    def load_weights(self, weights: Array | None) -> None:
        """Copy the weights of a batch, (batch,) or (batch, time, ...); None: all are one."""
        self._has_weights = weights is not None
        if weights is None:
            return
        if self._given is None:
            self._given = np.empty(self._positions, self.last.output.dtype)
            self._make_room()
        by_step = weights.swapaxes(0, 1) if weights.ndim > 1 else weights
        np.copyto(self._given, self._spread(by_step), casting="same_kind")

    def count(self) -> None:
        """Find out what counts, once the model's output is there."""
        if self.mask is not None:
            assert self._steps_mask is not None
            by_step = self.mask.reshape(self._positions)
            np.not_equal(self._spread(self._steps_mask), 0, out=by_step)
            self.counted = float(self.mask.sum(dtype=np.float64))
        self.divisor = self.counted
        if not self._has_weights:
            self.weights = self.mask
        else:
            assert self._given is not None
            given = self._given.reshape(-1)
            self.weights = given if self.mask is None else self._product
            if self.mask is not None:
                np.multiply(given, self.mask, out=self._product)
        if self.weights is not None:
            np.equal(self.weights, 0, out=self._ignored)

    def run(self, training: bool) -> float:
        """Return the sum of weight times loss; in a training also write the gradient of the mean.

        The gradient, times `loss_weight`, goes behind the last layer.
        """
        raise NotImplementedError

    def pass_activation(self, passed: bool = True) -> None:
        """Say that the gradient which this head writes is that of what went into the activation."""
        if self.last.applied is not None:
            self.last.applied.is_passed = passed

    def total(self, losses: Array) -> float:
        """Return the sum over all rows, (rows,) or (rows, features), of their weight times it."""
        if self.weights is None:
            return float(losses.sum(dtype=np.float64))
        if losses.ndim == 2:
            losses = losses.sum(axis=1, out=self._row_losses)
        # Set and not multiplied: what was computed of padding may be no number.
        np.copyto(losses, 0, where=self._ignored)
        np.multiply(losses, self.weights, out=losses)
        return float(losses.sum(dtype=np.float64))

    def average(self, gradient: Array, features: int = 1) -> None:
        """Turn the gradient of every row's loss into that of the mean, `features` a row."""
        gradient /= max(1.0, self.divisor) * features
        if self.weights is not None:
            np.multiply(gradient, self.weights[:, np.newaxis], out=gradient)
            np.copyto(gradient, 0, where=self._ignored[:, np.newaxis])
        if self.loss_weight != 1:
            gradient *= self.loss_weight

    def _spread(self, by_step: Array) -> Array:
        """Return what is known of the first axes, with axes of one for the positions within."""
        within = len(self._positions) - max(2, by_step.ndim)
        return by_step.reshape(by_step.shape + (1,) * within) if within > 0 else by_step

    def _make_room(self) -> None:
        rows, dtype = len(self.rows), self.last.output.dtype
        self._product, self._row_losses = np.empty(rows, dtype), np.empty(rows, dtype)
        self._ignored = np.zeros(rows, np.bool_)


class DenseTargets(Head):
    """A head whose targets have as many features as the output.

    Attributes
    ----------
    aims : ndarray of shape (time · batch, features)
        What the loss wants: the targets, or what :meth:`smooth` makes of them.
    """

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._by_step = np.empty((*last.output.shape[:-1], self.features), last.output.dtype)
        self.targets = self.aims = self._by_step.reshape(-1, self.features)
        self._smoothing = self._even = 0.0

    def smooth(self, smoothing: float, even: float) -> None:
        """Aim at (1 − smoothing) · targets + smoothing · even."""
        self._smoothing, self._even = smoothing, even
        self.aims = np.empty_like(self.targets)

    def load(self, y: Array) -> None:
        """Copy the targets of a batch, (batch, time, ..., features) or (batch, features)."""
        np.copyto(self._by_step, y.swapaxes(0, 1) if y.ndim > 2 else y, casting="same_kind")
        if self._smoothing:
            np.multiply(self.targets, 1 - self._smoothing, out=self.aims)
            self.aims += self._smoothing * self._even


def check_dense_targets(y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
    """Return real targets of the shape of the output, or say what is wrong with them."""
    if y.dtype.kind not in "biuf" or y.dtype == np.float16:
        raise TypeError(f"{argument} is of type {y.dtype}; it should be real numbers")
    if y.shape == output_shape:
        return y
    if output_shape[-1] == 1 and y.shape == output_shape[:-1]:
        return y[..., np.newaxis]
    raise ValueError(f"{argument} has shape {y.shape}; it should be {output_shape}, as the output")


def real_arrays(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Return targets and predictions of one shape and a floating type."""
    predictions = real_predictions(y_pred)
    targets = check_dense_targets(as_array("y_true", y_true), predictions.shape, "y_true")
    return targets.astype(predictions.dtype, copy=False), predictions


def real_predictions(y_pred: ArrayLike) -> Array:
    """Return predictions as float32 or float64 with a last axis of features."""
    predictions = as_array("y_pred", y_pred)
    if predictions.dtype.kind not in "biuf" or predictions.dtype == np.float16:
        raise TypeError(f"y_pred is of type {predictions.dtype}; it should be float32 or float64")
    if not predictions.ndim:
        raise ValueError("y_pred is a single number; it should have features on its last axis")
    return predictions if predictions.dtype == np.float32 else predictions.astype(np.float64)
