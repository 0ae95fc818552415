"""All the memory that a model needs for batches of one shape."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers import Layer
from fastrnn.losses import Loss
from fastrnn.losses.loss import Head
from fastrnn.metrics import Metric
from fastrnn.workspace import InputWorkspace, Workspace

Array = NDArray[Any]

#: How many shapes of batch keep their memory.  A training has two, or four with validation: its
#: batches and the last, shorter one.
KEPT_SHAPES = 8


class Batch:
    """A chain of workspaces, from the data to the loss.

    (batch, time, features) becomes time-major in :meth:`load` and nowhere else.

    Parameters
    ----------
    layers : sequence of Layer
        The chain, its input layer first.
    shape : tuple of int
        Of the data, batch first.
    training : bool
        Whether gradients are wanted.
    loss : Loss, optional
    metrics : sequence of Metric
        Reported beside the loss.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        shape: tuple[int, ...],
        training: bool,
        loss: Loss | None = None,
        metrics: Sequence[Metric] = (),
    ) -> None:
        time_major = (shape[1], shape[0], *shape[2:]) if len(shape) == 3 else shape
        start = InputWorkspace(time_major, layers[-1].dtype)
        self._input = _batch_first(start)
        self._chain: list[Workspace] = []
        last: Workspace = start
        for layer in layers[1:]:
            last = layer.workspace(last, training)
            self._chain.append(last)
        self.output = _batch_first(last)
        self.head: Head | None = None
        if loss is not None:
            self.head = loss.head(last)
            self._metrics = [metric.bind(loss, self.head) for metric in metrics]

    def load(self, x: Array, y: Array | None = None) -> None:
        """Copy data and targets in, batch first.  Any strides, any real type."""
        np.copyto(self._input, x, casting="same_kind")
        if y is not None:
            assert self.head is not None
            self.head.load(y)

    def forward(self, training: bool) -> None:
        """Fill `output`, the model's answer, (batch, time, features)."""
        for workspace in self._chain:
            workspace.forward(training)

    def measure(self, training: bool) -> list[float]:
        """Return loss and metrics of the answer; in a training also write the loss's gradient."""
        assert self.head is not None
        return [self.head.run(training), *(metric() for metric in self._metrics)]

    def backward(self) -> None:
        """Fill the gradients of all weights."""
        for workspace in reversed(self._chain):
            workspace.backward()


def _batch_first(workspace: Workspace) -> Array:
    counted = workspace.output[..., : workspace.features]
    return counted.swapaxes(0, 1) if counted.ndim == 3 else counted


class Batches:
    """Makes the memory for a shape of batch once, and keeps it for the next batch of that shape.

    Parameters
    ----------
    layers, training, loss, metrics :
        See :class:`Batch`.

    Notes
    -----
    For one thread at a time: two threads that compute at once want one such object each.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        training: bool,
        loss: Loss | None = None,
        metrics: Sequence[Metric] = (),
    ) -> None:
        self._arguments = (tuple(layers), training, loss, tuple(metrics))
        self._kept: OrderedDict[tuple[int, ...], Batch] = OrderedDict()

    def of_shape(self, shape: tuple[int, ...]) -> Batch:
        """Return the memory for data of `shape`, batch first."""
        batch = self._kept.get(shape)
        if batch is None:
            layers, training, loss, metrics = self._arguments
            batch = self._kept[shape] = Batch(layers, shape, training, loss, metrics)
            if len(self._kept) > KEPT_SHAPES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(shape)
        return batch
