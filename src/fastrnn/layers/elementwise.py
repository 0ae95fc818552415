"""Activations with arguments, as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import initializers
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


class PReLU(_Elementwise):
    """Every number, times a trained slope where it is negative.

    Parameters
    ----------
    alpha_initializer : default "zeros"
        For the slopes, ``alpha``, of the shape of a sample.
    shared_axes : int or sequence of int, optional
        Axes along which the slopes are the same: 1, that of the steps, for sequences of any length.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(
        self,
        alpha_initializer: initializers.Identifier = "zeros",
        shared_axes: int | Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.alpha_initializer = initializers.get(alpha_initializer)
        given = shared_axes if isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self.shared_axes = [axis_of(self, axis) for axis in given if axis is not None]

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it does the same to the features of every step."""
        return not self.built or all(extent == 1 for extent in self.parameters[0].shape[:-1])

    def build(self, input_shape: Shape) -> None:
        """Create the slopes."""
        rank = len(input_shape)
        shared = {axis % rank for axis in self.shared_axes}
        shape = tuple(1 if axis in shared else input_shape[axis] for axis in range(1, rank))
        if None in shape:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; shared_axes should name the "
                "axes of no known extent, such as [1]"
            )
        sizes: Any = shape
        self.add_parameter("alpha", sizes, self.alpha_initializer)

    def call(self, inputs: Array) -> Any:
        """Apply it."""
        return inputs * self.slope(inputs)

    def slope(self, inputs: Array) -> Any:
        """Return 1, or the slope where a number is negative."""
        return np.where(inputs >= 0, inputs.dtype.type(1), self._spread(inputs))

    def _spread(self, inputs: Array) -> Array:
        """Return the slopes with as many axes as the input; at a step of a stream, without time."""
        alpha = self.parameters[0].value
        return alpha.reshape(alpha.shape[alpha.ndim - (inputs.ndim - 1) :])

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient of the input."""
        alpha = self.parameters[0]
        share = gradient * np.minimum(inputs, 0)
        spread = np.broadcast_to(self._spread(inputs), inputs.shape[1:]).shape
        shape = (1,) * (len(spread) - alpha.value.ndim) + alpha.shape
        axes = tuple(axis + 1 for axis, extent in enumerate(shape) if extent == 1)
        total = share.sum(axis=(0, *axes), keepdims=False)
        alpha.gradient[...] = total.reshape(alpha.shape)
        found: Array = gradient * self.slope(inputs)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "shared_axes": self.shared_axes or None,
        }


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
    if not known or not 0 <= value < np.inf:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {value!r}; it should be 0 or more"
        )
    return float(value)
