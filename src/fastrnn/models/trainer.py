"""A training's step, and what is kept between two steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from fastrnn.layers import Layer
from fastrnn.layers.parameter import ParameterVector
from fastrnn.losses import Loss
from fastrnn.metrics import Metric
from fastrnn.models import saving
from fastrnn.models.batch import Batches
from fastrnn.models.chain import weight_names
from fastrnn.models.non_finite import describe
from fastrnn.optimizers import Optimizer

Array = NDArray[Any]


class Trainer:
    """Makes training steps: holds the flat weights, the optimizer and the memory of the batches.

    Parameters
    ----------
    layers : sequence of Layer
        The chain, its input layer first.  Their weights move into one vector.
    optimizer : Optimizer
    loss : Loss
    metrics : sequence of Metric
    check_gradients : bool, default True
        Whether to refuse gradients that are not finite.

    Notes
    -----
    The weights change in a single call of the optimizer, at the end of :meth:`step`: whatever
    interrupts a training leaves those of before or after a step.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        optimizer: Optimizer,
        loss: Loss,
        metrics: Sequence[Metric],
        check_gradients: bool = True,
    ) -> None:
        self._check_gradients = check_gradients
        self._layers = tuple(layers)
        self.vector = ParameterVector(self._parameters())
        self._optimizer = optimizer
        optimizer.build(self.vector.values)
        self.batches = Batches(layers, True, loss, metrics)
        self.names = ["loss", *(metric.name for metric in metrics)]

    def _parameters(self) -> list[Any]:
        return [parameter for layer in self._layers for parameter in layer.parameters]

    def is_current(self) -> bool:
        """Return whether the weights still live here: another model may share layers."""
        return self.vector.holds(self._parameters())

    def step(self, x: Array, y: Array) -> list[float]:
        """Learn from a batch; return loss and metrics of before the change.

        Raises
        ------
        NonFiniteGradientError
            If a gradient is not finite; weights and optimizer are as they were.
        """
        values = self.gradients(x, y)
        vector = self.vector
        if self._check_gradients and not vector.gradients_are_finite():
            raise describe(
                weight_names(self._layers),
                vector.views(vector.values),
                vector.views(vector.gradients),
                dict(zip(self.names, values, strict=True)),
            )
        self._optimizer.apply(vector.values, vector.gradients, vector.bounds)
        return values

    def gradients(self, x: Array, y: Array) -> list[float]:
        """Fill the flat gradients for a batch and leave the weights; return loss and metrics."""
        batch = self.batches.of_shape(x.shape)
        batch.load(x, y)
        batch.forward(True)
        values = batch.measure(True)
        batch.backward()
        return values

    def slots(self) -> dict[str, Array]:
        """Return what the optimizer remembers of each weight: views, by their names in files."""
        names = weight_names(self._layers)
        return {
            f"optimizer:{slot}/{name}": view
            for slot, vector in self._optimizer.slots.items()
            for name, view in zip(names, self.vector.views(vector), strict=True)
        }

    def restore(self, iterations: int, tensors: Mapping[str, Array]) -> None:
        """Give the optimizer the state that a file holds; see :meth:`Model.restore_optimizer`."""
        views = self.slots()
        found = {
            name: saving.take(tensors, name, view.shape, view.dtype) for name, view in views.items()
        }
        for name, array in found.items():
            views[name][...] = array
        self._optimizer.iterations = iterations
