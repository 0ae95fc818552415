"""Keras 2's module of the base classes of layers and models."""

from typing import TYPE_CHECKING

from fastrnn._names import also_at, names_of
from fastrnn.layers import Input, InputLayer, InputSpec, Layer, Merge
from fastrnn.models import Model, Sequential

__all__ = ["Input", "InputLayer", "InputSpec", "Layer", "Merge", "Model", "Sequential"]

also_at(__name__, __all__, "base_layer", "input_layer", "sequential", "topology", "training")

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
