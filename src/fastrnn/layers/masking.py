"""Layers that say which steps of a sequence count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.layer import Layer
from fastrnn.layers.passing import Passing
from fastrnn.layers.symbolic import Shape
from fastrnn.settings import number
from fastrnn.workspace import Signal, Workspace, zeros


class Masking(Layer):
    """Mark steps as padding where all features have one value.

    What comes after passes over such a step: a recurrent layer leaves its state as it was, losses
    and metrics do not count it, and its gradients are zero.

    Parameters
    ----------
    mask_value : float, default 0
        What pads; such a step becomes zeros.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.mask_value = number("mask_value of Masking", mask_value)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        _require_sequences(self, input_shape)
        return input_shape

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return True: it makes a mask."""
        return True

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _MaskingWorkspace(self, source)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "mask_value": self.mask_value}


class Masked(Workspace):
    """Zeros where a mask says so: that which is given, or one that a subclass fills.

    Parameters
    ----------
    source : Signal
    mask : ndarray of shape (time, batch), uint8, optional
    """

    def __init__(self, source: Signal, mask: NDArray[np.uint8] | None = None) -> None:
        self.source = source
        self.features = source.features
        shape = (*source.output.shape[:-1], source.features)
        self.output = zeros(shape, source.output.dtype)
        self.mask = np.ones(shape[:-1], np.uint8) if mask is None else mask
        self._counts = self.mask.view(np.bool_)
        if source.doutput is not None:
            self.doutput = zeros(shape, source.output.dtype)

    def forward(self, training: bool) -> None:
        """Copy the steps that count."""
        # Copied and not multiplied: what pads may be infinite, or no number.
        n = self.features
        self.output.fill(0)
        np.copyto(self.output[..., :n], self.source.output[..., :n], where=self._counts[..., None])

    def backward(self) -> None:
        """Copy the gradient of the steps that count."""
        dx = self.source.doutput
        if dx is not None:
            assert self.doutput is not None
            n = self.features
            dx.fill(0)
            np.copyto(dx[..., :n], self.doutput[..., :n], where=self._counts[..., None])


class _MaskingWorkspace(Masked):
    def __init__(self, layer: Masking, source: Signal) -> None:
        super().__init__(source)
        self._value = source.output.dtype.type(layer.mask_value)
        self._differs = np.empty((*source.output.shape[:-1], source.features), np.bool_)

    def forward(self, training: bool) -> None:
        np.not_equal(self.source.output[..., : self.features], self._value, out=self._differs)
        self._differs.any(axis=-1, out=self._counts)
        super().forward(training)


class ApplyMask(Layer):
    """Give a sequence a mask that comes with the data; ``layer(x, mask=mask)`` puts it there.

    Called on two tensors: the sequence, and an input (None, time) whose steps count where it is not
    zero.
    """

    token_inputs = (1,)
    supports_masking = True

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence and a mask for it."""
        if len(shapes) != 2:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes a tensor and a mask")
        x, mask = shapes
        _require_sequences(self, x)
        if len(mask) != 2:
            raise ValueError(
                f'mask has shape {mask}; it should be an Input((time,), dtype="bool"): '
                "whether each step counts"
            )

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return True: it makes a mask."""
        return True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        if source.tokens is not None:
            return _MarkedTokens(source, others[0])
        return _ApplyMaskWorkspace(source, others[0])


class _ApplyMaskWorkspace(Masked):
    def __init__(self, source: Signal, mask: Signal) -> None:
        super().__init__(source)
        self._given = mask

    def forward(self, training: bool) -> None:
        np.not_equal(self._given.output, 0, out=self._counts)
        super().forward(training)


class _MarkedTokens(Passing):
    """Tokens are integers, where padding can do no harm, so they pass as they are."""

    def __init__(self, source: Signal, mask: Signal) -> None:
        super().__init__(source, np.ones(mask.output.shape, np.uint8))
        assert self.mask is not None
        self._given, self._counts = mask, self.mask.view(np.bool_)

    def forward(self, training: bool) -> None:
        np.not_equal(self._given.output, 0, out=self._counts)


def _require_sequences(layer: Layer, shape: Shape) -> None:
    if len(shape) != 3:
        raise ValueError(
            f"{layer.name} got an input of shape {shape}; it should be (None, time, features)"
        )
