"""Stacked recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn._core.stage import Stage
from fastrnn.layers.directions import copied
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.returning import Returning
from fastrnn.layers.serialization import deserialize, serialize
from fastrnn.layers.several_recurrent import SeveralRecurrent, SeveralSteps
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Signal, Workspace


class StackedRNN(Returning, SeveralRecurrent):
    """Stacked recurrent layers: each reads the output sequence of the previous one.

    :func:`~fastrnn.layers.RNN` creates it for several cells.

    Parameters
    ----------
    layers : sequence of RecurrentLayer
        The layers in order; each with ``return_sequences=True``.
    return_sequences, return_state, go_backwards : bool, default False
        For the whole stack: whether to return the last layer's output at every step; whether to
        return the final states of all layers after it; whether the first layer processes the steps
        from last to first.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> from fastrnn.models import Sequential
    >>> cells = [GRU(8, return_sequences=True), GRU(4, return_sequences=True)]
    >>> model = Sequential([Input((None, 3)), StackedRNN(cells, return_sequences=True)])
    >>> model.output_shape
    (None, None, 4)
    """

    def __init__(
        self,
        layers: Sequence[RecurrentLayer],
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(return_sequences, return_state, go_backwards, **options)
        self.layers = [
            copied(
                layer,
                name=f"{place}",
                return_state=self.return_state,
                go_backwards=self.go_backwards and not place,
                return_sequences=self.return_sequences or place < len(layers) - 1,
            )
            for place, layer in enumerate(layers)
        ]
        self.share_frozen()

    def named_layers(self) -> Sequence[tuple[str, RecurrentLayer]]:
        """Return the layers by their indices."""
        return [(str(place), layer) for place, layer in enumerate(self.layers)]

    def _shape_behind(self, layer: RecurrentLayer, input_shape: Shape) -> Shape:
        """Return the input shape of the next layer: the output shape of this one."""
        return (*input_shape[:-1], layer.units)

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return the shape of the output; with ``return_state`` a list with those of all states."""
        states: list[Shape] = []
        for layer in self.layers:
            found = layer.compute_output_shape(input_shape)
            input_shape, *after = found if isinstance(found, list) else [found]
            states += after
        return [input_shape, *states] if states else input_shape

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _stacked(self, source, training, others)

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages of the layers in order."""
        found: list[Stage] = []
        for layer in self.layers:
            found += layer.stages(found[-1] if found else source)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        return {**super().get_config(), "layers": [serialize(one) for one in self.layers]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> StackedRNN:
        """Return a new layer from what :meth:`get_config` returned."""
        options = dict(config)
        return cls([deserialize(one) for one in options.pop("layers")], **options)  # type: ignore[misc]


def _stacked(
    layer: StackedRNN, source: Signal, training: bool, initial: Sequence[Signal]
) -> Workspace:
    """Return the workspaces of the layers in order."""
    steps: list[Workspace] = []
    states: list[Signal] = []
    for inner in layer.layers:
        own, initial = initial[: inner.state_count], initial[inner.state_count :]
        step = inner.penalized_workspace(source, training, *own)
        source, *after = step.outputs
        steps.append(step)
        states += after
    return SeveralSteps(steps, [source, *states])
