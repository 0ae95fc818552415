"""Masking of steps whose features all have a given value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.checks import require_rank
from fastrnn.layers.layer import Layer
from fastrnn.layers.masked import Masked
from fastrnn.layers.shapes import Shape
from fastrnn.settings import number
from fastrnn.workspace import Signal, Workspace


class Masking(Layer):
    """Mask steps whose features all have a given value.

    At a masked step, recurrent layers keep their state, losses and metrics ignore it, and its
    gradients are zero.

    Parameters
    ----------
    mask_value : float, default 0
        The value of padding; masked steps become zeros.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((None, 1)), Masking(), GRU(4)])
    >>> x = np.array([[[1.0], [2.0], [0.0], [0.0]]])  # two steps, and padding
    >>> bool((model.predict(x, verbose=0) == model.predict(x[:, :2], verbose=0)).all())
    True
    """

    supports_masking = True
    _arguments = ("mask_value",)

    def __init__(self, mask_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.mask_value = number("mask_value of Masking", mask_value)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        require_rank(self, input_shape, 3, "(None, time, features)")
        return input_shape

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return True: it makes a mask."""
        return True

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _MaskingWorkspace(self, source)


class _MaskingWorkspace(Masked):
    def __init__(self, layer: Masking, source: Signal) -> None:
        super().__init__(source)
        self._value = source.output.dtype.type(layer.mask_value)
        self._differs = np.empty((*source.output.shape[:-1], source.features), np.bool_)

    def forward(self, training: bool) -> None:
        np.not_equal(self.source.output[..., : self.features], self._value, out=self._differs)
        self._differs.any(axis=-1, out=self._counts)
        super().forward(training)
