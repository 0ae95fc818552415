"""Nodes that are layers: recurrent layers, products, merging layers, and activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.onnx.flow import Flow, Repeated, StateInput
from fastrnn.formats.onnx.node import Node, flow_of
from fastrnn.formats.onnx.read_windows import (
    batch_normalization,
    convolution,
    layer_normalization,
    pooling,
    reduced,
    scaled,
)
from fastrnn.formats.onnx.recurrent import RecurrentNode, checked_weights, core_weights, described

Array = NDArray[Any]

_KINDS = {"RNN": "SimpleRNN", "GRU": "GRU", "LSTM": "LSTM"}


# Recurrent layers --------------------------------------------------------------------------


def _recurrent(node: Node) -> tuple[Any, ...]:
    about, flow = described(node.proto), flow_of(node)
    weights = [node.constant(place) for place in (1, 2, 3)]
    W, R, B = weights
    if W is None or R is None:
        raise node.refusal("has no weights")
    units = checked_weights(about, W, R, B)
    for direction in range(len(about.reverse)):
        lack = about.lacks(direction)
        if lack is not None:
            raise node.refusal(f"has {lack}, which no layer has")
    peepholes = node.input(7)
    if peepholes is not None and not (isinstance(peepholes, np.ndarray) and not peepholes.any()):
        raise node.refusal("has peepholes, which no layer has")
    lengths = node.input(4)
    if lengths is not None:
        raise node.refusal("has sequence_lens, which a model takes as a mask")
    if flow.axes != ("BTF" if about.layout else "TBF"):
        raise node.refusal(f"reads data with the axes {flow.axes}", may_be_order=True)
    if flow.is_reversed:
        raise node.refusal("reads steps in the other order")
    if W.shape[2] != flow.features:
        raise node.refusal(f"has weights for {W.shape[2]} features and reads {flow.features}")
    outputs = [*node.proto.output, "", "", ""][:3]
    uses = [bool(name) and node.readers.get(name, 0) > 0 for name in outputs]
    if not any(uses):
        uses[0] = True
    config = _config(about, units, uses)
    reads, learned = _initial(node, about, units)
    weights_of = [_weights(about, direction, W, R, B) for direction in range(len(about.reverse))]
    if len(about.reverse) == 1:
        layer_weights = {**weights_of[0], **learned}
        kind = _KINDS[about.op]
        place = node.found.add(kind, [flow.place, *reads], layer_weights, **config)
    else:
        place = _bidirectional(node, about, config, [flow.place, *reads], weights_of)
    return _outputs(node, about, flow, place, units, uses)


def _config(about: RecurrentNode, units: int, uses: list[bool]) -> dict[str, Any]:
    names = about.core_activations(0)
    assert names is not None
    config: dict[str, Any] = {
        "units": units,
        "activation": names[0],
        "return_sequences": uses[0],
        "return_state": uses[2] or (uses[0] and uses[1]),
    }
    if about.op != "RNN":
        config["recurrent_activation"] = names[1]
    if about.op == "GRU":
        config["reset_after"] = about.linear_before_reset
    if about.reverse == (True,):
        config["go_backwards"] = True
    return config


def _weights(
    about: RecurrentNode, direction: int, W: Array, R: Array, B: Array | None
) -> dict[str, Array]:
    wx, ws, bs, *bx = core_weights(about, direction, W, R, B)
    bias = np.stack([bx[0][:, 0], bs[:, 0]]) if bx else bs[:, 0]
    return {"kernel": wx.T, "recurrent_kernel": ws.T, "bias": bias}


def _initial(
    node: Node, about: RecurrentNode, units: int
) -> tuple[list[tuple[int, int]], dict[str, Array]]:
    """Return the input layers of the initial states, or trained initial states."""
    states = [node.input(place) for place in (5, 6)[: about.states]]
    plain = [_plain(node, state, units) for state in states]
    if all(state is None for state in plain):
        return [], {}
    two = len(about.reverse) > 1
    if all(isinstance(state, StateInput) for state in plain):
        if two:
            plain = [
                StateInput(state.name, (*state.part, place)) for place in (0, 1) for state in plain
            ]
        return [node.state(state, units).place for state in plain], {}
    if two or any(isinstance(state, (StateInput, Flow)) for state in plain):
        raise node.refusal("has initial states that no layer can have")
    names = ("initial_state", "initial_cell")
    zeros = np.zeros(units, node.found.dtype)
    learned = {
        name: zeros if state is None else state for name, state in zip(names, plain, strict=False)
    }
    return [], learned


def _plain(node: Node, state: Any, units: int) -> Any:
    """Return an initial state: None for zeros, a vector, or a state input."""
    if state is None or isinstance(state, StateInput):
        return state
    if isinstance(state, Repeated):
        return state.vector
    if isinstance(state, np.ndarray):
        if not state.any():
            return None
        rows = state.reshape(-1, units)
        if len(state) == 1 and (rows == rows[0]).all():
            return rows[0]
    raise node.refusal("has an initial state that no layer can have")


def _bidirectional(
    node: Node,
    about: RecurrentNode,
    config: dict[str, Any],
    reads: list[tuple[int, int]],
    weights: list[dict[str, Array]],
) -> int:
    kind, dtype = _KINDS[about.op], node.found.dtype
    both = {
        f"{which}_{name}": array
        for which, arrays in zip(("forward", "backward"), weights, strict=True)
        for name, array in arrays.items()
    }
    own: dict[str, Any] = {"name": kind.lower(), "dtype": dtype, **config}
    inner = {"class_name": kind, "config": own}
    more: dict[str, Any] = {"merge_mode": None, "layer": inner}
    if about.activations[0] != about.activations[1]:
        names = about.core_activations(1)
        assert names is not None
        other = {**own, "activation": names[0], "go_backwards": True}
        if about.op != "RNN":
            other["recurrent_activation"] = names[1]
        more["backward_layer"] = {"class_name": kind, "config": other}
    return node.found.add("Bidirectional", reads, both, **more)


def _outputs(
    node: Node, about: RecurrentNode, flow: Flow, place: int, units: int, uses: list[bool]
) -> tuple[Any, ...]:
    two = len(about.reverse) > 1
    learned = f"{node.found.name(place)}/initial_state" in node.found.tensors
    if learned:
        node.found.config(place)["learn_initial_state"] = True
    steps_axes = "BTDF" if about.layout else "TDBF"
    state_axes = "BDF" if about.layout else "DBF"
    backwards = about.reverse == (True,)
    sequences = Flow(
        (place, 0), steps_axes, units, flow.steps, None if two else place, None, backwards
    )
    if two:
        return sequences, *_states_of_both(about, place, state_axes, units, uses)
    alone = not uses[0]
    state = Flow((place, 0 if alone else 1), state_axes, units, is_state=True)
    return sequences, state, replace(state, place=(place, 2))


def _states_of_both(
    about: RecurrentNode, place: int, axes: str, units: int, uses: list[bool]
) -> tuple[Any, ...]:
    """Return the final states of both directions, merged if the steps are not used."""
    apart = [
        [
            Flow((place, 1 + which + back * about.states), "BF", units, is_state=True)
            for back in (0, 1)
        ]
        for which in range(about.states)
    ]
    if uses[0]:
        return tuple(apart)
    return (Flow((place, 0), axes, units, is_state=True), *apart[1:])


# Products ----------------------------------------------------------------------------------


def _matmul(node: Node) -> Flow:
    flow, kernel = flow_of(node), node.constant(1)
    if kernel is None or kernel.ndim != 2 or not flow.axes.endswith("F"):
        raise node.refusal("multiplies something else than features by a matrix")
    return _dense(node, flow, kernel)


def _dense(node: Node, flow: Flow, kernel: Array) -> Flow:
    if len(kernel) != flow.features:
        raise node.refusal(f"multiplies {flow.features} features by {len(kernel)} rows")
    place = node.found.add(
        "Dense", [flow.place], {"kernel": kernel}, units=kernel.shape[1], use_bias=False
    )
    return replace(
        flow, place=(place, 0), features=kernel.shape[1], dense=place, is_state=False,
        recurrent=flow.recurrent if node.is_read_once() else None,
    )  # fmt: skip


def _gemm(node: Node) -> Flow:
    flow, kernel, given = flow_of(node), node.constant(1), node.attributes()
    bias = node.constant(2)
    if kernel is None or kernel.ndim != 2 or len(flow.axes) != 2 or given.get("transA"):
        raise node.refusal(f"multiplies data with the axes {flow.axes}")
    kernel = (kernel.T if given.get("transB") else kernel) * kernel.dtype.type(
        given.get("alpha", 1.0)
    )
    made = _dense(node, flow, kernel)
    if bias is None:
        return made
    bias = bias * bias.dtype.type(given.get("beta", 1.0))
    return _with_bias(node, made, bias)


def _with_bias(node: Node, flow: Flow, bias: Array) -> Flow:
    assert flow.dense is not None
    if bias.size not in (1, flow.features) or bias.shape[-1:] not in ((bias.size,), ()):
        raise node.refusal(f"adds numbers of shape {bias.shape} to {flow.features} features")
    vector = np.broadcast_to(bias.reshape(-1), (flow.features,))
    node.found.config(flow.dense)["use_bias"] = True
    node.found.tensors[f"{node.found.name(flow.dense)}/bias"] = np.ascontiguousarray(vector)
    return flow


def _combined(node: Node) -> Flow:
    """Add, Sub, Mul, Div: of two outputs, or of an output and constants for each feature."""
    one, other = node.input(0), node.input(1)
    if isinstance(one, Flow) and isinstance(other, Flow):
        return _merged(node, one, other)
    flow, constant = (one, other) if isinstance(one, Flow) else (other, one)
    if not isinstance(flow, Flow) or not isinstance(constant, np.ndarray):
        raise node.refusal("computes with something that is not data")
    shape = (1,) * (len(flow.axes) - constant.ndim) + constant.shape
    fits = len(shape) == len(flow.axes) and "F" in flow.axes
    place = flow.axes.find("F")
    if not fits or any(extent != 1 for at, extent in enumerate(shape) if at != place):
        raise node.refusal(f"computes with constants of shape {constant.shape}")
    bare = flow.dense is not None and not node.found.config(flow.dense)["use_bias"]
    once = node.is_read_once(0 if flow is one else 1)
    if node.op == "Add" and bare and once:
        return _with_bias(node, flow, constant)
    factor, summand = np.ones(flow.features), np.zeros(flow.features)
    vector = np.broadcast_to(constant.reshape(-1), (flow.features,)).astype(np.float64)
    with np.errstate(all="ignore"):
        if node.op == "Add":
            summand = vector
        elif node.op == "Sub":
            summand = -vector if flow is one else vector
            factor = factor if flow is one else -factor
        elif node.op == "Mul":
            factor = vector
        elif flow is one:
            factor = 1 / vector
        else:
            raise node.refusal("divides constants by data")
    return scaled(node, flow, factor, summand)


_MERGES = {"Add": "Add", "Sub": "Subtract", "Mul": "Multiply", "Max": "Maximum", "Min": "Minimum"}


def _merged(node: Node, one: Flow, other: Flow) -> Flow:
    plain = [flow.axes.replace("1", "").replace("D", "") for flow in (one, other)]
    if node.op not in _MERGES or plain[0] != plain[1] or one.is_reversed != other.is_reversed:
        raise node.refusal(f"puts together data with the axes {one.axes} and {other.axes}")
    if one.features != other.features:
        raise node.refusal(f"puts together {one.features} and {other.features} features")
    place = node.found.add(_MERGES[node.op], [one.place, other.place])
    return Flow((place, 0), one.axes, one.features, one.steps, is_reversed=one.is_reversed)


def _concat(node: Node) -> Any:
    values = [node.input(place) for place in range(len(node.proto.input))]
    flows: list[Flow] = []
    for value in values:
        flows += value if isinstance(value, list) else [value]
    if not all(isinstance(flow, Flow) for flow in flows):
        raise node.refusal("joins data with something else")
    axis = node.attributes()["axis"] % len(flows[0].axes)
    beside = any(isinstance(value, list) for value in values) or flows[0].axes[axis] in "1D"
    if beside and all(flow.is_state for flow in flows):
        return flows  # concatenated states, which the model returns separately
    if any(flow.axes != flows[0].axes for flow in flows) or flows[0].axes[axis] != "F":
        raise node.refusal(f"joins data with the axes {[flow.axes for flow in flows]}")
    if any(flow.is_reversed for flow in flows):
        raise node.refusal("joins steps in the other order")
    place = node.found.add("Concatenate", [flow.place for flow in flows])
    total = sum(flow.features for flow in flows)
    return Flow((place, 0), flows[0].axes, total, flows[0].steps)


# Activations -------------------------------------------------------------------------------

_PLAIN = {"Tanh": "tanh", "Sigmoid": "sigmoid", "Relu": "relu", "Softplus": "softplus",
          "Softsign": "softsign", "Exp": "exponential", "Mish": "mish"}  # fmt: skip


def _activation(node: Node) -> Flow:
    flow, given = flow_of(node), node.attributes()
    if node.op in _PLAIN:
        return _activated(node, flow, _PLAIN[node.op])
    if node.op in ("Softmax", "LogSoftmax"):
        axis = given.get("axis", -1 if node.opset >= 13 else 1) % len(flow.axes)
        if flow.axes[axis] != "F" or axis != len(flow.axes) - 1:
            raise node.refusal(f"is over the axis {axis} of {flow.axes}")
        return _activated(node, flow, "softmax" if node.op == "Softmax" else "log_softmax")
    alpha = float(np.float32(given.get("alpha", _ALPHAS.get(node.op, 0.0))))
    if node.op == "HardSigmoid":
        beta = float(np.float32(given.get("beta", 0.5)))
        for slope, name in ((1 / 6, "hard_sigmoid"), (0.2, "hard_sigmoid_keras2")):
            if np.float32(slope) == np.float32(alpha) and beta == 0.5:
                return _activated(node, flow, name)
        raise node.refusal(f"has alpha={alpha:g} and beta={beta:g}")
    if node.op == "Elu":
        return _layer(node, flow, "ELU", alpha=alpha)
    if node.op == "LeakyRelu":
        return _layer(node, flow, "LeakyReLU", negative_slope=alpha)
    if node.op == "Selu":
        gamma = given.get("gamma", 1.05070098735)
        if abs(alpha - 1.67326324) < 1e-5 and abs(gamma - 1.05070098) < 1e-5:
            return _activated(node, flow, "selu")
    if node.op == "Gelu" and given.get("approximate", "none") == "none":
        return _activated(node, flow, "gelu")
    if node.op == "Clip":
        least, most = node.constant(1, "min"), node.constant(2, "max")
        if least is not None and most is not None and not least.any() and most.size == 1:
            return _layer(node, flow, "ReLU", max_value=float(most.ravel()[0]))
    raise node.refusal("has numbers that no activation of fastrnn's has")


_ALPHAS = {"Elu": 1.0, "LeakyRelu": 0.01, "HardSigmoid": 0.2, "Selu": 1.67326324}


def _activated(node: Node, flow: Flow, name: str) -> Flow:
    if flow.dense is not None and node.is_read_once():
        node.found.config(flow.dense)["activation"] = name
        return replace(flow, dense=None)
    return _layer(node, flow, "Activation", activation=name)


def _layer(node: Node, flow: Flow, kind: str, **config: Any) -> Flow:
    """Add a layer that computes elements or steps independently."""
    place = node.found.add(kind, [flow.place], **config)
    return replace(
        flow, place=(place, 0), dense=None, is_state=False,
        recurrent=flow.recurrent if node.is_read_once() else None,
    )  # fmt: skip


LAYERS: dict[str, Callable[[Node], Any]] = {
    **dict.fromkeys(_KINDS, _recurrent),
    "MatMul": _matmul,
    "Gemm": _gemm,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min"), _combined),
    "Concat": _concat,
    **dict.fromkeys(
        (*_PLAIN, "Softmax", "LogSoftmax", "HardSigmoid", "Elu", "LeakyRelu", "Selu", "Gelu",
         "Clip"), _activation,
    ),
    "LayerNormalization": layer_normalization,
    "BatchNormalization": batch_normalization,
    "Conv": convolution,
    **dict.fromkeys(("MaxPool", "AveragePool"), pooling),
    **dict.fromkeys(("ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "GlobalAveragePool",
                     "GlobalMaxPool"), reduced),
}  # fmt: skip
