"""The function of Keras 1 that merged tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.layer import Layer
from fastrnn.layers.merging.add import Add
from fastrnn.layers.merging.average import Average
from fastrnn.layers.merging.concatenate import Concatenate
from fastrnn.layers.merging.dot import Dot
from fastrnn.layers.merging.maximum import Maximum
from fastrnn.layers.merging.multiply import Multiply

_MODES: dict[str, type[Layer]] = {"sum": Add, "mul": Multiply, "ave": Average, "max": Maximum}


def merge(
    inputs: Sequence[Any],
    mode: str = "sum",
    concat_axis: int = -1,
    dot_axes: int | tuple[int, int] = -1,
    name: str | None = None,
) -> Any:
    """Return tensors as one.

    Parameters
    ----------
    inputs : list of SymbolicTensor or ndarray
    mode : {"sum", "mul", "ave", "max", "concat", "dot"}
    concat_axis : int, default -1
        For "concat".
    dot_axes : int or tuple of int, default -1
        For "dot".
    name : str, optional
        Of the layer.
    """
    if mode == "concat":
        return Concatenate(concat_axis, name=name)(inputs)
    if mode == "dot":
        return Dot(dot_axes, name=name)(inputs)
    if mode not in _MODES:
        raise ValueError(
            f"mode of merge is {mode!r}; it should be one of {[*_MODES, 'concat', 'dot']}, or use "
            "a Lambda"
        )
    return _MODES[mode](name=name)(inputs)
