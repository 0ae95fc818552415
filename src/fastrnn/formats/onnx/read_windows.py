"""Nodes of normalization, convolution and pooling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.onnx.flow import Flow
from fastrnn.formats.onnx.node import Node, flow_of
from fastrnn.formats.onnx.read_axes import merged_directions

Array = NDArray[Any]

#: The epsilon of BatchNormalization, which is subtracted from the stored variance.
_EPSILON = 1e-3


def scaled(node: Node, flow: Flow, factor: Array, summand: Array) -> Flow:
    """Return data scaled and shifted for each feature."""
    n, dtype = flow.features, np.dtype(node.found.dtype)
    weights = {
        "gamma": factor.astype(dtype),
        "beta": summand.astype(dtype),
        "moving_mean": np.zeros(n, dtype),
        "moving_variance": np.full(n, 1 - _EPSILON, dtype),
    }
    place = node.found.add("BatchNormalization", [flow.place], weights, epsilon=_EPSILON)
    return replace(flow, place=(place, 0), dense=None, is_state=False)


def layer_normalization(node: Node) -> Flow:
    """Return data normalized over the features."""
    flow, given = flow_of(node), node.attributes()
    axis = given.get("axis", -1) % len(flow.axes)
    if axis != len(flow.axes) - 1 or flow.axes[axis] != "F":
        raise node.refusal(f"is over the axes from {axis} on of {flow.axes}")
    gamma, beta = node.constant(1), node.constant(2)
    weights = {name: one for name, one in (("gamma", gamma), ("beta", beta)) if one is not None}
    place = node.found.add(
        "LayerNormalization", [flow.place], weights,
        epsilon=float(given.get("epsilon", 1e-5)), center=beta is not None,
    )  # fmt: skip
    return replace(flow, place=(place, 0), dense=None, is_state=False, recurrent=None)


def batch_normalization(node: Node) -> Flow:
    """Return data normalized by the moving averages."""
    flow, given = flow_of(node), node.attributes()
    if len(flow.axes) < 2 or flow.axes[1] != "F" or given.get("training_mode"):
        raise node.refusal(f"normalizes data with the axes {flow.axes}")
    gamma, beta, mean, variance = (node.constant(place) for place in (1, 2, 3, 4))
    if gamma is None or beta is None or mean is None or variance is None:
        raise node.refusal("lacks a weight")
    factor = gamma / np.sqrt(variance.astype(np.float64) + given.get("epsilon", 1e-5))
    return scaled(node, flow, factor, beta - mean * factor)


def _windows(node: Node, size: int) -> dict[str, Any]:
    """Return strides, padding and dilation as arguments of layers."""
    given = node.attributes()
    stride, dilation = (given.get(name) or [1] for name in ("strides", "dilations"))
    pads, auto = list(given.get("pads") or [0, 0]), given.get("auto_pad", "NOTSET")
    reach = (size - 1) * dilation[0]
    padding = None
    if auto == "SAME_UPPER":
        padding = "same"
    elif auto in ("NOTSET", "VALID"):
        if auto == "VALID" or not any(pads):
            padding = "valid"
        elif pads == [reach, 0]:
            padding = "causal"
        elif stride == [1] and pads == [reach // 2, reach - reach // 2]:
            padding = "same"
    if padding is None or len(stride) != 1 or len(dilation) != 1 or given.get("ceil_mode"):
        raise node.refusal(f"has pads {pads} and auto_pad {auto}, which no layer has")
    return {"strides": stride[0], "padding": padding, "dilation_rate": dilation[0]}


def _steps_of(flow: Flow, size: int, windows: dict[str, Any]) -> int | None:
    if flow.steps is None:
        return None
    if windows["padding"] != "valid":
        return int(-(-flow.steps // windows["strides"]))
    reach = (size - 1) * windows["dilation_rate"] + 1
    return int(max(0, (flow.steps - reach) // windows["strides"] + 1))


def convolution(node: Node) -> Flow:
    """Return a convolution over the steps."""
    flow, kernel, bias = flow_of(node), node.constant(1), node.constant(2)
    if flow.axes != "BFT" or kernel is None or kernel.ndim != 3 or flow.is_reversed:
        raise node.refusal(f"is over data with the axes {flow.axes}", may_be_order=True)
    groups, size = node.attributes().get("group", 1), kernel.shape[2]
    if kernel.shape[1] * groups != flow.features:
        raise node.refusal(f"has {kernel.shape[1] * groups} channels of {flow.features}")
    windows = _windows(node, size)
    weights = {"kernel": kernel.transpose(2, 1, 0)} | ({} if bias is None else {"bias": bias})
    place = node.found.add(
        "Conv1D", [flow.place], weights, filters=len(kernel), kernel_size=size, groups=groups,
        use_bias=bias is not None, **windows,
    )  # fmt: skip
    return Flow((place, 0), "BFT", len(kernel), _steps_of(flow, size, windows))


def pooling(node: Node) -> Flow:
    """Return max or average pooling over windows of steps."""
    flow, given = flow_of(node), node.attributes()
    sizes = given["kernel_shape"]
    if flow.axes != "BFT" or len(sizes) != 1 or flow.is_reversed:
        raise node.refusal(f"is over data with the axes {flow.axes}", may_be_order=True)
    windows = _windows(node, sizes[0])
    if (
        windows["dilation_rate"] != 1
        or windows["padding"] == "causal"
        or (given.get("count_include_pad") and windows["padding"] != "valid")
    ):
        raise node.refusal("has windows that no layer has")
    kind = "MaxPooling1D" if node.op == "MaxPool" else "AveragePooling1D"
    place = node.found.add(
        kind, [flow.place], pool_size=sizes[0], strides=windows["strides"],
        padding=windows["padding"],
    )  # fmt: skip
    return Flow((place, 0), "BFT", flow.features, _steps_of(flow, sizes[0], windows))


def reduced(node: Node) -> Flow:
    """Sums over both directions, and pooling over all steps."""
    flow, given = flow_of(node), node.attributes()
    if node.op.startswith("Global"):
        axes, keeps = [place for place, a in enumerate(flow.axes) if a == "T"], True
    else:
        axes, keeps = node.axes(flow), bool(given.get("keepdims", 1))
    rest = "".join(
        a if place not in axes else "1" if keeps else "" for place, a in enumerate(flow.axes)
    )
    labels = {flow.axes[place] for place in axes}
    modes = {"ReduceSum": "sum", "ReduceMean": "ave", "ReduceProd": "mul"}
    is_both = node.found.layers[flow.place[0]]["class_name"] == "Bidirectional"
    if labels == {"D"} and is_both and node.op in modes:
        return merged_directions(node, flow.with_axes(rest), modes[node.op])
    kinds = {
        "ReduceMean": "GlobalAveragePooling1D",
        "GlobalAveragePool": "GlobalAveragePooling1D",
        "ReduceMax": "GlobalMaxPooling1D",
        "GlobalMaxPool": "GlobalMaxPooling1D",
    }
    if labels == {"T"} and node.op in kinds:
        place = node.found.add(kinds[node.op], [flow.place])
        return Flow((place, 0), rest, flow.features)
    raise node.refusal(f"is over the axes {''.join(sorted(labels))} of {flow.axes}", True)
