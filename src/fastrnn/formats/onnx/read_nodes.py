"""Reading nodes: their outputs are constants, sizes, states, or outputs of layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastrnn.formats.onnx.flow import Flow, Repeated, Sizes, StateInput
from fastrnn.formats.onnx.node import Node
from fastrnn.formats.onnx.read_axes import ARRANGING
from fastrnn.formats.onnx.read_layers import LAYERS

Values = dict[str, Any]

#: Maximum number of elements of a folded constant.
MOST_FOLDED = 1 << 26
#: Operators that are folded if all inputs are constant.
_FOLDABLE = {"Constant", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Concat", "Slice", "Cast",
             "Identity", "Gather", "Split", "Add", "Sub", "Mul", "Div", "Neg", "Sqrt", "Shape",
             "ConstantOfShape", "Expand"}  # fmt: skip


#: Operators that compute sizes from sizes.
_OF_SIZES = {"Gather", "Unsqueeze", "Squeeze", "Concat", "Slice", "Cast", "Add", "Sub", "Mul",
             "Div", "Identity", "Equal", "Where", "Reshape", "Max", "Min"}  # fmt: skip


def read_node(node: Node) -> Values:
    """Return the facts about the outputs of a node; layers are added to ``node.found``."""
    names = [name for name in node.proto.output if name]
    given = [node.values[name] for name in node.proto.input if name]
    if node.proto.domain != "":
        raise node.refusal("is of another domain than ONNX's own")
    if all(isinstance(value, np.ndarray) for value in given):
        return _folded(node)
    if node.op == "Shape":
        return {names[0]: Sizes()}
    if any(isinstance(value, Sizes) for value in given) and not any(
        isinstance(value, (Flow, StateInput)) for value in given
    ):
        return dict.fromkeys(names, _of_sizes(node))
    if isinstance(given[0], StateInput):
        return _of_state(node, given[0], names)
    if isinstance(given[0], Repeated):
        return dict.fromkeys(names, given[0])
    if isinstance(given[0], list) and node.op in ("Unsqueeze", "Squeeze", "Identity", "Transpose"):
        return dict.fromkeys(names, given[0])
    if isinstance(given[0], list) and node.op == "Gather":
        index = node.constant(1)
        if index is not None and not index.ndim and 0 <= index < len(given[0]):
            return {names[0]: given[0][int(index)]}
    rule = ARRANGING.get(node.op) or LAYERS.get(node.op)
    if rule is None:
        raise node.refusal("is no layer of fastrnn's")
    made = rule(node)
    answers = made if isinstance(made, tuple) else (made,)
    return {name: answer for name, answer in zip(node.proto.output, answers, strict=False) if name}


def _folded(node: Node) -> Values:
    """Compute a node of constants."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    if node.op not in _FOLDABLE:
        raise node.refusal("computes something of constants, which is not done here")
    arrays: list[Any] = [node.values[name] if name else None for name in node.proto.input]
    if node.op in ("ConstantOfShape", "Expand"):
        sizes = [max(int(one), 1) for one in arrays[-1].ravel()]
        total = math.prod(sizes) * (arrays[0].size if node.op == "Expand" else 1)
        if total > MOST_FOLDED:
            raise node.refusal(f"would make {total} numbers")
    names = [name for name in node.proto.input if name]
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(node.values[name].dtype), None
        )
        for name in dict.fromkeys(names)
    ]
    outputs = [helper.make_tensor_value_info(name, 1, None) for name in node.proto.output if name]
    graph = helper.make_graph([node.proto], "constants", inputs, outputs)
    try:
        evaluator = ReferenceEvaluator(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", node.opset)])
        )
        with np.errstate(all="ignore"):
            found = evaluator.run(None, {name: node.values[name] for name in names})
    except Exception as error:
        raise node.refusal(f"cannot be computed: {error}") from error
    made = [name for name in node.proto.output if name]
    if not all(isinstance(value, np.ndarray) for value in found):
        raise node.refusal("makes something else than arrays")
    return dict(zip(made, found, strict=True))


def _of_sizes(node: Node) -> Any:
    """Return the output of a node for unknown sizes: other sizes, or a repeated constant."""
    first = node.input(0)
    if node.op == "ConstantOfShape":
        value = node.attributes().get("value")
        if value is None or not np.any(value):
            return Repeated(None)
        if np.asarray(value).dtype.kind in "iub":
            return Sizes()
        raise node.refusal("fills with something else than zeros")
    if node.op == "Expand" and isinstance(first, np.ndarray):
        if first.dtype.kind != "f":
            return Sizes()
        if not first.any():
            return Repeated(None)
        vector = first.reshape(-1)
        if first.shape[-1] != first.size:
            raise node.refusal(f"repeats a constant of shape {first.shape}")
        return Repeated(vector)
    if node.op in _OF_SIZES:
        return Sizes()
    raise node.refusal("makes data of sizes that are not known beforehand")


def _of_state(node: Node, state: StateInput, names: list[str]) -> Values:
    """Follow a state input through nodes that rearrange it or take parts of it."""
    attributes = node.attributes()
    order = attributes.get("perm") or [0]
    keeps_last = node.op == "Transpose" and order[-1] == len(order) - 1
    if keeps_last or node.op in ("Unsqueeze", "Squeeze", "Expand", "Identity", "Cast"):
        return dict.fromkeys(names, state)
    if node.op == "Gather":
        index = node.constant(1)
        if index is not None and index.size == 1:
            part: tuple[int, ...] = (int(index.ravel()[0]),)
            return dict.fromkeys(names, StateInput(state.name, state.part + part))
    if node.op == "Slice":
        starts, ends = node.constant(1, "starts"), node.constant(2, "ends")
        if starts is not None and ends is not None and starts.shape == ends.shape:
            pairs = [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
            ones = tuple(start for start, end in pairs if end - start == 1)
            if all(end - start == 1 or start == 0 for start, end in pairs):
                return dict.fromkeys(names, StateInput(state.name, state.part + ones))
    if node.op == "Split" and attributes.get("axis", 0) == 0:
        return {
            name: StateInput(state.name, (*state.part, place)) for place, name in enumerate(names)
        }
    raise node.refusal(f"takes something of the state {state.name!r} that is not one layer's")
