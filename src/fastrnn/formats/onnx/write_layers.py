"""Writing layers without states as ONNX nodes: a function for each class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.graph import Builder, Value

Array = NDArray[Any]


@dataclass(frozen=True)
class Layer:
    """A layer to write.

    Attributes
    ----------
    builder : Builder
    kind : str
        Name of its class.
    name : str
        Its name in error messages and nodes.
    config : mapping
    weights : mapping of str to ndarray
        Weights by name, such as "kernel".
    inputs : sequence of Value
    """

    builder: Builder
    kind: str
    name: str
    config: Mapping[str, Any]
    weights: Mapping[str, Array]
    inputs: Sequence[Value]

    @property
    def x(self) -> Value:
        """The first input."""
        return self.inputs[0]

    def weight(self, name: str, array: Array | None = None) -> str:
        """Return the name of a weight in the graph."""
        found = self.weights[name] if array is None else array
        return self.builder.constant(f"{self.name}/{name}", found)

    def refusal(self, argument: str, value: Any, why: str) -> CheckpointError:
        """Return the error for an argument that ONNX lacks."""
        return CheckpointError(f"{argument} of {self.name} is {value!r}: {why}")

    def activated(self, x: str) -> str:
        """Return a value with the activation of the layer applied."""
        kind = str(self.config.get("activation", "linear"))
        found = self.builder.activation(kind, x, self.name)
        if found is None:
            raise self.refusal("activation", kind, "nothing of ONNX does the same")
        return found

    def same(self, name: str) -> Value:
        """Return a value with the rank and the mask of the input."""
        return Value(name, self.x.rank, self.x.mask)


def _dense(layer: Layer) -> Value:
    y = layer.builder.one("MatMul", [layer.x.name, layer.weight("kernel")], layer.name)
    if layer.config.get("use_bias", True):
        y = layer.builder.one("Add", [y, layer.weight("bias")], layer.name)
    return layer.same(layer.activated(y))


def _activation(layer: Layer) -> Value:
    return layer.same(layer.activated(layer.x.name))


def _as_it_is(layer: Layer) -> Value:
    return layer.x


def _embedding(layer: Layer) -> Value:
    builder, tokens = layer.builder, layer.x.name
    rows = builder.one("Gather", [layer.weight("embeddings"), tokens], layer.name, axis=0)
    mask = None
    if layer.config.get("mask_zero"):
        nothing = builder.constant("no_token", np.array(0, np.int64))
        mask = builder.one("Not", [builder.one("Equal", [tokens, nothing])], layer.name)
    return Value(rows, layer.x.rank + 1, mask)


def _one_hot(layer: Layer) -> Value:
    rows = np.eye(layer.config["num_tokens"], dtype=layer.builder.dtype)
    table = layer.weight("one_hot", rows)
    found = layer.builder.one("Gather", [table, layer.x.name], layer.name, axis=0)
    return Value(found, layer.x.rank + 1)


def _masking(layer: Layer) -> Value:
    builder = layer.builder
    value = builder.number(layer.config.get("mask_value", 0.0))
    differs = builder.one("Not", [builder.one("Equal", [layer.x.name, value])], layer.name)
    counts = builder.one("Cast", [differs], to=6)
    any_differs = builder.one("ReduceMax", [counts], axes=[-1], keepdims=1)
    shown = builder.one("Cast", [any_differs], to=9)
    y = builder.one("Mul", [layer.x.name, builder.as_numbers(shown)], layer.name)
    return Value(y, layer.x.rank, builder.squeezed(shown, -1))


def _apply_mask(layer: Layer) -> Value:
    x, mask = layer.inputs
    shown = layer.builder.as_numbers(layer.builder.unsqueezed(mask.name, 2))
    y = layer.builder.one("Mul", [x.name, shown], layer.name)
    return Value(y, x.rank, mask.name)


def _places(layer: Layer) -> list[int]:
    axes = layer.config["axis"]
    return sorted(axis % layer.x.rank for axis in (axes if isinstance(axes, list) else [axes]))


def _spread(layer: Layer, vector: Array) -> Array:
    """Return a weight in a shape that broadcasts to that of the input."""
    extents = iter(vector.shape)
    places = _places(layer)
    shape = [next(extents) if place in places else 1 for place in range(places[0], layer.x.rank)]
    return vector.reshape(shape)


def _layer_normalization(layer: Layer) -> Value:
    builder, x, places = layer.builder, layer.x, _places(layer)
    gamma, beta = (layer.weights.get(name) for name in ("gamma", "beta"))
    epsilon = layer.config["epsilon"]
    if places == list(range(places[0], x.rank)) and gamma is not None and builder.dtype == "f":
        names = [x.name, layer.weight("gamma")]
        names += [] if beta is None else [layer.weight("beta")]
        return layer.same(builder.one("LayerNormalization", names, layer.name,
                                      axis=places[0] - x.rank, epsilon=epsilon))  # fmt: skip
    mean = builder.one("ReduceMean", [x.name], layer.name, axes=places, keepdims=1)
    centred = builder.one("Sub", [x.name, mean], layer.name)
    square = builder.one("Mul", [centred, centred], layer.name)
    variance = builder.one("ReduceMean", [square], layer.name, axes=places, keepdims=1)
    spread = builder.one("Add", [variance, builder.number(epsilon)], layer.name)
    y = builder.one("Div", [centred, builder.one("Sqrt", [spread])], layer.name)
    for op, name, weight in (("Mul", "gamma", gamma), ("Add", "beta", beta)):
        if weight is not None:
            y = builder.one(op, [y, layer.weight(name, _spread(layer, weight))], layer.name)
    return layer.same(y)


def _batch_normalization(layer: Layer) -> Value:
    """Write a batch normalization with its moving averages, as scale and offset."""
    weights = {name: np.asarray(one, np.float64) for name, one in layer.weights.items()}
    factor = 1 / np.sqrt(weights["moving_variance"] + layer.config["epsilon"])
    factor = factor * weights.get("gamma", 1.0)
    summand = weights.get("beta", 0.0) - weights["moving_mean"] * factor
    y, dtype = layer.x.name, layer.builder.dtype
    for op, name, vector in (("Mul", "factor", factor), ("Add", "summand", summand)):
        weight = layer.weight(name, _spread(layer, vector.astype(dtype)))
        y = layer.builder.one(op, [y, weight], layer.name)
    return layer.same(y)


def _windows(layer: Layer, size: int) -> dict[str, Any]:
    """Return the attributes of windows of `size` steps."""
    config = layer.config
    padding, stride = config.get("padding", "valid"), config.get("strides") or size
    dilation = config.get("dilation_rate", 1)
    found: dict[str, Any] = {"kernel_shape": [size], "strides": [stride]}
    if dilation != 1:
        found["dilations"] = [dilation]
    reach = (size - 1) * dilation
    if padding == "causal":
        found["pads"] = [reach, 0]
    elif padding == "same" and stride == 1:
        found["pads"] = [reach // 2, reach - reach // 2]
    elif padding == "same":
        found["auto_pad"] = "SAME_UPPER"
    return found


def _convolution(layer: Layer) -> Value:
    builder, config = layer.builder, layer.config
    bias = [layer.weight("bias")] if config.get("use_bias", True) else []
    windows = _windows(layer, config["kernel_size"])
    y = builder.turned(layer.x.name, 0, 2, 1)
    if layer.kind == "Conv1D":
        kernel = layer.weight("kernel", np.asarray(layer.weights["kernel"]).transpose(2, 1, 0))
        group = config.get("groups", 1)
    else:  # a group for each feature
        name = "depthwise_kernel" if layer.kind == "SeparableConv1D" else "kernel"
        array = np.asarray(layer.weights[name])
        size, group, _ = array.shape
        kernel = layer.weight(name, array.transpose(1, 2, 0).reshape(-1, 1, size))
    if layer.kind == "SeparableConv1D":
        y = builder.one("Conv", [y, kernel], layer.name, group=group, **windows)
        array = np.asarray(layer.weights["pointwise_kernel"])
        kernel, group = layer.weight("pointwise_kernel", array.transpose(2, 1, 0)), 1
        windows = {"kernel_shape": [1]}
    y = builder.one("Conv", [y, kernel, *bias], layer.name, group=group, **windows)
    return Value(layer.activated(builder.turned(y, 0, 2, 1)), 3)


def _pooling(layer: Layer) -> Value:
    op = "MaxPool" if layer.kind == "MaxPooling1D" else "AveragePool"
    builder, windows = layer.builder, _windows(layer, layer.config["pool_size"])
    y = builder.one(op, [builder.turned(layer.x.name, 0, 2, 1)], layer.name, **windows)
    return Value(builder.turned(y, 0, 2, 1), 3)


def _global_pooling(layer: Layer) -> Value:
    builder, x = layer.builder, layer.x
    keeps = bool(layer.config.get("keepdims", False))
    options = {"axes": [1], "keepdims": int(keeps)}
    rank = 3 if keeps else 2
    if layer.kind == "GlobalMaxPooling1D":
        return Value(builder.one("ReduceMax", [x.name], layer.name, **options), rank)
    if x.mask is None:
        return Value(builder.one("ReduceMean", [x.name], layer.name, **options), rank)
    shown = builder.as_numbers(builder.unsqueezed(x.mask, 2))
    axis = builder.integers(1)
    counted = builder.one("Mul", [x.name, shown], layer.name)
    total = builder.one("ReduceSum", [counted, axis], layer.name, keepdims=int(keeps))
    count = builder.one("ReduceSum", [shown, axis], layer.name, keepdims=int(keeps))
    count = builder.one("Max", [count, builder.number(1)])
    return Value(builder.one("Div", [total, count], layer.name), rank)


def _merging(layer: Layer) -> Value:
    builder, rank = layer.builder, max(value.rank for value in layer.inputs)
    names = [
        builder.unsqueezed(value.name, *range(1, 1 + rank - value.rank))
        if value.rank < rank
        else value.name
        for value in layer.inputs
    ]
    masks = [value.mask for value in layer.inputs]
    if layer.kind == "Multiply" and any(masks):
        raise CheckpointError(f"{layer.name} multiplies steps with a mask, which is not written")
    if layer.kind in ("Maximum", "Minimum"):
        y = builder.one("Max" if layer.kind == "Maximum" else "Min", names, layer.name)
    else:
        op = {"Subtract": "Sub", "Multiply": "Mul"}.get(layer.kind, "Add")
        y = names[0]
        for other in names[1:]:
            y = builder.one(op, [y, other], layer.name)
        if layer.kind == "Average":
            share = builder.constant(f"{layer.name}/share", np.array(1 / len(names), builder.dtype))
            y = builder.one("Mul", [y, share], layer.name)
    mask = _any_mask(layer) if all(masks) else None
    return Value(y, rank, mask)


def _any_mask(layer: Layer) -> str | None:
    masks = [value.mask for value in layer.inputs if value.mask is not None]
    found = masks[0]
    for other in masks[1:]:
        found = found if other == found else layer.builder.one("Or", [found, other])
    return found


def _concatenate(layer: Layer) -> Value:
    rank, axis = layer.x.rank, layer.config.get("axis", -1)
    y = layer.builder.one("Concat", [one.name for one in layer.inputs], layer.name, axis=axis)
    masks = [value.mask for value in layer.inputs]
    if not any(masks):
        return Value(y, rank)
    if not all(masks):
        raise CheckpointError(f"{layer.name} joins values with and without a mask: not written")
    if axis % rank != 1:
        return Value(y, rank, _any_mask(layer))
    return Value(y, rank, layer.builder.one("Concat", [str(m) for m in masks], axis=1))


def _flatten(layer: Layer) -> Value:
    shape = layer.builder.integers(0, -1)
    return Value(layer.builder.one("Reshape", [layer.x.name, shape], layer.name), 2)


def _reshape(layer: Layer) -> Value:
    target = layer.config["target_shape"]
    shape = layer.builder.integers(0, *target)
    y = layer.builder.one("Reshape", [layer.x.name, shape], layer.name)
    return Value(y, 1 + len(target))


def _permute(layer: Layer) -> Value:
    return Value(layer.builder.turned(layer.x.name, 0, *layer.config["dims"]), layer.x.rank)


def _repeat(layer: Layer) -> Value:
    builder = layer.builder
    x = builder.unsqueezed(layer.x.name, 1)
    return Value(builder.one("Tile", [x, builder.integers(1, layer.config["n"], 1)]), 3)


def _zero_padding(layer: Layer) -> Value:
    front, behind = layer.config["padding"]
    pads = layer.builder.integers(0, front, 0, 0, behind, 0)
    return Value(layer.builder.one("Pad", [layer.x.name, pads], layer.name), 3)


def _cropping(layer: Layer) -> Value:
    builder, (front, behind) = layer.builder, layer.config["cropping"]
    end = -behind if behind else np.iinfo(np.int64).max
    names = [layer.x.name, builder.integers(front), builder.integers(end), builder.integers(1)]
    return Value(builder.one("Slice", names, layer.name), 3)


def _up_sampling(layer: Layer) -> Value:
    builder = layer.builder
    x = builder.unsqueezed(builder.turned(layer.x.name, 0, 2, 1), 3)
    x = builder.one("Tile", [x, builder.integers(1, 1, 1, layer.config["size"])], layer.name)
    x = builder.one("Reshape", [x, builder.integers(0, 0, -1)], layer.name)
    return Value(builder.turned(x, 0, 2, 1), 3)


def _rescaling(layer: Layer) -> Value:
    y, dtype = layer.x.name, layer.builder.dtype
    for op, name in (("Mul", "scale"), ("Add", "offset")):
        weight = layer.weight(name, np.asarray(layer.config[name], dtype))
        y = layer.builder.one(op, [y, weight], layer.name)
    return layer.same(y)


def _rectifier(layer: Layer) -> Value:
    builder, x, config = layer.builder, layer.x.name, layer.config
    slope, threshold = config["negative_slope"], config["threshold"]
    if threshold:
        number = builder.number(threshold)
        below = builder.one("Sub", [x, number], layer.name)
        below = builder.one("Mul", [below, builder.number(slope)], layer.name)
        y = builder.one("Where", [builder.one("Greater", [x, number]), x, below], layer.name)
    elif slope:
        y = builder.leaky(x, slope, layer.name)
    else:
        y = builder.one("Relu", [x], layer.name)
    if config["max_value"] is not None:
        y = builder.one("Min", [y, builder.number(config["max_value"])], layer.name)
    return layer.same(y)


def _leaky(layer: Layer) -> Value:
    slope = layer.config["negative_slope"]
    return layer.same(layer.builder.leaky(layer.x.name, slope, layer.name))


def _elu(layer: Layer) -> Value:
    alpha = layer.config["alpha"]
    return layer.same(layer.builder.one("Elu", [layer.x.name], layer.name, alpha=alpha))


def _softmax(layer: Layer) -> Value:
    axis = layer.config["axis"]
    if isinstance(axis, list):
        raise layer.refusal("axis", axis, "ONNX knows one axis")
    return layer.same(layer.builder.one("Softmax", [layer.x.name], layer.name, axis=axis))


#: Writers by class; recurrent layers and wrappers are written elsewhere.
WRITERS: dict[str, Callable[[Layer], Value]] = {
    "Dense": _dense,
    "Activation": _activation,
    "Dropout": _as_it_is,
    "AlphaDropout": _as_it_is,
    "GaussianDropout": _as_it_is,
    "GaussianNoise": _as_it_is,
    "SpatialDropout1D": _as_it_is,
    "Embedding": _embedding,
    "CategoryEncoding": _one_hot,
    "Masking": _masking,
    "ApplyMask": _apply_mask,
    "LayerNormalization": _layer_normalization,
    "BatchNormalization": _batch_normalization,
    "Conv1D": _convolution,
    "DepthwiseConv1D": _convolution,
    "SeparableConv1D": _convolution,
    "MaxPooling1D": _pooling,
    "AveragePooling1D": _pooling,
    "GlobalMaxPooling1D": _global_pooling,
    "GlobalAveragePooling1D": _global_pooling,
    "Add": _merging,
    "Subtract": _merging,
    "Multiply": _merging,
    "Average": _merging,
    "Maximum": _merging,
    "Minimum": _merging,
    "Concatenate": _concatenate,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "ZeroPadding1D": _zero_padding,
    "Cropping1D": _cropping,
    "UpSampling1D": _up_sampling,
    "Rescaling": _rescaling,
    "ReLU": _rectifier,
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "Softmax": _softmax,
}
