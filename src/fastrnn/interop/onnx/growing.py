"""Limits for nodes whose output size is a number in the file, checked before they run.

A few bytes can request terabytes.  The total output of such nodes in a run is limited.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastrnn.formats.onnx.proto import title_of

if TYPE_CHECKING:
    from onnx import NodeProto

#: Maximum number of elements that such nodes may make in a run.
MOST_NUMBERS = 1 << 28


def _shape(values: Any) -> int:
    return math.prod(max(int(extent), 1) for extent in values.ravel())


def _expanded(array: Any, shape: Any) -> float:
    wanted = [int(extent) for extent in shape.ravel()]
    rank = max(array.ndim, len(wanted))
    pairs = zip(
        (1,) * (rank - array.ndim) + array.shape, [1] * (rank - len(wanted)) + wanted, strict=True
    )
    return float(math.prod(max(one, other) for one, other in pairs))


def _times(array: Any, factors: Any) -> float:
    return float(array.size) * math.prod(max(float(one), 0) for one in factors.ravel())


def _range(start: Any, limit: Any, step: Any) -> float:
    distance = float(limit) - float(start)
    return abs(distance / float(step)) if float(step) else 0.0


def _padded(array: Any, pads: Any, axes: Any) -> float:
    extents = list(array.shape)
    which = range(len(extents)) if axes is None else [int(axis) for axis in axes]
    for place, axis in enumerate(which):
        extents[axis] += max(int(pads[place]), 0) + max(int(pads[place + len(which)]), 0)
    return float(math.prod(extents))


def _resized(array: Any, *more: Any) -> float:
    """Return the maximum output size of a node whose last inputs are scales and optional sizes."""
    sizes = more[2] if len(more) > 2 else None
    scales = more[1] if len(more) > 1 else more[0]
    if sizes is not None and sizes.size:
        return float(_shape(sizes))
    return 0.0 if scales is None or not scales.size else _times(array, scales)


_SIZES: dict[str, Callable[[Sequence[Any]], float]] = {
    "ConstantOfShape": lambda given: _shape(given[0]),
    "Expand": lambda given: _expanded(given[0], given[1]),
    "Tile": lambda given: _times(given[0], given[1]),
    "Range": lambda given: _range(*given),
    "OneHot": lambda given: float(given[0].size) * float(given[1].ravel()[0]),
    "Pad": lambda given: (
        0.0 if len(given) < 2 else _padded(given[0], given[1], given[3] if len(given) > 3 else None)
    ),
    "Resize": lambda given: _resized(*given),
    "Upsample": lambda given: 0.0 if len(given) < 2 else _times(given[0], given[1]),
}


class Growth:
    """Counts the elements that the nodes of a run make.

    Attributes
    ----------
    is_watched : bool
        Whether there is such a node.
    """

    def __init__(self) -> None:
        self._made, self.is_watched = 0.0, False

    def begin(self) -> None:
        """Reset the count."""
        self._made = 0.0

    def of(self, node: NodeProto) -> Callable[[Sequence[Any]], None] | None:
        """Return a check of the inputs of a node before it runs; None if it needs none."""
        size = _SIZES.get(node.op_type) if node.domain == "" else None
        if size is None:
            return None
        title, self.is_watched = title_of(node), True

        def check(given: Sequence[Any]) -> None:
            self._made += size(given)
            if not self._made <= MOST_NUMBERS:
                raise ValueError(
                    f"{title} would make {self._made:.3g} numbers in this run, with nodes before "
                    f"it; at most {MOST_NUMBERS} are made"
                )

        return check
