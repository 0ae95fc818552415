"""Models that a subclass with its own `call` defines."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers import Input, SymbolicTensor
from fastrnn.layers.shapes import Shape
from fastrnn.models.tracing import Graph, trace


def shapes_of(x: Any) -> Any:
    """Return the shape of an array, or the shapes of those in a list, tuple or dict."""
    if isinstance(x, dict):
        return {name: np.shape(array) for name, array in x.items()}
    if isinstance(x, (list, tuple)) and any(hasattr(array, "shape") for array in x):
        return [np.shape(array) for array in x]
    return np.shape(x)


def traced(model: Any, shapes: Any) -> Graph:
    """Return the graph that `call` makes for inputs of these shapes, batch first.

    The length of sequences is left open if the layers allow it.

    Raises
    ------
    ValueError
        If a layer refuses them, or if the layers that `call` calls depend on `training`: it is
        traced once, and layers such as Dropout handle training themselves.
    """
    try:
        return _traced(model, shapes, is_open=True)
    except (TypeError, ValueError):
        # Such as Flatten, which wants to know how many steps there are, or range(inputs.shape[1]).
        return _traced(model, shapes, is_open=False)


def _traced(model: Any, shapes: Any, is_open: bool) -> Graph:
    def start(shape: Shape) -> SymbolicTensor:
        sample = tuple(shape)[1:]
        is_sequence = is_open and len(shape) < 5 and sample
        return Input((None, *sample[1:]) if is_sequence else sample, dtype=model._starts_in)

    if isinstance(shapes, dict):
        given: Any = {name: start(shape) for name, shape in shapes.items()}
        inputs = list(given.values())
    elif isinstance(shapes, list):
        given = inputs = [start(shape) for shape in shapes]
    else:
        given = start(shapes)
        inputs = [given]
    if "training" not in inspect.signature(type(model).call).parameters:
        return trace(inputs, _listed(model.call(given)))
    graphs = [trace(inputs, _listed(model.call(given, training=t))) for t in (False, True)]
    kinds = [[layer.kind for layer in graph.layers] for graph in graphs]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"call of {type(model).__name__} calls other layers with training=True than without; "
            "it should call the same: Dropout and such know themselves when there is a training"
        )
    return graphs[0]


def _listed(outputs: Any) -> Sequence[Any]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
