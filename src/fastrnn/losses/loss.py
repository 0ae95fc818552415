"""The base of all losses, and the head of custom losses."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible, Harmless
from fastrnn.differentiation import value_and_gradient
from fastrnn.losses.head import Head
from fastrnn.naming import snake_case
from fastrnn.representation import constructor_like
from fastrnn.workspace import Signal

Array = NDArray[Any]


#: The reductions, with their other names.
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
    """A measure of the error of predictions.

    Called on arrays, batch first, it returns the mean over all positions, or another `reduction`.
    Training uses a :class:`Head` instead, which computes value and gradient in the memory of the
    model.

    A custom loss is a subclass with :meth:`call` and, for speed, :meth:`backward`.

    Parameters
    ----------
    name : str, optional
        The name of the class in snake case if left out.
    reduction : {"sum_over_batch_size", "sum", "mean_with_sample_weight", None}
        How to reduce the losses of all positions: mean, sum, sum divided by the sum of the weights,
        or none, which cannot be used for training.  "mean" and "auto" are names of the first.

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

    #: Whether an output of one feature may be compared with several targets, as in Keras.
    broadcasts: ClassVar[bool] = False
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

        A custom loss may also return a value per feature, whose mean is used, a loss per sample, or
        a single number.
        """
        raise NotImplementedError

    def backward(self, y_true: Any, y_pred: Any) -> Any:
        """Return the derivative by `y_pred` of the sum of the losses of :meth:`call`.

        It is optional if `call` uses operations of NumPy or :mod:`fastrnn.backend`: the loss is
        then differentiated automatically, which is slower.
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
        """Return checked targets for the head.

        A custom loss may have targets of any shape that begins with that of the positions.

        Parameters
        ----------
        y : ndarray
            All targets of a training, batch first.
        output_shape : tuple of int
            Shape of the model's output for them: (n, time, ..., features) or (n, features).
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
        """Return the head of this loss for the output `last` of a workspace."""
        return OwnHead(last, self)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss."""
        # Only options that are used, so that earlier versions can read the files.
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
        return constructor_like(self, self.get_config())


class OwnHead(Head):
    """The head of a custom loss, which it calls on arrays with the batch first."""

    def __init__(self, last: Signal, loss: Loss) -> None:
        super().__init__(last)
        self._loss = loss
        self.targets = np.empty((len(self.rows), 0), last.output.dtype)

    def load(self, y: Array) -> None:
        """Copy the targets of a batch, (batch, time, ...)."""
        dtype = self.last.output.dtype if y.dtype.kind == "f" else y.dtype
        self._y = np.array(y, dtype, order="C")
        # A loss with its own check may have targets of other shapes.
        positions = self._positions
        batch_first = (*positions[1::-1], *positions[2:]) if len(positions) > 1 else positions
        if y.shape[: len(positions)] == batch_first:
            self.targets = self.by_row(self._y)

    def run(self, training: bool) -> float:
        """Call the loss for values and derivative."""
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
        """Return the weight of each value of the loss: a number of positions, or their weights.

        As in Keras, a value for several positions counts that often in a mean, and once in a sum.
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
