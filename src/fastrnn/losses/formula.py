"""Losses that are functions of targets and outputs, with their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.losses.head import DenseTargets, Head
from fastrnn.losses.loss import Loss
from fastrnn.losses.targets import check_dense_targets, real_arrays
from fastrnn.workspace import Signal

Array = NDArray[Any]


class FormulaLoss(Loss):
    """A loss that depends only on the targets and outputs of each position.

    Its two functions get arrays (positions, features) of one floating type, which they must not
    change; batch and time are one axis, so that nothing has to be copied.

    Parameters
    ----------
    reduction, name :
        See :class:`Loss`.

    Examples
    --------
    >>> issubclass(Huber, FormulaLoss)
    True
    """

    broadcasts = True

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(name, reduction)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position, (positions,)."""
        raise NotImplementedError

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return the derivative of every position's loss by its outputs, (positions, features)."""
        raise NotImplementedError

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """Return the loss at every position."""
        with np.errstate(all="ignore"):
            targets, outputs = real_arrays(y_true, y_pred, self.broadcasts)
            n = outputs.shape[-1]
            values = self.values(targets.reshape(-1, n), outputs.reshape(-1, n))
            return np.asarray(values).reshape(outputs.shape[:-1])

    def check_targets(self, y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
        """Return targets of the shape of the output, or say what is wrong with them."""
        return check_dense_targets(y, output_shape, argument, self.broadcasts)

    def head(self, last: Signal) -> Head:
        """Return what computes this loss behind the output `last` of a workspace."""
        return _FormulaHead(last, self)


class LossFunctionWrapper(Loss):
    """A loss that wraps a function; ``compile`` wraps custom functions in it.

    Parameters
    ----------
    fn : callable
        Takes targets and outputs, batch first, and returns a loss per position or per sample, or a
        single number.
    reduction : default "sum_over_batch_size"
        See :class:`Loss`.
    name : str, optional
        That of the function if left out.
    gradient : callable, optional
        Takes the same arguments and returns the derivative of the sum of the losses by the outputs;
        ``fn.gradient`` if left out.  Without either, `fn` is differentiated automatically; it
        should then use operations of NumPy or :mod:`fastrnn.backend`.
    **options :
        Further arguments of both functions.

    Examples
    --------
    >>> import numpy as np
    >>> def fourth(y_true, y_pred):
    ...     return ((y_pred - y_true) ** 4).mean(axis=-1)
    >>> fourth.gradient = lambda y_true, y_pred: 4 * (y_pred - y_true) ** 3 / y_pred.shape[-1]
    >>> LossFunctionWrapper(fourth)([[1.0, 2.0]], [[1.0, 3.0]])
    0.5
    """

    takes_any = True

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: Any = "sum_over_batch_size",
        name: str | None = None,
        gradient: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name or str(getattr(fn, "__name__", type(fn).__name__)), reduction)
        found = getattr(fn, "gradient", None) if gradient is None else gradient
        if found is not None and not callable(found):
            raise TypeError(
                f"gradient of {fn!r} is {found!r}; it should be a function of targets and outputs"
            )
        self._fn, self._gradient, self._options = fn, found, options

    @property
    def function_name(self) -> str:
        """The name of the function in files."""
        return str(getattr(self._fn, "__name__", type(self._fn).__name__))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the function returns."""
        return self._fn(y_true, y_pred, **self._options)

    def backward(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the gradient returns, or the derivative of the function."""
        if self._gradient is None:
            return super().backward(y_true, y_pred)
        return self._gradient(y_true, y_pred, **self._options)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss, except for the function."""
        config = {**super().get_config(), **self._options}
        if self.name == self.function_name:
            config.pop("name", None)
        if self._gradient is not None and self._gradient is not getattr(self._fn, "gradient", None):
            config["gradient"] = self._gradient.__name__
        return config


class _FormulaHead(DenseTargets):
    def __init__(self, last: Signal, loss: FormulaLoss) -> None:
        super().__init__(last)
        self._loss = loss

    def run(self, training: bool) -> float:
        values = np.array(self._loss.values(self.targets, self.output), self.output.dtype)
        if values.shape != (len(self.rows),):
            raise ValueError(
                f"values of {type(self._loss).__name__} has shape {values.shape}; it should be "
                f"{(len(self.rows),)}, a loss a position"
            )
        if training:
            assert self.gradient is not None
            self.gradient[...] = self._loss.slopes(self.targets, self.output)
            self.average(self.gradient)
        return self.total(values)
