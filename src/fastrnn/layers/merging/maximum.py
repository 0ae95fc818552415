"""The largest of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.merging.extreme import Extreme


class Maximum(Extreme):
    """The largest of its inputs; their gradients are shared where several are largest."""

    function = np.maximum


def maximum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Maximum` of a list of tensors or arrays."""
    return Maximum(**options)(list(inputs))
