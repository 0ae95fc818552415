"""The computation of a loss on an output of the last workspaces, for one shape of batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.workspace import Signal

Array = NDArray[Any]


class Head:
    """A loss on an output of the last workspaces, for one shape of batch.

    Attributes
    ----------
    targets : ndarray of shape (time · batch,) or (time · batch, features)
        The targets of the current batch, in the order of the rows of the model's output.
    output : ndarray of shape (time · batch, features)
        View of the model's output.
    counted : float
        Number of unmasked positions.
    divisor : float
        `basis`, or that of the larger batch that these rows are part of.
    mask : ndarray of shape (time · batch,), or None
        1 at unmasked positions, else 0; None: no mask.
    sample_weights : ndarray of shape (time · batch,), or None
        `mask` times the weights of the samples; None: all are one.
    weights : ndarray of shape (time · batch,), or None
        The same for the loss, which may ignore further positions.
    reduction : str
        That of the loss.
    basis : float
        The divisor of the mean: the number of positions that count, the sum of their weights, or
        the number of samples, which weights the sums of an epoch.
    loss_weight : float
        Factor of the gradient, if this is one of several losses.
    """

    targets: Array
    loss_weight: float = 1.0
    reduction: str | None = "sum_over_batch_size"

    def __init__(self, last: Signal) -> None:
        self.last = last
        self.features = last.features
        self.rows = last.rows
        self.output = self.rows[:, : self.features]
        self.gradient = None if last.drows is None else last.drows[:, : self.features]
        self.counted = self.basis = self.divisor = float(len(self.rows))
        self.mask: Array | None = None
        self.weights: Array | None = None
        self.sample_weights: Array | None = None
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

    def kept(self) -> Array | None:
        """Return which positions count, as booleans, if the loss ignores some."""
        return None

    def count(self) -> None:
        """Determine the positions that count, after the forward pass."""
        if self.mask is not None:
            assert self._steps_mask is not None
            by_step = self.mask.reshape(self._positions)
            np.not_equal(self._spread(self._steps_mask), 0, out=by_step)
            self.counted = float(self.mask.sum(dtype=np.float64))
        if not self._has_weights:
            self.weights = self.mask
        else:
            assert self._given is not None
            given = self._given.reshape(-1)
            self.weights = given if self.mask is None else self._product
            if self.mask is not None:
                np.multiply(given, self.mask, out=self._product)
        self.sample_weights, self.basis, kept = self.weights, self.counted, self.kept()
        if kept is not None:
            ones = kept.astype(self.last.output.dtype)
            self.basis = float(np.sum(kept if self.mask is None else ones * self.mask))
            self.weights = ones if self.weights is None else ones * self.weights
        if self.reduction == "sum":
            self.basis = float(self._positions[len(self._positions) > 1])
        elif self.reduction == "mean_with_sample_weight" and self.weights is not None:
            self.basis = float(self.weights.sum(dtype=np.float64))
        self.divisor = self.basis
        if self.weights is not None:
            if not hasattr(self, "_ignored"):
                self._make_room()
            np.equal(self.weights, 0, out=self._ignored)

    @property
    def counts_vary(self) -> bool:
        """Whether `basis` depends on the content of a batch, and not only on its size."""
        by_weight = self.reduction == "mean_with_sample_weight" and self.weights is not None
        return self.mask is not None or by_weight

    @property
    def denominator(self) -> float:
        """The divisor of the sum of the losses of a whole batch."""
        if self.reduction == "sum":
            return 1.0
        if self.reduction == "mean_with_sample_weight":
            return self.divisor or 1.0
        return max(1.0, self.divisor)

    def found(self, total: float) -> tuple[float, float]:
        """Return the two sums of the loss for an epoch, from the result of :meth:`run`.

        Their quotient is the mean over all positions; with another reduction, the mean of the
        batches' values, weighted with their numbers of samples.
        """
        return total * self.divisor if self.reduction == "sum" else total, self.basis

    def batch_first(self, rows: Array) -> Array:
        """Return an array (time · batch, ...) as a copy (batch, time, ...)."""
        array = rows.reshape(*self._positions, *rows.shape[1:])
        if len(self._positions) > 1:
            array = array.swapaxes(0, 1)
        return np.array(array, order="C")

    def by_row(self, array: Array) -> Array:
        """Return an array (batch, time, ...) as (time · batch, ...)."""
        by_step = array.swapaxes(0, 1) if len(self._positions) > 1 else array
        return by_step.reshape(len(self.rows), *array.shape[len(self._positions) :])

    def run(self, training: bool) -> float:
        """Return the weighted sum of the losses; in training also write the gradient of the mean.

        The gradient is multiplied by `loss_weight`.
        """
        raise NotImplementedError

    def pass_activation(self, passed: bool = True) -> None:
        """Record that this head writes the gradient of the activation's input."""
        if self.last.applied is not None:
            self.last.applied.is_passed = passed

    def total(self, losses: Array) -> float:
        """Return the weighted sum over all rows, of (rows,) or (rows, features)."""
        if self.weights is None:
            return float(losses.sum(dtype=np.float64))
        if losses.ndim == 2:
            losses = losses.sum(axis=1, out=self._row_losses)
        # Assigned, not multiplied, since values of padding may be NaN.
        np.copyto(losses, 0, where=self._ignored)
        np.multiply(losses, self.weights, out=losses)
        return float(losses.sum(dtype=np.float64))

    def average(self, gradient: Array, features: int = 1) -> None:
        """Scale the gradient of every row's loss to that of the mean, with `features` per row."""
        gradient /= self.denominator * features
        if self.weights is not None:
            np.multiply(gradient, self.weights[:, np.newaxis], out=gradient)
            np.copyto(gradient, 0, where=self._ignored[:, np.newaxis])
        if self.loss_weight != 1:
            gradient *= self.loss_weight

    def _spread(self, by_step: Array) -> Array:
        """Return weights of the first axes, with axes of size 1 for the others."""
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
        The targets of the loss: the given ones, or the ones from :meth:`smooth`.
    """

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._by_step = np.empty((*last.output.shape[:-1], self.features), last.output.dtype)
        self.targets = self.aims = self._by_step.reshape(-1, self.features)
        self._smoothing = self._even = 0.0

    def smooth(self, smoothing: float, even: float) -> None:
        """Set `aims` to (1 − smoothing) · targets + smoothing · even."""
        self._smoothing, self._even = smoothing, even
        self.aims = np.empty_like(self.targets)

    def load(self, y: Array) -> None:
        """Copy the targets of a batch, (batch, time, ..., features) or (batch, features)."""
        np.copyto(self._by_step, y.swapaxes(0, 1) if y.ndim > 2 else y, casting="same_kind")
        if self._smoothing:
            np.multiply(self.targets, 1 - self._smoothing, out=self.aims)
            self.aims += self._smoothing * self._even
