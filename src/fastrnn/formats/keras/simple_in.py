"""Converting layers that hold no other layers and have no recurrence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastrnn.formats.keras.arguments import Arguments

Config = dict[str, Any]
#: The class of fastrnn's layer, and its arguments.
Found = tuple[str, Config]


def drawn(arguments: Arguments, *stems: str) -> Config:
    """Return the initializers of some weights, with their regularizers and constraints."""
    found = {f"{stem}_initializer": arguments.initializer(f"{stem}_initializer") for stem in stems}
    found |= arguments.attached(*stems)
    arguments.penalties(*stems)
    return {key: value for key, value in found.items() if value is not None}


def _dense(arguments: Arguments) -> Found:
    options = {
        "units": arguments.integer("units"),
        "activation": arguments.activation(),
        "use_bias": arguments.flag("use_bias", True),
        **drawn(arguments, "kernel", "bias"),
    }
    return "Dense", options


def _embedding(arguments: Arguments) -> Found:
    arguments.rename({"units": "output_dim", "kernel_initializer": "embeddings_initializer"})
    arguments.rename({"kernel_regularizer": "embeddings_regularizer"})
    arguments.rename({"kernel_constraint": "embeddings_constraint"})
    options = {
        "input_dim": arguments.integer("input_dim"),
        "output_dim": arguments.integer("output_dim"),
        "mask_zero": arguments.flag("mask_zero", False),
        **drawn(arguments, "embeddings"),
    }
    arguments.must_be("sparse", False)
    arguments.must_be("dropout", 0.0)
    return "Embedding", options


#: The kernels of the convolutions, and the arguments that are specific to them.
_CONVOLUTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Conv1D": (("kernel",), ("filters", "groups")),
    "Conv1DTranspose": (("kernel",), ("filters",)),
    "DepthwiseConv1D": (("depthwise",), ("depth_multiplier",)),
    "SeparableConv1D": (("depthwise", "pointwise"), ("filters", "depth_multiplier")),
}


def _convolution(arguments: Arguments) -> Found:
    kernels, further = _CONVOLUTIONS[arguments.kind]
    options = {
        **{key: arguments.integer(key, *[1] * (key != "filters")) for key in further},
        "kernel_size": arguments.integer("kernel_size"),
        "strides": arguments.integer("strides", 1),
        "padding": arguments.take("padding", "valid"),
        "dilation_rate": arguments.integer("dilation_rate", 1),
        "activation": arguments.activation(),
        "use_bias": arguments.flag("use_bias", True),
        **drawn(arguments, *kernels, "bias"),
    }
    _channels_last(arguments)
    arguments.must_be("groups", 1)  # of the classes that have no groups
    arguments.must_be("output_padding")
    if "kernel" not in kernels:  # Keras 2 writes the arguments of its Conv1D, too
        arguments.take("kernel_initializer", None)
    return arguments.kind, options


def _channels_last(arguments: Arguments) -> None:
    arguments.must_be("data_format", "channels_last", reason="fastrnn has the features last")


def _pooling(arguments: Arguments) -> Found:
    strides = arguments.integers("strides", None)
    size = arguments.integer("pool_size", 2)
    options = {
        "pool_size": size,
        "strides": size if strides is None else strides if isinstance(strides, int) else strides[0],
        "padding": arguments.take("padding", "valid"),
    }
    _channels_last(arguments)
    return arguments.kind, options


def _global_pooling(arguments: Arguments) -> Found:
    _channels_last(arguments)
    keepdims = arguments.flag("keepdims", False)
    return arguments.kind, {"keepdims": True} if keepdims else {}


def _normalization(arguments: Arguments) -> Found:
    axis = arguments.integers("axis", -1)
    options: Config = {
        "axis": axis[0] if isinstance(axis, list) and len(axis) == 1 else axis,
        "epsilon": arguments.number("epsilon", 1e-3),
        "center": arguments.flag("center", True),
        "scale": arguments.flag("scale", True),
        **drawn(arguments, "beta", "gamma"),
    }
    for flag, weight in (("center", "beta"), ("scale", "gamma")):
        if not options[flag]:  # there is no such weight
            options.pop(f"{weight}_regularizer", None)
            options.pop(f"{weight}_constraint", None)
    if arguments.kind == "BatchNormalization":
        arguments.rename({"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"})
        options["momentum"] = arguments.number("momentum", 0.99)
        options |= drawn(arguments, "moving_mean", "moving_variance")
        for argument in ("renorm", "synchronized", "mode"):
            arguments.must_be(argument, False, 0)
        for argument in ("fused", "renorm_clipping", "renorm_momentum"):
            arguments.take(argument, None)
        arguments.must_be("virtual_batch_size")
    elif arguments.kind == "GroupNormalization":
        options["groups"] = arguments.integer("groups", 32)
    else:
        arguments.must_be("rms_scaling", False)
    return arguments.kind, options


def _dropout(arguments: Arguments) -> Found:
    arguments.must_be("noise_shape")
    options = {"rate": arguments.number("rate"), "seed": arguments.seed()}
    return arguments.kind, options


def _rms_normalization(arguments: Arguments) -> Found:
    axis = arguments.integers("axis", -1)
    return arguments.kind, {"axis": axis, "epsilon": arguments.number("epsilon", 1e-6)}


def _standardization(arguments: Arguments) -> Found:
    options: Config = {"axis": arguments.integers("axis", [])}
    options["invert"] = arguments.flag("invert", False)
    return arguments.kind, options | {k: arguments.take(k, None) for k in ("mean", "variance")}


def _thresholded(arguments: Arguments) -> Found:
    return "ReLU", {"threshold": arguments.number("theta", 1.0)}


def _identity(arguments: Arguments) -> Found:
    return "Activation", {"activation": "linear"}


def _rescaling(arguments: Arguments) -> Found:
    return "Rescaling", {"scale": arguments.take("scale"), "offset": arguments.take("offset", 0)}


def _noise(arguments: Arguments) -> Found:
    options = {"stddev": arguments.number("stddev"), "seed": arguments.seed()}
    return "GaussianNoise", options


def _activation(arguments: Arguments) -> Found:
    return "Activation", {"activation": arguments.activation(default=None)}


def _prelu(arguments: Arguments) -> Found:
    shared = arguments.integers("shared_axes", [])
    options = {"shared_axes": shared, **drawn(arguments, "alpha")}
    return "PReLU", options


def _penalty_layer(arguments: Arguments) -> Found:
    amounts = {key: arguments.number(key, 0.0) for key in ("l1", "l2")}
    penalty = {"class_name": "L1L2", "config": amounts}
    return "Activation", {"activation": "linear", "activity_regularizer": penalty}


def _numbers(ours: str, names: Mapping[str, Any], old: Mapping[str, str] | None = None) -> Any:
    def read(arguments: Arguments) -> Found:
        arguments.rename(old or {})
        return ours, {key: arguments.number(key, value) for key, value in names.items()}

    return read


def _integers(ours: str, *names: str, **defaults: Any) -> Any:
    def read(arguments: Arguments) -> Found:
        _channels_last(arguments)
        options = {key: arguments.integers(key) for key in names}
        return ours, options | {k: arguments.integers(k, v) for k, v in defaults.items()}

    return read


def _dot(arguments: Arguments) -> Found:
    axes, normalize = arguments.integers("axes"), arguments.flag("normalize", False)
    return "Dot", {"axes": axes, "normalize": normalize}


def _category_encoding(arguments: Arguments) -> Found:
    if arguments.generation.major < 3:
        arguments.must_be("output_mode", reason="its one_hot was another thing before Keras 3")
    arguments.must_be("output_mode", "one_hot")
    arguments.must_be("sparse", False)
    return "CategoryEncoding", {"num_tokens": arguments.integer("num_tokens")}


#: Readers by Keras's class.
SIMPLE: dict[str, Callable[[Arguments], Found]] = {
    "Dense": _dense,
    "Embedding": _embedding,
    **dict.fromkeys(_CONVOLUTIONS, _convolution),
    "MaxPooling1D": _pooling,
    "AveragePooling1D": _pooling,
    "GlobalMaxPooling1D": _global_pooling,
    "GlobalAveragePooling1D": _global_pooling,
    "BatchNormalization": _normalization,
    "LayerNormalization": _normalization,
    "GroupNormalization": _normalization,
    "Normalization": _standardization,
    "RMSNormalization": _rms_normalization,
    "UnitNormalization": _integers("UnitNormalization", axis=-1),
    "Dropout": _dropout,
    "SpatialDropout1D": _dropout,
    "GaussianDropout": _dropout,
    "AlphaDropout": _dropout,
    "GaussianNoise": _noise,
    "Activation": _activation,
    "Identity": _identity,
    "ThresholdedReLU": _thresholded,
    "Rescaling": _rescaling,
    "PReLU": _prelu,
    "ActivityRegularization": _penalty_layer,
    "Masking": _numbers("Masking", {"mask_value": 0.0}),
    "ELU": _numbers("ELU", {"alpha": 1.0}),
    "LeakyReLU": _numbers("LeakyReLU", {"negative_slope": 0.3}, {"alpha": "negative_slope"}),
    "ReLU": _numbers("ReLU", {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
    "Softmax": _integers("Softmax", axis=-1),
    "Flatten": _integers("Flatten"),
    "Reshape": _integers("Reshape", "target_shape"),
    "Permute": _integers("Permute", "dims"),
    "RepeatVector": _integers("RepeatVector", "n"),
    "ZeroPadding1D": _integers("ZeroPadding1D", padding=1),
    "Cropping1D": _integers("Cropping1D", cropping=1),
    "UpSampling1D": _integers("UpSampling1D", size=2),
    "Concatenate": _integers("Concatenate", axis=-1),
    "Dot": _dot,
    "CategoryEncoding": _category_encoding,
    **{kind: _integers(kind) for kind in ("Add", "Subtract", "Multiply", "Average")},
    **{kind: _integers(kind) for kind in ("Maximum", "Minimum")},
}
