"""The smallest of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.merging.extreme import Extreme


class Minimum(Extreme):
    """The smallest of its inputs; their gradients are shared where several are smallest."""

    function = np.minimum


def minimum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Minimum` of a list of tensors or arrays."""
    return Minimum(**options)(list(inputs))
