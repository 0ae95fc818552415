"""What all losses share: how they are called, and how a training computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.workspace import Workspace

Array = NDArray[Any]


class Loss:
    """How far predictions are from what they should be.

    Called on arrays, batch first, it returns the mean over all positions.  A training asks for a
    :class:`Head` instead, which computes value and gradient in the model's own memory.
    """

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
            What the model puts out for them: (n, time, features) or (n, features).
        argument : str
            What errors call `y`.

        Raises
        ------
        ValueError, TypeError
            If shape, type or content do not fit.
        """
        raise NotImplementedError

    def head(self, last: Workspace) -> Head:
        """Return what computes this loss behind the workspace `last`."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this loss again."""
        return {}

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Head:
    """A loss at the end of a chain of workspaces, for one shape of batch.

    Attributes
    ----------
    targets : ndarray of shape (time · batch,) or (time · batch, features)
        Of the batch at hand, in the order of the rows of the model's output.
    output : ndarray of shape (time · batch, features)
        View of what the model put out.
    """

    targets: Array

    def __init__(self, last: Workspace) -> None:
        self.last = last
        self.features = last.features
        self.rows = last.rows
        self.output = self.rows[:, : self.features]
        self.gradient = None if last.drows is None else last.drows[:, : self.features]

    def load(self, y: Array) -> None:
        """Copy the targets of a batch, batch first, into `targets`."""
        raise NotImplementedError

    def run(self, training: bool) -> float:
        """Return the mean loss; in a training also write its gradient behind the last layer."""
        raise NotImplementedError


class DenseTargets(Head):
    """A head whose targets have as many features as the output."""

    def __init__(self, last: Workspace) -> None:
        super().__init__(last)
        self._by_step = np.empty((*last.output.shape[:-1], self.features), last.output.dtype)
        self.targets = self._by_step.reshape(-1, self.features)

    def load(self, y: Array) -> None:
        """Copy the targets of a batch, (batch, time, features) or (batch, features)."""
        np.copyto(self._by_step, y.swapaxes(0, 1) if y.ndim == 3 else y, casting="same_kind")


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
    targets = check_dense_targets(np.asarray(y_true), predictions.shape, "y_true")
    return targets.astype(predictions.dtype, copy=False), predictions


def real_predictions(y_pred: ArrayLike) -> Array:
    """Return predictions as float32 or float64 with a last axis of features."""
    predictions = np.asarray(y_pred)
    if predictions.dtype.kind not in "biuf" or predictions.dtype == np.float16:
        raise TypeError(f"y_pred is of type {predictions.dtype}; it should be float32 or float64")
    if not predictions.ndim:
        raise ValueError("y_pred is a single number; it should have features on its last axis")
    return predictions if predictions.dtype == np.float32 else predictions.astype(np.float64)
