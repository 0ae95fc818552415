"""Building a stream, which computes a graph of layers step by step."""

from __future__ import annotations

from fastrnn._core import stage
from fastrnn.models.stream import Stream
from fastrnn.models.tracing import Graph

#: Approximate number of outputs of the steps that are computed at once, so that they stay in the
#: second-level cache.
NUMBERS_AT_ONCE = 32_768
#: More steps at once save nothing.
STEPS_AT_ONCE = 64


def stream(graph: Graph, streams: int | None) -> Stream:
    """Return a stream of a graph; see :meth:`fastrnn.models.Model.stream`."""
    start = graph.require_steps()
    tokens = _tokens(graph)
    features = 1 if tokens else start.shape[-1]
    assert features is not None
    count = 1 if streams is None else streams
    widest = max(tensor.shape[-1] or 1 for node in graph.nodes for tensor in node.outputs)
    # the factor allows for gates and states
    steps = max(1, min(STEPS_AT_ONCE, NUMBERS_AT_ONCE // (6 * widest * count)))
    stages = [stage.source(features, count, steps, graph.outputs[0].layer.dtype)]
    reads: list[tuple[int, ...]] = [()]
    places = {start: 0}
    for node in graph.nodes:
        if not node.inputs:
            continue
        found = tuple(places[tensor] for tensor in node.inputs)
        for tensor in node.inputs:
            if graph.uses[tensor] > 1:
                stages[places[tensor]].needs_output = True
        for one in node.layer.stages_of([stages[place] for place in found]):
            stages.append(one)
            reads.append(found)
            found = (len(stages) - 1,)
        places[node.outputs[0]] = found[0]
    if places[graph.outputs[0]] != len(stages) - 1 or len(stages) == 1:
        raise ValueError("the model computes nothing, so there is nothing to stream")
    return Stream(stages, reads, streams is not None, tokens)


def _tokens(graph: Graph) -> int:
    """Return the vocabulary size of the input; 0 if it is not tokens."""
    start = graph.inputs[0]
    if not graph.takes_tokens(start):
        return 0
    return graph.readers(start)[0][0].token_count
