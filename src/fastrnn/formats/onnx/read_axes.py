"""Nodes that rearrange axes, select a step, or look up rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fastrnn.formats.onnx.flow import Flow
from fastrnn.formats.onnx.node import Node, flow_of


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
    """Return the output of a Bidirectional layer that merges its directions."""
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
    """Return the last step of a recurrent layer, whose ``return_sequences`` becomes False."""
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


ARRANGING: dict[str, Callable[[Node], Any]] = {
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
