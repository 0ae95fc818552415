"""The penalties that the regularizers of a model add to its loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from fastrnn.arithmetic import quietly
from fastrnn.layers import Layer
from fastrnn.layers.contract import Contract
from fastrnn.layers.parameter import Parameter, ParameterVector

Array = NDArray[Any]


class Penalty:
    """The penalties on trained weights and on outputs of layers; true if there are any.

    Parameters
    ----------
    layers : sequence of Layer
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = [
            layer
            for layer in layers
            if any(parameter.regularizer is not None for parameter in layer.parameters)
        ]
        #: The layers whose outputs are regularized, also those inside others.
        self.active = [one for layer in layers for one in _active(layer)]

    def __bool__(self) -> bool:
        return bool(self._layers) or bool(self.active)

    def share(self, fraction: float) -> None:
        """Set which fraction of larger batches the next batches are.

        The penalty on outputs is divided by the number of samples; the larger batch has more.
        """
        for layer in self.active:
            layer.share_of_batch = fraction

    def _weights(self) -> Iterator[Parameter]:
        for layer in self._layers:
            for parameter in layer.trainable_weights:
                if parameter.regularizer is not None:
                    yield parameter

    @quietly
    def figures(self, samples: int, activities: float) -> list[float]:
        """Return the contribution of a batch of so many samples to the sums of an epoch.

        `activities` is the penalty on the outputs of its layers.
        """
        penalty = activities
        for weight in self._weights():
            assert weight.regularizer is not None
            penalty += float(weight.regularizer(weight.to_keras(weight.value)))
        return [penalty * samples, float(samples)]

    def add_gradients(self, vector: ParameterVector) -> None:
        """Add the gradients of the penalties to those of a whole batch."""
        if not self._layers:
            return
        gradients = dict(zip(vector.keys, vector.views(vector.gradients), strict=True))
        for weight in self._weights():
            assert weight.regularizer is not None
            slopes = weight.regularizer.gradient(weight.to_keras(weight.value))
            gradients[weight.key] += weight.from_keras(slopes)


def _active(layer: Contract) -> list[Contract]:
    own = [layer] if layer.activity_regularizer is not None else []
    return own + [one for inner in layer.inner_layers for one in _active(inner)]
