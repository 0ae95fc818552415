"""Making the table of a model's layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fastrnn.layers import Layer
from fastrnn.layers.contract import Contract
from fastrnn.layers.shapes import one_or_all
from fastrnn.models.nested import ModelLayer
from fastrnn.models.summary import Row, Table, row_of
from fastrnn.models.tracing import Graph


def table_of(
    title: str,
    layers: Sequence[Layer],
    graph: Graph | None,
    trained: int,
    is_chain: bool,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> Table:
    """Return the table of a model.

    Parameters
    ----------
    title : str
    layers : sequence of Layer
        In the order of the table.
    graph : Graph or None
        None: the model is not built.
    trained : int
        Number of trainable parameters.
    is_chain : bool
        Whether the layers form a chain.
    expand_nested, show_trainable, layer_range :
        As of :meth:`fastrnn.models.Model.summary`.
    """
    total = sum(layer.count_params() for layer in layers if layer.built)
    shown = layers if layer_range is None else _between(layers, layer_range)
    rows = _rows(shown, graph, expand_nested, "")
    return Table(title, rows, total, trained, is_chain, show_trainable)


def _rows(
    layers: Sequence[Layer], graph: Graph | None, expand_nested: bool, indent: str
) -> list[Row]:
    shapes: dict[Contract, Any] = {}
    reads: dict[Contract, list[str]] = {}
    for node in [] if graph is None else graph.nodes:
        assert graph is not None
        shapes[node.layer] = one_or_all([tensor.shape for tensor in node.outputs])
        names = [graph.node_of(tensor).layer.name for tensor in node.inputs]
        reads[node.layer] = reads.get(node.layer, []) + names
    rows = []
    for layer in layers:
        rows.append(row_of(layer, shapes.get(layer), reads.get(layer, ()), indent))
        if expand_nested and isinstance(layer, ModelLayer):
            inside = layer.graph if layer.model._is_known else None
            deeper = f"   {indent}" if indent else "└ "
            rows += _rows(layer.model._listed(), inside, True, deeper)
    return rows


def _between(layers: Sequence[Layer], layer_range: Sequence[str]) -> Sequence[Layer]:
    """Return the layers from the first to the last whose names match two patterns."""
    names = [layer.name for layer in layers]
    found = [
        [place for place, name in enumerate(names) if re.match(str(pattern), name)]
        for pattern in layer_range
    ]
    if len(found) != 2 or not all(found):
        raise ValueError(
            f"layer_range is {layer_range!r}; it should have two names of layers, or patterns of "
            f"names: {', '.join(names)}"
        )
    places = found[0] + found[1]
    return layers[min(places) : max(places) + 1]
