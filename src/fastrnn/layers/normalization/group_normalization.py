"""Normalization of groups of features of each sample."""

from __future__ import annotations

from typing import Any

from fastrnn import initializers
from fastrnn.layers.checks import axis_of
from fastrnn.layers.normalization.base import ScaledNormalization
from fastrnn.layers.shapes import Shape
from fastrnn.settings import integer
from fastrnn.workspace import Array


class GroupNormalization(ScaledNormalization):
    """(x − mean) / √(variance + ε) · gamma + beta, over all steps of a group of features.

    Parameters
    ----------
    groups : int, default 32
        Number of groups of consecutive features; −1: each feature is a group.
    axis : int, default -1
        The axis of the features.
    epsilon : float, default 1e-3
    center, scale : bool, default True
        Whether there is a beta, and a gamma, of each feature.
    beta_initializer : default "zeros"
    gamma_initializer : default "ones"
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    Mean and variance are of all steps of a sample, masked ones too, as in Keras.

    References
    ----------
    Y. Wu, K. He, Group normalization, ECCV 2018.

    Examples
    --------
    >>> GroupNormalization(2)(np.array([[1.0, 3.0, 5.0, 9.0]])).round(2)
    array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    is_per_step = False
    _arguments = ("groups",)

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: initializers.Identifier = "zeros",
        gamma_initializer: initializers.Identifier = "ones",
        **options: Any,
    ) -> None:
        axis = axis_of(self, axis)
        super().__init__(
            axis, epsilon, center, scale, beta_initializer, gamma_initializer, **options
        )
        self.groups = integer("groups of GroupNormalization", groups)
        if self.groups < 1 and self.groups != -1:
            raise ValueError(
                f"groups of GroupNormalization is {groups}; it should be 1 or more, or -1"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        (place,) = self._places(input_shape)
        if self.groups != -1 and (input_shape[place] or 0) % self.groups:
            raise ValueError(
                f"{self.name} got an input of shape {tuple(input_shape)}; axis {self.axis[0]} "
                f"should be a multiple of groups, {self.groups}"
            )
        return input_shape

    def _grouped(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Return `x` with an axis for the groups, and the axes of mean and variance."""
        (place,) = self._places(x.shape)
        groups = x.shape[place] if self.groups == -1 else self.groups
        split = x.reshape(*x.shape[:place], groups, -1, *x.shape[place + 1 :])
        return split, tuple(axis for axis in range(1, split.ndim) if axis != place)

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Normalize."""
        normal = self._standardized(*self._grouped(inputs), kept)
        return self._scaled(normal.reshape(inputs.shape))

    def backward(self, gradient: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        dnormal = self._unscaled(gradient, kept["normal"].reshape(gradient.shape))
        found = self._standardized_back(*self._grouped(dnormal), kept)
        return found.reshape(gradient.shape)
