"""Normalization by what a batch holds, and by the moving means of that."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import initializers
from fastrnn._core.stage import Stage
from fastrnn.layers import calling
from fastrnn.layers.joining import axis_of
from fastrnn.layers.normalization import Normalization, share_of_one
from fastrnn.layers.symbolic import Shape

Array = NDArray[Any]

#: What Keras adds to a count of steps that may be zero.
EPSILON = 1e-7


class BatchNormalization(Normalization):
    """(x − mean) / √(variance + ε) · gamma + beta, over all steps of all samples of a batch.

    A training takes mean and variance of the batch, and moves two means of them towards those;
    predictions and evaluations take the moving ones.

    Parameters
    ----------
    axis : int, default -1
        The axis that is left: each of its places has a mean and a variance.
    momentum : float, default 0.99
        What is left of the moving means at every step.
    epsilon : float, default 1e-3
    center, scale : bool, default True
        Whether there is a beta, and a gamma.
    beta_initializer : default "zeros"
    gamma_initializer : default "ones"
    moving_mean_initializer : default "zeros"
    moving_variance_initializer : default "ones"
    **options :
        `name`, `dtype`, `input_shape`, `trainable` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    Steps that a mask leaves out have no part in mean and variance.  With ``trainable = False`` it
    takes the moving means in trainings too, and leaves them as they are.  The moving means change
    at the end of a training step, together with the weights.

    References
    ----------
    S. Ioffe, C. Szegedy, Batch normalization: accelerating deep network training by reducing
    internal covariate shift, ICML 2015.
    """

    couples_samples = True

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
        """Create gamma, beta and the moving means."""
        super().build(input_shape)
        shape: Any = (input_shape[self._places(input_shape)[0]],)
        self.add_parameter("moving_mean", shape, self.moving_mean_initializer, trainable=False)
        self.add_parameter(
            "moving_variance", shape, self.moving_variance_initializer, trainable=False
        )

    def call(self, inputs: Array, training: bool, mask: Any, kept: dict[str, Any]) -> Array:
        """Normalize."""
        kept["counts"] = None
        if training and self.trainable:
            mean, variance = kept["moments"] = self._moments(inputs, mask, kept)
        else:
            mean = self.parameter("moving_mean").value
            variance = self.parameter("moving_variance").value
        factor = 1 / np.sqrt(variance + inputs.dtype.type(self.epsilon))
        kept["factor"] = self._spread(factor, inputs)
        kept["normal"] = (inputs - self._spread(mean, inputs)) * kept["factor"]
        return self._scaled(kept["normal"])

    def _moments(self, inputs: Array, mask: Any, kept: dict[str, Any]) -> tuple[Array, Array]:
        (place,) = self._places(inputs.shape)
        others = tuple(other for other in range(inputs.ndim) if other != place)
        if mask is None:
            kept["counts"], kept["total"] = 1, inputs.size // inputs.shape[place]
            return inputs.mean(axis=others), inputs.var(axis=others)
        counts = mask.reshape(mask.shape + (1,) * (inputs.ndim - mask.ndim)).astype(inputs.dtype)
        counts = np.broadcast_to(counts, inputs.shape)
        total = self._spread(counts.sum(axis=others), inputs) + inputs.dtype.type(EPSILON)
        # Chosen and not multiplied: what pads may be no number.
        read = np.where(counts > 0, inputs, 0)
        mean = read.sum(axis=others, keepdims=True) / total
        variance = (np.square(read - mean) * counts).sum(axis=others, keepdims=True) / total
        kept["counts"], kept["total"] = counts, total
        return mean.reshape(-1), variance.reshape(-1)

    def backward(self, gradient: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        normal, factor, counts = kept["normal"], kept["factor"], kept["counts"]
        dnormal = self._unscaled(gradient, normal)
        if counts is None:
            found: Array = dnormal * factor
            return found
        (place,) = self._places(gradient.shape)
        others = tuple(other for other in range(gradient.ndim) if other != place)
        along = (dnormal * normal).sum(axis=others, keepdims=True) / kept["total"]
        # Zero but for Keras's EPSILON: how far the mean is from where it balances.
        left = (counts * normal).sum(axis=others, keepdims=True)
        mean = (dnormal.sum(axis=others, keepdims=True) - along * left) / kept["total"]
        found = (dnormal - counts * (mean + normal * along)) * factor
        return np.asarray(found)

    def stages(self, source: Stage) -> list[Stage]:
        """Return what normalizes every step by the moving means."""
        return [calling.stage(self, source)] if self.axis == [-1] else super().stages(source)

    def update(self, kept: dict[str, Any]) -> None:
        """Move the means towards those of the batch."""
        for name, value in zip(("mean", "variance"), kept.get("moments", ()), strict=False):
            moving = self.parameter(f"moving_{name}").value
            share = moving.dtype.type(self.momentum)
            moving[...] = moving * share + value * (1 - share)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }
