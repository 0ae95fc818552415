"""A mask that is an input of the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastrnn.layers.checks import require_rank
from fastrnn.layers.layer import Layer
from fastrnn.layers.masked import Masked
from fastrnn.layers.passing import Passing
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Signal, Workspace


class ApplyMask(Layer):
    """Attach a mask that is an input of the model; ``layer(x, mask=mask)`` adds this layer.

    Called on two tensors: the sequence, and an input (None, time) that is zero at masked steps.

    Examples
    --------
    >>> ApplyMask().name
    'apply_mask'
    """

    token_inputs = (1,)
    supports_masking = True

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence and a mask for it."""
        if len(shapes) != 2:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes a tensor and a mask")
        x, mask = shapes
        require_rank(self, x, 3, "(None, time, features)")
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
    """Tokens pass unchanged: padding tokens are valid integers and need not be zeroed."""

    def __init__(self, source: Signal, mask: Signal) -> None:
        super().__init__(source, np.ones(mask.output.shape, np.uint8))
        assert self.mask is not None
        self._given, self._counts = mask, self.mask.view(np.bool_)

    def forward(self, training: bool) -> None:
        np.not_equal(self._given.output, 0, out=self._counts)
