"""Normalization by the mean and variance of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn import initializers
from fastrnn._core.stage import Stage
from fastrnn.layers import calling
from fastrnn.layers.checks import axis_of, share_of_one
from fastrnn.layers.normalization.base import ScaledNormalization
from fastrnn.layers.normalization.moments import Moments
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array

MOVING = ("moving_mean", "moving_variance")


class BatchNormalization(ScaledNormalization):
    """(x − mean) / √(variance + ε) · gamma + beta, over all steps of all samples of a batch.

    A training takes mean and variance of the batch, and moves two means towards those, which
    predictions and evaluations take.

    Parameters
    ----------
    axis : int, default -1
        The axis of the features, each of which has a mean and a variance.
    momentum : float, default 0.99
        Weight of the previous moving average at each update.
    epsilon : float, default 1e-3
    center, scale : bool, default True
        Whether there is a beta, and a gamma.
    beta_initializer, gamma_initializer : default "zeros" and "ones"
    moving_mean_initializer, moving_variance_initializer : default "zeros" and "ones"
    **options :
        `name`, `dtype`, `input_shape`, `trainable` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    Steps that a mask leaves out have no part in mean and variance.  The moving ones change at the
    end of a training step; with ``trainable = False`` trainings take them, and leave them alone.

    References
    ----------
    S. Ioffe, C. Szegedy, Batch normalization, ICML 2015.

    Examples
    --------
    >>> BatchNormalization()(np.array([[1.0], [3.0]]), training=True).round(3).tolist()
    [[-1.0], [1.0]]
    """

    couples_samples = True
    is_per_step = False
    _arguments = ("momentum", *(f"{name}_initializer" for name in MOVING))

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: initializers.Identifier = "zeros",
        gamma_initializer: initializers.Identifier = "ones",
        moving_mean_initializer: initializers.Identifier = "zeros",
        moving_variance_initializer: initializers.Identifier = "ones",
        **options: Any,
    ) -> None:
        axis = axis_of(self, axis)
        super().__init__(
            axis, epsilon, center, scale, beta_initializer, gamma_initializer, **options
        )
        self.momentum = share_of_one(self, "momentum", momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Shape) -> None:
        """Create gamma, beta and the moving averages."""
        super().build(input_shape)
        shape: Any = (input_shape[self._places(input_shape)[0]],)
        for name in MOVING:
            self.add_parameter(name, shape, getattr(self, f"{name}_initializer"), trainable=False)

    def _moving(self) -> list[Array]:
        return [self.parameter(name).value for name in MOVING]

    def call(self, inputs: Array, training: bool, mask: Any, kept: dict[str, Any]) -> Array:
        """Normalize."""
        (place,) = self._places(inputs.shape)
        batch = Moments(inputs, place, mask) if training and self.trainable else None
        mean, variance = self._moving() if batch is None else (batch.mean, batch.variance)
        kept["batch"] = batch
        kept["factor"] = self._spread(1 / np.sqrt(variance + self._epsilon), inputs)
        kept["normal"] = (inputs - self._spread(mean, inputs)) * kept["factor"]
        return self._scaled(kept["normal"])

    def backward(self, gradient: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        dnormal, batch = self._unscaled(gradient, kept["normal"]), kept["batch"]
        if batch is not None:
            dnormal = batch.backward(dnormal, kept["normal"])
        return np.asarray(dnormal * kept["factor"])

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages that normalize each step by the moving averages."""
        return [calling.stage(self, source)] if self.axis == [-1] else super().stages(source)

    def update(self, kept: dict[str, Any]) -> None:
        """Move the means towards those of the batch."""
        if (batch := kept.get("batch")) is not None:
            for moving, value in zip(self._moving(), (batch.mean, batch.variance), strict=True):
                share = moving.dtype.type(self.momentum)
                moving[...] = moving * share + value * (1 - share)
