"""The layers of a graph in the order in which Keras lists them."""

from __future__ import annotations

from fastrnn.formats import order
from fastrnn.layers import Layer
from fastrnn.layers.contract import Contract
from fastrnn.models.tracing import Graph


def listed(graph: Graph) -> list[Layer]:
    """Return the layers of a graph as ``model.layers`` lists them, each once.

    See :func:`fastrnn.formats.order.listed`.
    """
    places = {node: place for place, node in enumerate(graph.nodes)}
    layers = graph.layers
    numbers: dict[Contract, int] = {layer: number for number, layer in enumerate(layers)}
    found = order.listed(
        [numbers[node.layer] for node in graph.nodes],
        [[places[graph.node_of(tensor)] for tensor in node.inputs] for node in graph.nodes],
        [places[graph.node_of(tensor)] for tensor in graph.outputs],
    )
    return [layers[number] for number in found]
