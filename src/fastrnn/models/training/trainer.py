"""A training step, and the state between steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.arithmetic import quietly
from fastrnn.distributed import Group
from fastrnn.distributed.figures import figures_behind
from fastrnn.layers.parameter import Freezing, Parameter, ParameterVector
from fastrnn.models.batch import Batch, Batches
from fastrnn.models.names import weight_names
from fastrnn.models.non_finite import describe
from fastrnn.models.objective import Objective, Sums
from fastrnn.models.source import Data
from fastrnn.models.tracing import Graph
from fastrnn.models.training.exchange import Exchange, SharedExchange
from fastrnn.optimizers import Optimizer

Array = NDArray[Any]


class Trainer:
    """Makes training steps: holds the flat weights, the optimizer and the memory of the batches.

    Parameters
    ----------
    graph : Graph
    trained : callable
        Returns the trainable weights of the graph.
    optimizer : Optimizer
    objective : Objective
    check_gradients : bool, default True
        Whether to refuse gradients that are not finite.

    Notes
    -----
    The weights change in a single call of the optimizer, at the end of :meth:`step`, so an
    interruption leaves the weights from before or after a step.
    """

    def __init__(
        self,
        graph: Graph,
        trained: Callable[[], list[Parameter]],
        optimizer: Optimizer,
        objective: Objective,
        check_gradients: bool = True,
    ) -> None:
        #: Exchanges each step with other processes, if there are any.
        self.exchange = Exchange()
        self.graph, self.optimizer, self.objective = graph, optimizer, objective
        self.check_gradients = check_gradients
        self._layers = tuple(graph.layers)
        self._trained = trained
        self._place()
        #: Whether a step draws random numbers.
        self.is_random = any(layer.is_random for layer in self._layers)
        #: Whether a step changes states of layers besides the weights.
        self.has_states = self.is_random or any(layer.stateful for layer in self._layers)
        #: Whether the step can still be abandoned, because it has changed nothing yet.
        self.is_open = False
        self._batch: Batch | None = None

    def _place(self) -> None:
        """Allocate gradients, slots and batches for the trained weights."""
        self._freezing, self._frozen = Freezing.version, self._flags()
        weights = [parameter for layer in self._layers for parameter in layer.parameters]
        self.objective.build(self.graph.features, bool(self.graph.penalty))
        self.vector = ParameterVector(
            weights, self._trained(), figures_behind(self.objective.measured)
        )
        self.optimizer.build(self.vector.values, self.vector.keys, self.vector.bounds)
        self.batches = Batches(self.graph, self.objective, self.vector)
        self.exchange.vector = self.vector
        self._limited = [weight for weight in self.vector.trained if weight.constraint is not None]

    def _flags(self) -> list[bool]:
        # Some layers, such as BatchNormalization, behave differently when frozen.
        return [layer.trainable for layer in self._layers]

    def look(self) -> None:
        """Reallocate if the trained weights or the owner of the slots have changed."""
        version = Freezing.version
        if self._freezing is not version:
            keys = tuple(parameter.key for parameter in self._trained())
            if keys != self.vector.keys or self._flags() != self._frozen:
                self._place()
            self._freezing = version
        if self.optimizer.owners is not self.vector.keys:
            self.optimizer.build(self.vector.values, self.vector.keys, self.vector.bounds)

    def _reseed(self, seed: np.random.SeedSequence) -> None:
        """Reseed each layer with random numbers from a child of `seed`."""
        for index, layer in enumerate(self._layers):
            if layer.is_random:
                key = (*seed.spawn_key, index)
                layer.reseed(np.random.SeedSequence(seed.entropy, spawn_key=key))

    def step(self, data: Data) -> Sums:
        """Make a step on a batch; return losses and metrics from before the change.

        Raises
        ------
        NonFiniteGradientError
            If a gradient is not finite; weights and optimizer are as they were.
        Halted
            If another process halts; only random generators have changed then.
        """
        self.look()
        exchange = self.exchange
        # A step that other processes wait for is completed.
        self.is_open = not exchange.is_shared
        try:
            found = self.gradients(data) if not exchange.halts else []
        finally:
            self.is_open = False
        found = exchange.sum_step(found)
        vector = self.vector
        self.graph.penalty.add_gradients(vector)
        if self.check_gradients and not vector.gradients_are_finite():
            error = describe(
                self._names_of_trained(),
                [parameter.value for parameter in vector.trained],
                vector.views(vector.gradients),
                self.objective.report(found),
            )
            error.measured = found
            raise error
        vector.gather()
        self.optimizer.apply(vector.values, vector.gradients, vector.bounds)
        vector.scatter()
        if self._limited:
            self._constrain()
        if self._batch is not None:
            self._batch.settle()
        return found

    @quietly
    def _constrain(self) -> None:
        """Apply the constraints to their weights."""
        found = [weight.constrained() for weight in self._limited]  # or an error before any
        for weight, value in zip(self._limited, found, strict=True):
            weight.value[...] = value

    def _names_of_trained(self) -> list[str]:
        names = zip(weight_names(self._layers), self.vector.parameters, strict=True)
        trained = set(self.vector.keys)
        return [name for name, parameter in names if parameter.key in trained]

    def penalized_gradients(self, data: Data) -> Sums:
        """Compute :meth:`gradients`, and add those of the penalties."""
        found = self.gradients(data)
        self.graph.penalty.add_gradients(self.vector)
        return found

    def gradients(self, data: Data) -> Sums:
        """Compute the gradients for a batch, but no new weights; return losses and metrics.

        For a share of a batch, they are its contribution to the gradients of the whole batch.
        """
        batch = self._batch = self.batches.for_data(data.x)
        batch.load(data.x, data.y, data.weights)
        if data.share is not None:
            self.exchange.share = data.share
            self._draw_for((data.share.start, data.share.total))
            self.graph.penalty.share(data.share.rows / data.share.total)
        batch.forward(True)
        found = batch.measure(True, None if data.share is None else self.exchange.count_all)
        batch.backward()
        return found

    @contextmanager
    def sharing(self, group: Group) -> Iterator[None]:
        """Make the steps within the context with other processes, from the first one's weights."""
        if group.size == 1:
            yield
            return
        optimizer = self.optimizer
        for array in (*self.vector.pieces(), *optimizer.slots.values()):
            group.take_first(array)
        optimizer.iterations = group.first(lambda: optimizer.iterations)
        before, self.exchange = self.exchange, SharedExchange(group)
        self.exchange.vector = self.vector
        try:
            yield
        finally:
            self.exchange = before
            self._draw_for(None)
            self.graph.penalty.share(1.0)

    def _draw_for(self, rows: tuple[int, int] | None) -> None:
        for layer in self._layers:
            if layer.is_random:
                layer.draw_for(rows)

    def begin_epoch(self, seed: np.random.SeedSequence | None) -> None:
        """Reseed the layers, and set the learning rate of the first process in all of them."""
        if seed is not None:
            self._reseed(seed)
        if self.exchange.is_shared and self.optimizer.schedule is None:
            self.optimizer.learning_rate = self.exchange.first(self.optimizer.learning_rate)

    def layer_states(self) -> list[dict[str, Any]]:
        """Return the states of all layers, without their weights."""
        return [layer.get_state() for layer in self._layers]

    def set_layer_states(self, states: Sequence[dict[str, Any]]) -> None:
        """Restore states from :meth:`layer_states`."""
        for layer, state in zip(self._layers, states, strict=True):
            layer.set_state(state)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate, unless a schedule determines it."""
        if self.optimizer.schedule is None:
            self.optimizer.learning_rate = rate
