"""What files and errors call the weights of a model."""

from __future__ import annotations

from collections.abc import Sequence

from fastrnn.layers import Layer


def weight_names(layers: Sequence[Layer]) -> list[str]:
    """Return what files and errors call the weights of `layers`: ``layer/weight``."""
    return [f"{layer.name}/{name}" for layer in layers for name in layer.weight_names]
