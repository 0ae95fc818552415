"""What all losses share: how they are called, and how a training computes them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible, Harmless
from fastrnn.differentiation import value_and_gradient
from fastrnn.naming import snake_case
from fastrnn.workspace import Signal

Array = NDArray[Any]


#: What the losses of all positions may become, and by which names it is asked for.
REDUCTIONS = {
    "sum_over_batch_size": "sum_over_batch_size",
    "mean": "sum_over_batch_size",
    "auto": "sum_over_batch_size",
    "sum": "sum",
    "mean_with_sample_weight": "mean_with_sample_weight",
    "none": None,
    None: None,
}


class Loss(metaclass=Constructible):
    """How far predictions are from what they should be.

    Called on arrays, batch first, it returns their mean over all positions, or what `reduction`
    says.  A training asks for a :class:`Head` instead, which computes value and gradient in the
    model's own memory.

    A loss of one's own is a subclass with :meth:`call` and, for speed, :meth:`backward`.

    Parameters
    ----------
    name : str, optional
        That of the class, in words with underscores, if left out.
    reduction : {"sum_over_batch_size", "sum", "mean_with_sample_weight", None}
        What the losses of all positions become: their mean, their sum, their sum divided by that of
        the weights, or nothing else, which no training can use.  "mean" and "auto" are the first.

    Examples
    --------
    >>> import numpy as np
    >>> class FourthPower(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ((y_pred - y_true) ** 4).mean(axis=-1)
    ...
    ...     def backward(self, y_true, y_pred):
    ...         return 4 * (y_pred - y_true) ** 3 / y_pred.shape[-1]
    >>> FourthPower()([[1.0, 2.0]], [[1.0, 3.0]])
    0.5
    """

    #: Keras's arguments without an effect on what fastrnn computes, at their defaults.
    harmless: ClassVar[Harmless] = {
        "dtype": ((None,), "a loss is computed in the type of the model"),
        "axis": ((-1,), "classes are on the last axis"),
        "label_smoothing": ((0.0,), "labels are taken as they are"),
        "ignore_class": ((None,), "mask what should not count, or give it the weight 0"),
    }

    #: The name that ``compile`` knows it by.
    name: str = ""
    reduction: str | None = "sum_over_batch_size"

    def __init__(self, name: str | None = None, reduction: Any = "sum_over_batch_size") -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name is {name!r}; it should be a string")
        if not (reduction is None or isinstance(reduction, str)) or reduction not in REDUCTIONS:
            known = ", ".join(map(repr, REDUCTIONS))
            raise ValueError(f"reduction is {reduction!r}; it should be one of {known}")
        self.reduction = REDUCTIONS[reduction]
        if name is not None or not self.name:
            self.name = name or snake_case(type(self).__name__)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss at every position, of shape ``y_pred.shape[:-1]``.

        One of one's own may also return a value a feature, of which the mean is taken, or a loss a
        sample, or one number.
        """
        raise NotImplementedError

    def backward(self, y_true: Any, y_pred: Any) -> Any:
        """Return the derivative by `y_pred` of the sum of all that :meth:`call` returns.

        A loss of one's own may leave it out, if `call` is made of NumPy's operations or of those of
        :mod:`fastrnn.backend`: it is differentiated operation by operation then, which is slower.
        """
        values, back = value_and_gradient(self.call, [y_true, y_pred])
        return back(np.ones_like(values))

    @quietly
    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Any = None) -> Any:
        """Return the losses of all positions, times their weights, reduced.

        Parameters
        ----------
        y_true, y_pred : array_like
        sample_weight : array_like, optional
            Of samples, or of positions.

        Returns
        -------
        float, or ndarray without a reduction
        """
        values = np.asarray(self.call(as_array("y_true", y_true), as_array("y_pred", y_pred)))
        count = float(values.size)
        if sample_weight is not None:
            weights = as_array("sample_weight", sample_weight).astype(values.dtype)
            while weights.ndim > values.ndim and weights.shape[-1] == 1:
                weights = weights[..., 0]
            by_axis = weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
            values = values * by_axis
            if self.reduction == "mean_with_sample_weight":
                count = float(np.broadcast_to(by_axis, values.shape).sum(dtype=np.float64)) or 1.0
        if self.reduction is None:
            return values
        if sample_weight is None and self.reduction != "sum":
            return float(np.mean(values))
        return float(values.sum()) / (1.0 if self.reduction == "sum" else count)

    def check_targets(self, y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
        """Return targets as the head wants them, or say what is wrong with them.

        A loss of one's own may have targets of any shape that begins with that of the positions.

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
        if output_shape[-1] == 1 and y.shape == output_shape[:-1]:
            return y[..., np.newaxis]
        if y.shape[: len(output_shape) - 1] != output_shape[:-1]:
            raise ValueError(
                f"{argument} has shape {y.shape}; it should begin with {output_shape[:-1]}, the "
                "positions of the output"
            )
        return y

    def classes_of(self, y: Array) -> Array:
        """Return the class of every position of checked targets, for ``class_weight``."""
        raise ValueError(f"class_weight wants targets that are classes; {self.name} has none")

    def head(self, last: Signal) -> Head:
        """Return what computes this loss behind the output `last` of a workspace."""
        return OwnHead(last, self)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this loss again."""
        # Only what is used: earlier versions read files that use nothing new.
        config: dict[str, Any] = {}
        if self.reduction != "sum_over_batch_size":
            config["reduction"] = self.reduction
        if self.name not in (type(self).name, snake_case(type(self).__name__)):
            config["name"] = self.name
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Return a new loss from what :meth:`get_config` returned."""
        return cls(**config)

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
        `basis`, or that of a larger batch of which these are some rows.
    mask : ndarray of shape (time · batch,), or None
        1 where a position counts, else 0; None: all do.
    sample_weights : ndarray of shape (time · batch,), or None
        `mask` times the weights of the samples; None: all are one.
    weights : ndarray of shape (time · batch,), or None
        The same for the loss, which may leave more out.
    reduction : str
        That of the loss.
    basis : float
        What the loss is a mean over: how many positions count for it, the sum of their weights, or
        the number of samples, by which an epoch's sums are weighted.
    loss_weight : float
        Factor of the gradient, where this is one loss of several.
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
        """Return which positions count for the loss, booleans, where it leaves some out itself."""
        return None

    def count(self) -> None:
        """Find out what counts, once the model's output is there."""
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
        """Whether `basis` follows from the content of a batch, and not from its size alone."""
        by_weight = self.reduction == "mean_with_sample_weight" and self.weights is not None
        return self.mask is not None or by_weight

    @property
    def denominator(self) -> float:
        """What the sum of the losses of a whole batch is divided by."""
        if self.reduction == "sum":
            return 1.0
        if self.reduction == "mean_with_sample_weight":
            return self.divisor or 1.0
        return max(1.0, self.divisor)

    def found(self, total: float) -> tuple[float, float]:
        """Return what an epoch adds up for the loss, of what :meth:`run` returned: two sums.

        Their quotient is the mean of all positions; or the mean of the sums of batches, weighted
        with their samples.
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
        gradient /= self.denominator * features
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


class OwnHead(Head):
    """A loss of one's own: hands it arrays with the batch first."""

    def __init__(self, last: Signal, loss: Loss) -> None:
        super().__init__(last)
        self._loss = loss
        self.targets = np.empty((len(self.rows), 0), last.output.dtype)

    def load(self, y: Array) -> None:
        """Copy the targets of a batch, (batch, time, ...)."""
        dtype = self.last.output.dtype if y.dtype.kind == "f" else y.dtype
        self._y = np.array(y, dtype, order="C")
        # A loss that checks its targets itself may have some that belong to no position.
        positions = self._positions
        batch_first = (*positions[1::-1], *positions[2:]) if len(positions) > 1 else positions
        if y.shape[: len(positions)] == batch_first:
            self.targets = self.by_row(self._y)

    def run(self, training: bool) -> float:
        """Ask the loss for values and derivative."""
        y_pred = self.batch_first(self.output)
        values = np.array(self._loss.call(self._y, y_pred), np.float64)
        each = y_pred.shape[-1] if values.shape == y_pred.shape else 1
        if each > 1 and self.reduction != "sum":
            values = values / each
        weights = self._weights_of(values.shape, y_pred.shape)
        if training:
            assert self.gradient is not None
            slopes = np.asarray(self._loss.backward(self._y, y_pred))
            if slopes.shape != y_pred.shape:
                raise ValueError(
                    f"the gradient of {self._loss.name} has shape {slopes.shape}; it should be "
                    f"{y_pred.shape}, that of y_pred"
                )
            scale = self.loss_weight / self.denominator
            if each > 1 and self.reduction != "sum":
                scale /= each
            by_axis = weights.reshape(weights.shape + (1,) * (slopes.ndim - weights.ndim))
            np.copyto(self.gradient, self.by_row(np.where(by_axis, slopes * by_axis * scale, 0)))
        return float(np.where(weights, values * weights, 0).sum())

    def _weights_of(self, shape: tuple[int, ...], outputs: tuple[int, ...]) -> Array:
        """Return how much each value of the loss counts: a number of positions, or their weights.

        Where a value stands for several positions it counts as often, as in Keras; in a sum, once.
        """
        if shape not in (outputs, outputs[: len(shape)]):
            raise ValueError(
                f"{self._loss.name} returned values of shape {shape}; it should be {outputs[:-1]}, "
                "a loss a position, or one a sample, or one number"
            )
        weights = np.ones(outputs[:-1])
        if self.weights is not None:
            weights = self.batch_first(self.weights).astype(np.float64)
        if shape == outputs:
            return np.broadcast_to(weights[..., np.newaxis], shape)
        axes = tuple(range(len(shape), weights.ndim))
        if not axes:
            return weights
        return np.asarray(weights.mean(axes) if self.reduction == "sum" else weights.sum(axes))


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
