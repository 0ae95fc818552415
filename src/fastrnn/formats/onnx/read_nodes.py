"""A node of a graph as a layer, or as what only arranges axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.flow import Flow, Found, Repeated, Sizes, StateInput
from fastrnn.formats.onnx.proto import attributes_of, title_of

if TYPE_CHECKING:
    from onnx import NodeProto

Array = NDArray[Any]
Values = dict[str, Any]

#: Numbers that a node of constants may make.
MOST_FOLDED = 1 << 26
#: What is computed beforehand where all it reads is constant.
_FOLDABLE = {"Constant", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Concat", "Slice", "Cast",
             "Identity", "Gather", "Split", "Add", "Sub", "Mul", "Div", "Neg", "Sqrt", "Shape",
             "ConstantOfShape", "Expand"}  # fmt: skip


#: What makes sizes of sizes.
_OF_SIZES = {"Gather", "Unsqueeze", "Squeeze", "Concat", "Slice", "Cast", "Add", "Sub", "Mul",
             "Div", "Identity", "Equal", "Where", "Reshape", "Max", "Min"}  # fmt: skip


class Refusal(CheckpointError):
    """A graph is no model of layers.

    Attributes
    ----------
    may_be_order : bool
        Whether another order of the axes of its input may help.
    """

    def __init__(self, message: str, may_be_order: bool = False) -> None:
        super().__init__(message)
        self.may_be_order = may_be_order


@dataclass(frozen=True)
class Node:
    """A node that is read.

    Attributes
    ----------
    proto : NodeProto
    values : mapping
        What is known of the values before it.
    found : Found
        The layers, to which it adds.
    readers : mapping of str to int
        How many nodes and outputs read a value.
    opset : int
    state : callable
        Makes an input layer of a state, of so many units.
    """

    proto: NodeProto
    values: Mapping[str, Any]
    found: Found
    readers: Mapping[str, int]
    opset: int
    state: Callable[[StateInput, int], Flow]

    @property
    def op(self) -> str:
        """Which operator it is."""
        return str(self.proto.op_type)

    def input(self, place: int) -> Any:
        """Return what is known of an input; None if it is left out."""
        names = self.proto.input
        return self.values[names[place]] if place < len(names) and names[place] else None

    def attributes(self) -> dict[str, Any]:
        """Return its attributes."""
        return attributes_of(self.proto)

    def refusal(self, why: str, may_be_order: bool = False) -> Refusal:
        """Return the error that says why it is no layer."""
        return Refusal(f"{title_of(self.proto)} {why}", may_be_order)

    def constant(self, place: int, attribute: str = "") -> Array | None:
        """Return an input, or in older opsets an attribute, that is constant."""
        given = self.attributes().get(attribute) if attribute else None
        if given is not None:
            return np.asarray(given)
        value = self.input(place)
        if value is None or isinstance(value, np.ndarray):
            return value
        raise self.refusal("reads a size that is not known beforehand")

    def axes(self, flow: Flow, place: int = 1, extra: int = 0) -> list[int]:
        """Return axes that an input or the attribute names, from 0 on."""
        given, rank = self.constant(place, "axes"), len(flow.axes) + extra
        if given is None:
            return []
        found = sorted({int(axis) % rank for axis in given.ravel()})
        if not all(-rank <= int(axis) < rank for axis in given.ravel()):
            raise self.refusal(f"names the axes {given.tolist()} of {rank}")
        return found

    def is_read_once(self, place: int = 0) -> bool:
        """Return whether no other node reads an input."""
        return self.readers.get(self.proto.input[place], 0) == 1


def read_node(node: Node) -> Values:
    """Return what is known of the outputs of a node; layers are added to ``node.found``."""
    from fastrnn.formats.onnx.read_layers import LAYERS

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
    rule = _ARRANGING.get(node.op) or LAYERS.get(node.op)
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
    """Return what a node makes of sizes that are not known: others, or a constant repeated."""
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
    """Follow a state that is put in, through what arranges it and takes parts of it."""
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


# What arranges axes ------------------------------------------------------------------------


def flow_of(node: Node, place: int = 0) -> Flow:
    """Return an input that is data."""
    value = node.input(place)
    if not isinstance(value, Flow):
        raise node.refusal(f"reads {node.proto.input[place]!r}, which is no output of a layer")
    return value


def _same(node: Node) -> Flow:
    return flow_of(node)


def _cast(node: Node) -> Flow:
    from onnx import helper

    flow = flow_of(node)
    kind = np.dtype(helper.tensor_dtype_to_np_dtype(node.attributes()["to"]))
    fits = kind.kind in "iu" if flow.features == 0 else kind.name == node.found.dtype
    if not fits:
        raise node.refusal(f"casts data to {kind}")
    return flow


def _transpose(node: Node) -> Flow:
    flow = flow_of(node)
    order = node.attributes().get("perm") or range(len(flow.axes))[::-1]
    if sorted(order) != list(range(len(flow.axes))):
        raise node.refusal(f"has perm {list(order)} for {len(flow.axes)} axes")
    return flow.with_axes("".join(flow.axes[place] for place in order))


def _squeeze(node: Node) -> Flow:
    flow = flow_of(node)
    places = node.axes(flow)
    if not places:
        raise node.refusal("does not say which axes it takes away")
    if any(flow.axes[place] not in "1D" for place in places):
        raise node.refusal("takes away an axis that has more than one place", may_be_order=True)
    if any(flow.axes[place] == "D" for place in places) and _directions(node, flow) > 1:
        raise node.refusal("takes away the axis of two directions")
    return flow.with_axes("".join(a for i, a in enumerate(flow.axes) if i not in places))


def _unsqueeze(node: Node) -> Flow:
    flow = flow_of(node)
    given = node.constant(1, "axes")
    places = node.axes(flow, extra=0 if given is None else given.size)
    left = iter(flow.axes)
    count = len(flow.axes) + len(places)
    return flow.with_axes("".join("1" if i in places else next(left) for i in range(count)))


def _directions(node: Node, flow: Flow) -> int:
    is_both = node.found.layers[flow.place[0]]["class_name"] == "Bidirectional"
    return 2 if is_both else 1


def _reshape(node: Node) -> Flow:
    flow = flow_of(node)
    shape = node.input(1) if "shape" not in node.attributes() else node.constant(1, "shape")
    target = [int(one) for one in shape.ravel()] if isinstance(shape, np.ndarray) else None
    rank = None if target is None else len(target)
    axes = flow.axes.replace("1", "")
    if "D" in axes and _directions(node, flow) == 1:
        axes = axes.replace("D", "")
    width = flow.features
    if axes.endswith("DF") and rank in (len(axes) - 1, None):
        if target is not None and target[-1] not in (-1, 2 * width):
            raise node.refusal(f"gives both directions the shape {target}")
        return merged_directions(node, flow.with_axes(axes[:-2] + "F"), "concat")
    if axes == "BTF" and flow.steps is not None and target in _flat(flow.steps * width):
        place = node.found.add("Flatten", [flow.place])
        return Flow((place, 0), "BF", flow.steps * width)
    fits = target is None or target[-1] in (-1, width)
    if axes in ("BTF", "TBF") and rank == 2 and fits and target is not None:
        flat = {"BTF": "N", "TBF": "M"}[axes]
        if not (target[-1] == -1 and target[0] == 0):
            return flow.with_axes(flat + "F")
    if axes in ("NF", "MF") and rank in (3, None) and fits:
        return flow.with_axes({"N": "BTF", "M": "TBF"}[axes[0]])
    if rank in (len(axes), None) and fits:
        return flow.with_axes(axes)
    raise node.refusal(f"gives {flow.axes} the shape {target}", may_be_order=True)


def _flat(size: int) -> list[list[int]]:
    return [[0, -1], [-1, size], [0, size]]


def merged_directions(node: Node, flow: Flow, mode: str) -> Flow:
    """Return the output of a Bidirectional layer that puts its directions together."""
    config = node.found.config(flow.place[0])
    if config.get("merge_mode") not in (None, mode):
        raise node.refusal("puts two directions together that are also put together otherwise")
    config["merge_mode"] = mode
    if not flow.is_state or not config["layer"]["config"]["return_sequences"]:
        flow = replace(flow, place=(flow.place[0], 0), is_state=False)
    else:
        raise node.refusal("takes states of a layer whose steps are taken too")
    return replace(flow, features=flow.features * (2 if mode == "concat" else 1))


def _flatten(node: Node) -> Flow:
    flow, axis = flow_of(node), node.attributes().get("axis", 1)
    if flow.axes == "BF" and axis in (1, -1):
        return flow
    if flow.axes == "BTF" and axis == 1 and flow.steps is not None:
        place = node.found.add("Flatten", [flow.place])
        return Flow((place, 0), "BF", flow.steps * flow.features)
    raise node.refusal(f"flattens {flow.axes}", may_be_order=True)


def last_step(node: Node, flow: Flow, axes: str) -> Flow:
    """Return the last step of a recurrent layer, which need not return the others then."""
    place = flow.recurrent
    if place is None or flow.is_reversed or not node.is_read_once():
        raise node.refusal("takes one step of a sequence, which no layer does")
    config = node.found.config(place)
    if config.get("go_backwards") or config.get("return_state") or "layer" in config:
        raise node.refusal("takes one step of a sequence that is read backwards")
    config["return_sequences"] = False
    return replace(flow, axes=axes, recurrent=None, steps=None)


def _slice(node: Node) -> Flow:
    flow = flow_of(node)
    starts, ends = node.constant(1, "starts"), node.constant(2, "ends")
    axes, steps = node.constant(3, "axes"), node.constant(4)
    given = [one if one is None else one.ravel().tolist() for one in (starts, ends, axes, steps)]
    if any(one is not None and len(one) != 1 for one in given) or starts is None or ends is None:
        raise node.refusal("takes a part of data")
    start, end = int(given[0][0]), int(given[1][0])  # type: ignore[index]
    axis = 0 if given[2] is None else int(given[2][0]) % len(flow.axes)
    step = 1 if given[3] is None else int(given[3][0])
    if flow.axes[axis] == "T" and step == 1 and start == -1 and end > 2**30:
        return last_step(node, flow, flow.axes.replace("T", "1"))
    if flow.axes[axis] == "T" and step == -1 and start == -1 and end < -(2**30):
        return replace(flow, is_reversed=not flow.is_reversed, recurrent=None)
    if step == 1 and start == 0 and end > 2**30:
        return flow
    raise node.refusal("takes a part of data, which no layer does")


def _gather(node: Node) -> Flow:
    table, index = node.input(0), node.input(1)
    axis = node.attributes().get("axis", 0)
    if isinstance(table, np.ndarray) and isinstance(index, Flow):
        if table.ndim != 2 or axis != 0 or index.features:
            raise node.refusal("takes something else than rows of a table by tokens")
        place = node.found.add(
            "Embedding",
            [index.place],
            {"embeddings": table},
            input_dim=table.shape[0],
            output_dim=table.shape[1],
        )
        return Flow((place, 0), index.axes + "F", table.shape[1], index.steps)
    flow = flow_of(node)
    if not isinstance(index, np.ndarray) or index.size != 1:
        raise node.refusal("takes parts of data, which no layer does")
    axis, at = axis % len(flow.axes), int(index.ravel()[0])
    rest = flow.axes[:axis] + ("1" if index.ndim else "") + flow.axes[axis + 1 :]
    is_last = at == -1 or (flow.steps is not None and at == flow.steps - 1)
    if flow.axes[axis] == "T" and is_last:
        return last_step(node, flow, rest)
    if flow.axes[axis] == "D" and at in (0, -1) and _directions(node, flow) == 1:
        return flow.with_axes(rest)
    raise node.refusal("takes a part of data, which no layer does")


_ARRANGING: dict[str, Callable[[Node], Any]] = {
    "Identity": _same,
    "Dropout": _same,
    "Cast": _cast,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Slice": _slice,
    "Gather": _gather,
}
