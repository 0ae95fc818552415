"""The order in which Keras lists the layers of a model, and with them its weights."""

from __future__ import annotations

from fastrnn.layers import Layer
from fastrnn.layers.symbolic import Node
from fastrnn.models.tracing import Graph


def listed(graph: Graph) -> list[Layer]:
    """Return the layers of a graph as ``model.layers`` lists them, each once.

    As in Keras, the layers that are farthest from the outputs come first; the distance is the
    longest way, counted in calls.  Equally far ones stand in the order in which they are met on the
    way back from the outputs.  A model whose layers follow one another lists them as they follow.
    """
    depths: dict[Node, int] = {}
    of_layers: dict[Layer, int] = {}
    # A layer that is called twice stands as deep as its deepest call, and so do its calls.
    for node in reversed(graph.nodes):
        depth = max(depths.get(node, 0), of_layers.get(node.layer, 0))
        depths[node] = of_layers[node.layer] = depth
        for tensor in node.inputs:
            before = graph.node_of(tensor)
            depths[before] = max(depths.get(before, 0), depth + 1)
    met = _met(graph)
    return sorted(of_layers, key=lambda layer: (-of_layers[layer], met[layer]))


def _met(graph: Graph) -> dict[Layer, int]:
    """Return the place of every layer in a walk back from the outputs, depth first."""
    places: dict[Layer, int] = {}
    seen: set[Node] = set()
    waiting = [graph.node_of(tensor) for tensor in reversed(graph.outputs)]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            places.setdefault(node.layer, len(places))
            waiting += [graph.node_of(tensor) for tensor in reversed(node.inputs)]
    return places
