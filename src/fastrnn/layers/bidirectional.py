"""A recurrent layer that reads a sequence in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.bidirectional_workspace import BidirectionalWorkspace
from fastrnn.layers.directions import check_given, copied, written
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.serialization import deserialize
from fastrnn.layers.several_recurrent import SeveralRecurrent
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Signal, Workspace


class Bidirectional(SeveralRecurrent):
    """Run a recurrent layer over a sequence in both directions, and merge the outputs.

    Parameters
    ----------
    layer : RecurrentLayer
        Such as ``GRU(64)``; two layers with its arguments are created, and this one is not changed.
    merge_mode : {"concat", "sum", "mul", "ave", None}
        Concatenation, sum, product, mean, or None: a call then returns a list of both outputs.
    backward_layer : RecurrentLayer, optional
        A layer with other arguments for the backward direction; with ``go_backwards=True``, unless
        `layer` has it.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    With ``return_sequences`` the outputs of the backward direction are reversed, so that both
    outputs at a step belong to that step; outputs at masked steps are zero.  Without it, the output
    merges the final outputs of both directions.  With ``return_state`` the states follow the
    output, those of the forward direction first; ``initial_state`` takes them in the same order.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> Bidirectional(GRU(4))(x).shape
    (2, 8)
    >>> Bidirectional(GRU(4, return_sequences=True), merge_mode="sum")(x).shape
    (2, 10, 4)
    """

    def __init__(
        self,
        layer: RecurrentLayer,
        merge_mode: str | None = "concat",
        backward_layer: RecurrentLayer | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        check_given(layer, backward_layer, merge_mode)
        self.merge_mode = merge_mode
        self._given = layer, backward_layer
        self.forward_layer = copied(layer, name=f"forward_{layer.name}")
        other = backward_layer or layer
        self.backward_layer = copied(
            other, name=f"backward_{other.name}", go_backwards=not layer.go_backwards
        )
        self.share_frozen()

    def named_layers(self) -> tuple[tuple[str, RecurrentLayer], tuple[str, RecurrentLayer]]:
        """Return the layers of both directions, the forward one first."""
        return ("forward", self.forward_layer), ("backward", self.backward_layer)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask: if it is a sequence and the input has one."""
        return bool(self.forward_layer.carries_mask(masked))

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return the shape of the merged output; a list if there are several outputs."""
        found = [layer.compute_output_shape(input_shape) for _, layer in self.named_layers()]
        one, other = (shapes if isinstance(shapes, list) else [shapes] for shapes in found)
        outputs = [one[0], other[0]]
        if self.merge_mode is not None:
            features = one[0][-1] or 0
            if self.merge_mode == "concat":
                features += other[0][-1] or 0
            outputs = [(*one[0][:-1], features)]
        outputs += one[1:] + other[1:]
        return outputs if len(outputs) > 1 else outputs[0]

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        layers = self.forward_layer, self.backward_layer
        return BidirectionalWorkspace(layers, self.merge_mode, source, training, others)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        layer, backward = self._given
        frozen = [not inner.trainable for inner in self.inner_layers]
        config = {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": written(layer, layer.go_backwards, frozen[0]),
        }
        if backward is None and frozen[0] == frozen[1]:
            return config
        other = written(backward or layer, not layer.go_backwards, frozen[1])
        return {**config, "backward_layer": other}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Bidirectional:
        """Return a new layer from what :meth:`get_config` returned."""
        made = dict(config)
        for argument in ("layer", "backward_layer"):
            if argument in made:
                made[argument] = deserialize(made[argument])
        return cls(**made)
