"""The names of a model's weights in files and error messages."""

from __future__ import annotations

from collections.abc import Sequence

from fastrnn.layers import Layer


def weight_names(layers: Sequence[Layer]) -> list[str]:
    """Return the names of the weights of `layers` in files and messages: ``layer/weight``."""
    return [f"{layer.name}/{name}" for layer in layers for name in layer.weight_names]
