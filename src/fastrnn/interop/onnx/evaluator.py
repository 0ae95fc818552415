"""``onnx.reference`` for the nodes of a graph, and the inferred types of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.proto import attributes_of, ordered_nodes
from fastrnn.formats.onnx.recurrent import GATES, described
from fastrnn.interop.onnx.nodes import Recurrent

if TYPE_CHECKING:
    from onnx import FunctionProto, ModelProto, NodeProto

#: Maximum number of nodes of a graph after inlining the functions of a file.
MOST_NODES = 1_000_000


@dataclass(frozen=True)
class Types:
    """The results of shape inference.

    Attributes
    ----------
    ranks : mapping of str to int
    floats : mapping of str to dtype
        The dtypes of values that are float32 or float64.
    """

    ranks: Mapping[str, int]
    floats: Mapping[str, np.dtype[Any]]


class Evaluator:
    """A model's nodes in order, each with its runner of ``onnx.reference``.

    RNN, GRU and LSTM nodes in subgraphs (the bodies of If, Loop and Scan) are run by fastrnn too.

    Attributes
    ----------
    nodes : list of NodeProto
    runners : list
        The runner of each node.
    types : Types
    """

    def __init__(self, model: ModelProto) -> None:
        """Prepare a model, and remove its initializers."""
        from onnx.reference import ReferenceEvaluator

        model = _without_functions(model)
        graph = model.graph
        known = {value.name for value in (*graph.input, *graph.initializer)}
        self.nodes = ordered_nodes(graph, known)
        del graph.node[:]
        graph.node.extend(self.nodes)
        self.nodes = list(graph.node)
        self.types = _types(model)
        self._attributes: dict[int, Any] = {}
        # the initializers are stored elsewhere
        del graph.initializer[:]
        try:
            whole = ReferenceEvaluator(model, new_ops=_recurrences())
        except CheckpointError:
            raise
        except Exception as error:  # NotImplementedError, RuntimeError, TypeError, ...
            raise CheckpointError(f"onnx.reference cannot prepare the graph: {error}") from error
        self.runners: list[Any] = list(whole.rt_nodes_)

    def attributes(self, index: int) -> dict[str, Any] | None:
        """Return the attributes of a node, or None if they are not plain values."""
        if index not in self._attributes:
            try:
                self._attributes[index] = attributes_of(self.nodes[index])
            except CheckpointError:
                self._attributes[index] = None
        found: dict[str, Any] | None = self._attributes[index]
        return found


def _types(model: ModelProto) -> Types:
    """Infer ranks and types from inputs, initializers and nodes, ignoring the file's value_info."""
    import onnx

    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    shapes = {tensor.name: len(tensor.dims) for tensor in model.graph.initializer}
    names = {value.name for value in bare.graph.input}
    # shapes are enough, and values may be large
    for tensor in bare.graph.initializer:
        small = tensor.data_type == onnx.TensorProto.INT64 and len(tensor.raw_data) <= 512
        if not small and tensor.name not in names:
            value = onnx.helper.make_tensor_value_info(
                tensor.name, tensor.data_type, list(tensor.dims)
            )
            bare.graph.input.append(value)
    kept = [tensor for tensor in bare.graph.initializer if len(tensor.raw_data) <= 512]
    del bare.graph.initializer[:]
    bare.graph.initializer.extend(kept)
    for output in bare.graph.output:
        output.ClearField("type")
    try:
        inferred = onnx.shape_inference.infer_shapes(bare, strict_mode=False)
    except Exception:
        return Types(shapes, {})  # then onnx.reference determines them at run time
    ranks: dict[str, int] = dict(shapes)
    floats: dict[str, np.dtype[Any]] = {}
    kinds = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.DOUBLE: np.float64}
    graph = inferred.graph
    for value in (*graph.input, *graph.value_info, *graph.output):
        if not value.type.HasField("tensor_type"):
            continue
        tensor = value.type.tensor_type
        if tensor.HasField("shape"):
            ranks[value.name] = len(tensor.shape.dim)
        if tensor.elem_type in kinds:
            floats[value.name] = np.dtype(kinds[tensor.elem_type])
    for tensor in graph.initializer:
        if tensor.data_type in kinds:
            floats[tensor.name] = np.dtype(kinds[tensor.data_type])
    return Types(ranks, floats)


def _without_functions(model: ModelProto) -> ModelProto:
    """Return a model with its functions inlined."""
    if not model.functions:
        return model
    from onnx import inliner

    counts: dict[tuple[str, str], int] = {}
    functions = {(each.domain, each.name): each for each in model.functions}
    total = sum(_size(node, functions, counts, ()) for node in model.graph.node)
    if total > MOST_NODES:
        raise CheckpointError(f"the functions of the model make {total} nodes of its graph")
    try:
        inlined: ModelProto = inliner.inline_local_functions(model)
        return inlined
    except Exception as error:
        raise CheckpointError(f"the functions of the model cannot be put in: {error}") from error


def _size(
    node: NodeProto,
    functions: Mapping[tuple[str, str], FunctionProto],
    counts: dict[tuple[str, str], int],
    within: tuple[tuple[str, str], ...],
) -> int:
    """Return the number of nodes that one expands to."""
    key = (str(node.domain), str(node.op_type))
    if key not in functions:
        return 1
    if key in within or len(within) > 100:
        raise CheckpointError(f"the function {node.op_type!r} of the model calls itself")
    if key not in counts:
        inner = functions[key].node
        counts[key] = sum(_size(each, functions, counts, (*within, key)) for each in inner)
    return counts[key]


def _recurrences() -> list[type[Any]]:
    """Return classes that ``onnx.reference`` uses for the recurrences inside other nodes."""
    from onnx.reference.op_run import OpRun

    def run(self: Any, X: Any, W: Any, R: Any, *more: Any, **attributes: Any) -> Any:
        rest: list[Any] = [*more, *[None] * (5 - len(more))]
        B, lengths, h, c, P = rest
        node = described(self.onnx_node)
        answers = Recurrent(node, W, R, B, P).run(X, lengths, h, c)
        return answers[: max(len(self.onnx_node.output), 1)]

    members: dict[str, Any] = {"op_domain": "", "_run": run}
    return [type(name, (OpRun,), dict(members)) for name in GATES]
