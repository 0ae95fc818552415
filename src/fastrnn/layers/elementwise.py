"""Activations with arguments, as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.joining import axis_of
from fastrnn.layers.layer import Layer
from fastrnn.layers.symbolic import Shape

Array = NDArray[Any]


class _Elementwise(Layer):
    """Base of the layers that do the same to every number."""

    supports_masking = True
    is_per_step = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def slope(self, inputs: Array) -> Any:
        """Return the derivative at every number."""
        raise NotImplementedError

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient times the slope."""
        found: Array = gradient * self.slope(inputs)
        return found


class ReLU(_Elementwise):
    """Every number x, or `negative_slope` · (x − `threshold`) below the threshold.

    Parameters
    ----------
    max_value : float, optional
        What larger numbers become.
    negative_slope : float, default 0
    threshold : float, default 0
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.max_value = None if max_value is None else not_negative(self, "max_value", max_value)
        self.negative_slope = not_negative(self, "negative_slope", negative_slope)
        self.threshold = not_negative(self, "threshold", threshold)

    def call(self, inputs: Array) -> Any:
        """Apply it."""
        kind = inputs.dtype.type
        below = kind(self.negative_slope) * (inputs - kind(self.threshold))
        found = np.where(inputs > kind(self.threshold), inputs, below)
        return found if self.max_value is None else np.minimum(found, kind(self.max_value))

    def slope(self, inputs: Array) -> Any:
        """Return 1 above the threshold, and `negative_slope` below it; 0 above the maximum."""
        kind = inputs.dtype.type
        found = np.where(inputs > kind(self.threshold), kind(1), kind(self.negative_slope))
        if self.max_value is not None:
            found = np.where(inputs >= kind(self.max_value), kind(0), found)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(_Elementwise):
    """Every number, times `negative_slope` where it is negative.

    Parameters
    ----------
    negative_slope : float, default 0.3
    alpha : float, optional
        The same, as versions before Keras 3 call it.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(
        self, negative_slope: float = 0.3, *, alpha: float | None = None, **options: Any
    ) -> None:
        if alpha is not None:
            negative_slope = alpha
        super().__init__(**options)
        self.negative_slope = not_negative(self, "negative_slope", negative_slope)

    def call(self, inputs: Array) -> Any:
        """Apply it."""
        return inputs * self.slope(inputs)

    def slope(self, inputs: Array) -> Any:
        """Return 1, or `negative_slope` where a number is negative."""
        kind = inputs.dtype.type
        return np.where(inputs >= 0, kind(1), kind(self.negative_slope))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(_Elementwise):
    """Every number, or `alpha` · (exp(x) − 1) where it is negative.

    Parameters
    ----------
    alpha : float, default 1
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = not_negative(self, "alpha", alpha)

    def call(self, inputs: Array) -> Array:
        """Apply it."""
        below = inputs.dtype.type(self.alpha) * np.expm1(np.minimum(inputs, 0))
        return np.where(inputs > 0, inputs, below)

    def slope(self, inputs: Array) -> Any:
        """Return 1, or alpha · exp(x) where a number is negative."""
        kind = inputs.dtype.type
        return np.where(inputs > 0, kind(1), kind(self.alpha) * np.exp(np.minimum(inputs, 0)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "alpha": self.alpha}


class Softmax(Layer):
    """exp(x) / Σ exp(x) over an axis, or over several.

    Parameters
    ----------
    axis : int or sequence of int, default -1
        Not that of the batch; 1 for weights of the steps of a sequence.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    A mask passes, and steps that it leaves out have their share.
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **options: Any) -> None:
        super().__init__(**options)
        given = axis if isinstance(axis, (list, tuple)) else [axis]
        self.axis = tuple(axis_of(self, one) for one in given)

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it does the same to the features of every step."""
        return self.axis == (-1,)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        rank = len(input_shape)
        if any(axis % rank == 0 or not -rank < axis < rank for axis in self.axis):
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; axis is {list(self.axis)}, "
                "which should be axes behind the batch"
            )
        return input_shape

    def call(self, inputs: Array) -> Array:
        """Apply it."""
        shares = np.exp(inputs - inputs.max(axis=self.axis, keepdims=True))
        found: Array = shares / shares.sum(axis=self.axis, keepdims=True)
        return found

    def backward(self, gradient: Array, output: Array) -> Array:
        """Return the gradient of the input."""
        along = (gradient * output).sum(axis=self.axis, keepdims=True)
        found: Array = output * (gradient - along)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        axis = self.axis[0] if len(self.axis) == 1 else list(self.axis)
        return {**super().get_config(), "axis": axis}


def not_negative(layer: Layer, argument: str, value: Any) -> float:
    """Return an argument that is a number of zero or more, or say that it is none."""
    known = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not known or not value >= 0:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {value!r}; it should be 0 or more"
        )
    return float(value)
