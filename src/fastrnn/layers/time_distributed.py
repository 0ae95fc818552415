"""Application of a layer to every step of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn._core.stage import Stage
from fastrnn.layers.distributed import Distributed, StepByStep
from fastrnn.layers.layer import Layer
from fastrnn.layers.one_inside import OneInside
from fastrnn.layers.shapes import Shape, one_or_all
from fastrnn.workspace import Signal, Workspace


class TimeDistributed(OneInside):
    """Apply a layer to every step of (batch, time, ..., features).

    Parameters
    ----------
    layer : Layer
        Its input is (batch, ..., features), without the time: ``TimeDistributed(LSTM(8))`` converts
        (batch, time, steps, features) to (batch, time, 8).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    A mask is passed on, but not to the layer, which also computes masked steps.

    As in Keras 3, a layer that combines the samples of a batch, such as `BatchNormalization`, is
    applied to each step separately, with its mask.  (In Keras 2 it combined all steps, as the layer
    does here without `TimeDistributed`.)

    Examples
    --------
    >>> from fastrnn.layers import LSTM, Input, TimeDistributed
    >>> TimeDistributed(LSTM(8))(Input((None, 28, 1))).shape
    (None, None, 8)
    """

    supports_masking = True

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(**options)
        if hasattr(layer, "_as_layer"):
            layer = layer._as_layer()
        if not isinstance(layer, Layer):
            given = layer.__name__ if isinstance(layer, type) else type(layer).__name__
            raise TypeError(
                f"layer of TimeDistributed is {given}; it should be a layer, such as Dense(3)"
            )
        self.layer = layer
        if self.activity_regularizer is None:
            self.activity_regularizer = layer.activity_regularizer
        self._dtype = self._dtype or layer._dtype
        self.share_frozen()

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Set which rows of larger batches the next batches are; None: whole batches."""
        if rows is not None and not self.is_per_step:
            raise ValueError(
                f"{self.name} draws random numbers, for every step of every sample; several "
                "processes cannot share that: train it on one"
            )
        super().draw_for(rows)

    def build(self, input_shape: Shape) -> None:
        """Build the inner layer, whose weights this layer shares."""
        inner = self.layer
        self.share_dtype(inner)
        inner.stored = None if inner.built else self.stored
        inner.prepare([self._shape_within(input_shape)])
        self.parameters = inner.parameters

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless it is called on a sequence that the layer accepts."""
        if len(shapes) != 1:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes one")
        if len(shapes[0]) < 3:
            raise ValueError(
                f"{self.name} got an input of shape {shapes[0]}; "
                "it should be (None, time, features)"
            )
        if not self.layer.built:
            self.layer.stored = self.stored
        self.layer.check_inputs([self._shape_within(shapes[0])])

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return the output shape of the inner layer, with the time axis."""
        found = self.layer.output_shapes([self._shape_within(input_shape)])
        if not self.is_per_step:
            found = [(*input_shape[:2], *shape[1:]) for shape in found]
        shapes: Shape | list[Shape] = one_or_all(found)
        return shapes

    def _shape_within(self, shape: Shape) -> Shape:
        """Return the input shape of the inner layer: without the time axis."""
        return shape if self.is_per_step else (None, *shape[2:])

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        if self.is_per_step:
            return self.layer.workspace(source, training)
        if self.layer.couples_samples and len(source.output):
            return StepByStep(self.layer, source, training)
        return Distributed(self.layer, source, training)

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages of the inner layer, if it takes one step at a time."""
        takes_steps = self.is_per_step or self.layer.couples_samples
        return self.layer.stages(source) if takes_steps else super().stages(source)
