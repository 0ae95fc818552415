"""A training's step, and what is kept between two steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.parameter import ParameterVector
from fastrnn.models.batch import Batches
from fastrnn.models.network import weight_names
from fastrnn.models.non_finite import describe
from fastrnn.models.objective import Counted, Objective
from fastrnn.models.samples import Data
from fastrnn.models.tracing import Graph
from fastrnn.optimizers import Optimizer

Array = NDArray[Any]


class Trainer:
    """Makes training steps: holds the flat weights, the optimizer and the memory of the batches.

    Parameters
    ----------
    graph : Graph
        The weights of its layers move into one vector.
    optimizer : Optimizer
    objective : Objective
    check_gradients : bool, default True
        Whether to refuse gradients that are not finite.

    Notes
    -----
    The weights change in a single call of the optimizer, at the end of :meth:`step`: whatever
    interrupts a training leaves those of before or after a step.
    """

    def __init__(
        self,
        graph: Graph,
        optimizer: Optimizer,
        objective: Objective,
        check_gradients: bool = True,
    ) -> None:
        self._check_gradients = check_gradients
        self._layers = tuple(graph.layers)
        self.vector = ParameterVector(self._parameters())
        self._optimizer = optimizer
        optimizer.build(self.vector.values)
        self.objective = objective
        self.batches = Batches(graph, True, objective)
        #: Whether a step draws random numbers.
        self.is_random = any(layer.is_random for layer in self._layers)
        #: Whether a step changes what layers remember, beside the weights.
        self.has_states = self.is_random or any(layer.stateful for layer in self._layers)
        #: Whether nothing is half done: a step looks at its batch, and has not changed anything.
        self.is_open = False

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Let every layer that draws random numbers draw from a branch of `seed`."""
        for index, layer in enumerate(self._layers):
            if layer.is_random:
                key = (*seed.spawn_key, index)
                layer.reseed(np.random.SeedSequence(seed.entropy, spawn_key=key))

    def _parameters(self) -> list[Any]:
        return [parameter for layer in self._layers for parameter in layer.parameters]

    def is_current(self) -> bool:
        """Return whether the weights still live here: another model may share layers."""
        return self.vector.holds(self._parameters())

    def step(self, data: Data) -> list[Counted]:
        """Learn from a batch; return losses and metrics of before the change.

        Raises
        ------
        NonFiniteGradientError
            If a gradient is not finite; weights and optimizer are as they were.
        """
        self.is_open = True
        try:
            found = self.gradients(data)
        finally:
            self.is_open = False
        vector = self.vector
        if self._check_gradients and not vector.gradients_are_finite():
            error = describe(
                weight_names(self._layers),
                vector.views(vector.values),
                vector.views(vector.gradients),
                self.objective.report(found),
            )
            error.measured = found
            raise error
        self._optimizer.apply(vector.values, vector.gradients, vector.bounds)
        return found

    def gradients(self, data: Data) -> list[Counted]:
        """Fill the flat gradients for a batch, leave the weights; return losses and metrics."""
        batch = self.batches.for_data(data.x)
        batch.load(data.x, data.y, data.weights)
        batch.forward(True)
        found = batch.measure(True)
        batch.backward()
        return found

    def layer_states(self) -> list[dict[str, Any]]:
        """Return what every layer remembers beside its weights."""
        return [layer.get_state() for layer in self._layers]

    def set_layer_states(self, states: Sequence[dict[str, Any]]) -> None:
        """Take what :meth:`layer_states` returned."""
        for layer, state in zip(self._layers, states, strict=True):
            layer.set_state(state)

    def set_learning_rate(self, rate: float) -> None:
        """Change the learning rate, unless a schedule decides it."""
        if self._optimizer.schedule is None:
            self._optimizer.learning_rate = rate

    def slots(self) -> dict[str, Array]:
        """Return what the optimizer remembers of each weight: views, by their names in files."""
        names = weight_names(self._layers)
        return {
            f"optimizer:{slot}/{name}": view
            for slot, vector in self._optimizer.slots.items()
            for name, view in zip(names, self.vector.views(vector), strict=True)
        }

    def restore(self, iterations: int, tensors: Mapping[str, Array]) -> None:
        """Give the optimizer the state of a file, after the checks of `Model.restore_optimizer`."""
        views = self.slots()
        for name, view in views.items():
            view[...] = tensors[name]
        self._optimizer.iterations = iterations
