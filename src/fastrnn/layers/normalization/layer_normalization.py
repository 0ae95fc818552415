"""Normalization of each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn import initializers
from fastrnn.layers.normalization.base import ScaledNormalization
from fastrnn.workspace import Array


class LayerNormalization(ScaledNormalization):
    """(x − mean) / √(variance + ε) · gamma + beta, over the features of every step.

    Parameters
    ----------
    axis : int or sequence of int, default -1
        Axes of the mean and variance; gamma and beta have their extents.
    epsilon : float, default 1e-3
    center, scale : bool, default True
        Whether there is a beta, and a gamma.
    beta_initializer : default "zeros"
    gamma_initializer : default "ones"
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    References
    ----------
    J. L. Ba, J. R. Kiros, G. E. Hinton, Layer normalization, 2016.

    Examples
    --------
    >>> LayerNormalization()(np.array([[1.0, 2.0, 3.0]])).round(3)
    array([[-1.224,  0.   ,  1.224]], dtype=float32)
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: initializers.Identifier = "zeros",
        gamma_initializer: initializers.Identifier = "ones",
        **options: Any,
    ) -> None:
        super().__init__(
            axis, epsilon, center, scale, beta_initializer, gamma_initializer, **options
        )

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Normalize."""
        return self._scaled(self._standardized(inputs, tuple(self._places(inputs.shape)), kept))

    def backward(self, gradient: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        dnormal = self._unscaled(gradient, kept["normal"])
        return self._standardized_back(dnormal, tuple(self._places(gradient.shape)), kept)
