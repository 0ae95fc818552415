"""Converting layers of fastrnn to Keras."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from fastrnn import initializers
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arrays import FORGET, GATES
from fastrnn.formats.keras.dialect import ATTACHED, Dialect, attached, function_out
from fastrnn.formats.keras.sources import OWN_RNN, Source

Config = dict[str, Any]
#: Arguments with other names in Keras.
_ELSEWHERE = {"negative_slope", "layers", "layer", "takes_several"}
#: Layers with other names in Keras.
_KERAS_NAMES = {"StackedRNN": "RNN", OWN_RNN: "RNN"}
#: Arguments of the layer around a cell, which cells lack.
_OF_SEQUENCES = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


class LayerWriter:
    """Writes layers in one dialect.

    Parameters
    ----------
    dialect : Dialect
    write_model : callable
        Writes a model within the model: takes its configuration, returns class, configuration and
        layers.
    own : collection of str
        Class names of custom layers.
    """

    def __init__(
        self,
        dialect: Dialect,
        write_model: Callable[[Mapping[str, Any]], tuple[str, Config, list[Source]]],
        own: Collection[str] = (),
    ) -> None:
        self.dialect, self._write_model, self._own = dialect, write_model, own

    def write(self, entry: Mapping[str, Any]) -> tuple[Config, Source]:
        """Return a layer in the format of the file, and the source of its weights.

        Raises
        ------
        CheckpointError
            If Keras lacks the layer, or an argument of it.
        """
        kind, config = str(entry["class_name"]), dict(entry["config"])
        name = str(config["name"])
        if kind == "InputLayer":
            return self._input(config), Source(kind, name, dict(entry))
        if kind == "ModelLayer":
            written, inside, inner = self._write_model({**config["model"], "name": name})
            nested: Config = {"class_name": written, "config": inside}
            if self.dialect.has_modules:
                nested = self.dialect.object("keras", written, inside)
            return nested, Source(written, name, dict(entry), inner)
        if kind in self._own:
            return self.own(entry), Source(kind, name, dict(entry), weights=[])
        if kind not in _WRITERS:
            if not self.dialect.has_layers:  # its weights are refused, if it has any
                return {}, Source(kind, name, dict(entry))
            raise CheckpointError(
                f"layer {name!r} ({kind}): {self.dialect.name} files cannot hold this layer; "
                ".safetensors can"
            )
        made: Config = {"name": name}
        if not config.pop("trainable", True):
            made["trainable"] = False  # the layers without weights do not all take it
        made["dtype"] = config["dtype"] = config.get("dtype") or "float32"  # inner layers read it
        inner = []
        title = f"layer {name!r} ({kind})"
        made |= attached(config, self.dialect, "activity")
        made |= _WRITERS[kind](config, self, title, inner)
        for argument, value in config.items():
            if argument not in made and argument not in _ELSEWHERE and value not in (None, False):
                raise CheckpointError(
                    f"{title}: {argument} is {value!r}; {self.dialect.name} files cannot hold this"
                )
        written = _KERAS_NAMES.get(kind, kind)
        source = Source(written, name, dict(entry), inner, [] if kind == OWN_RNN else None)
        return self.dialect.layer(written, made), source

    def own(self, entry: Mapping[str, Any]) -> Config:
        """Return a custom layer or cell in the format of the file."""
        config = dict(entry["config"])
        if "dtype" in config:
            config["dtype"] = config["dtype"] or "float32"
        return self.dialect.own(
            str(entry["class_name"]), config | attached(config, self.dialect, "activity")
        )

    def within(self, entry: Mapping[str, Any]) -> tuple[Config, Source]:
        """Return an inner layer, which always includes its module."""
        written, source = self.write(entry)
        if entry["class_name"] in self._own:
            return written, source
        module = "keras" if written["class_name"] == "Sequential" else "keras.layers"
        return self.dialect.object(module, written["class_name"], written["config"]), source

    def activation(self, name: Any, title: str, argument: str = "activation") -> str:
        """Return Keras's name of an activation."""
        if name not in self.dialect.activations:
            raise CheckpointError(
                f"{title}: {argument} is {name!r}; what {self.dialect.name} files are read by does "
                "not agree about it"
            )
        # Keras 2 only has its other name.
        return "swish" if name == "silu" and not self.dialect.has_modules else str(name)

    def initializer(self, value: Any) -> Any:
        """Return an initializer in the format of the file."""
        if not isinstance(value, Mapping):
            return value
        config = dict(value["config"])
        return self.dialect.object("keras.initializers", value["class_name"], config)

    def _input(self, config: Config) -> Config:
        shape = [config.get("batch_size"), *config["shape"]]
        argument = "batch_shape" if self.dialect.has_modules else "batch_input_shape"
        made = {argument: shape, "dtype": config["dtype"], "sparse": False, "name": config["name"]}
        return self.dialect.layer("InputLayer", made)


def _initializers(config: Config, writer: LayerWriter, *stems: str) -> Config:
    found = {}
    for stem in stems:
        value = config.get(f"{stem}_initializer")
        if value is not None:
            found[f"{stem}_initializer"] = writer.initializer(value)
        found |= attached(config, writer.dialect, stem)
    return found


Write = Callable[[Config, LayerWriter, str, list[Source]], Config]


def _recurrent(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    made = {
        "units": config["units"],
        "activation": writer.activation(config.get("activation", "tanh"), title),
        "use_bias": config.get("use_bias", True),
        **_initializers(config, writer, "kernel", "recurrent", "bias"),
        "return_sequences": config.get("return_sequences", False),
        "return_state": config.get("return_state", False),
        "go_backwards": config.get("go_backwards", False),
        "stateful": config.get("stateful", False),
        "unroll": False,
        "dropout": config.get("dropout", 0.0),
        "recurrent_dropout": config.get("recurrent_dropout", 0.0),
    }
    if config.get("seed") is not None:
        made["seed"] = config["seed"]
    return made


def _gated(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    made = _recurrent(config, writer, title, inner)
    gate = config.get("recurrent_activation", "sigmoid")
    made["recurrent_activation"] = writer.activation(gate, title, "recurrent_activation")
    return made


def _gru(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    resets_after = config.get("reset_after", False)
    made = _gated(config, writer, title, inner) | _forget_bias("GRU", config, writer, resets_after)
    return {**made, "reset_after": resets_after}


def _lstm(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    made = _gated(config, writer, title, inner)
    made["unit_forget_bias"] = config.get("unit_forget_bias", True)
    return made | _forget_bias("LSTM", config, writer)


def _forget_bias(
    kind: str, config: Config, writer: LayerWriter, has_two_rows: bool = False
) -> Config:
    """Return the initial bias of a layer as numbers, for an initializer that Keras lacks."""
    value = config.get("bias_initializer")
    if not isinstance(value, Mapping) or value["class_name"] != initializers.ForgetBias.__name__:
        return {}
    columns = GATES[kind] * config["units"]
    bias = initializers.ForgetBias(**value["config"]).of_gate(GATES[kind], FORGET[kind], 1)
    first = bias((2, columns) if has_two_rows else (columns,), np.float64)
    made = writer.initializer(initializers.serialize(initializers.Constant(first)))
    return {"bias_initializer": made, **({"unit_forget_bias": False} if kind == "LSTM" else {})}


def _bidirectional(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    layer = config["layer"]
    turned = not layer["config"].get("go_backwards", False)
    backward = config.get("backward_layer")
    if backward is None:
        name = f"backward_{layer['config']['name']}"
        backward = {**layer, "config": {**layer["config"], "name": name, "go_backwards": turned}}
    else:
        name = f"backward_{backward['config']['name'].removeprefix('backward_')}"
        backward = {**backward, "config": {**backward["config"], "name": name}}
    written, forward_source = writer.within(_typed(layer, config))
    back, backward_source = writer.within(_typed(backward, config))
    # Their paths and names already start with the direction.
    backward_source.config["name"] = layer["config"]["name"]
    inner += [forward_source, backward_source]
    return {
        "layer": written,
        "backward_layer": back,
        "merge_mode": config.get("merge_mode", "concat"),
    }


def _time_distributed(
    config: Config, writer: LayerWriter, title: str, inner: list[Source]
) -> Config:
    written, source = writer.within(config["layer"])
    inner.append(source)
    return {"layer": written}


def _stacked(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    if config.get("return_state"):
        raise CheckpointError(
            f"{title}: return_state is True, which counts the states of several cells in another "
            "way in Keras; return the states of layers behind one another"
        )
    cells = []
    for layer in config["layers"]:
        entry = _typed(layer, config)
        written, source = writer.write(entry)
        source.kind = f"{written['class_name']}Cell"
        made = {k: v for k, v in written["config"].items() if k not in _OF_SEQUENCES}
        cells.append(writer.dialect.object("keras.layers", source.kind, made))
        inner.append(source)
    stack = writer.dialect.object("keras.layers", "StackedRNNCells", {"cells": cells})
    return {
        "cell": stack,
        "return_sequences": config.get("return_sequences", False),
        "return_state": False,
        "go_backwards": config.get("go_backwards", False),
        "stateful": any(source.config.get("stateful") for source in inner),
    }


def _own_rnn(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    flags = ("return_sequences", "return_state", "go_backwards", "stateful")
    cell = writer.own(_typed(config["layer"], config))
    return {"cell": cell, **{flag: config.get(flag, False) for flag in flags}}


def _function(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    return function_out(config, writer.dialect, title)


def _typed(entry: Mapping[str, Any], outside: Mapping[str, Any]) -> Config:
    """Return an inner layer with the dtype of the outer one, if it has none."""
    config = dict(entry["config"])
    config["dtype"] = config.get("dtype") or outside.get("dtype")
    return {**entry, "config": config}


def _dense(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    return {
        "units": config["units"],
        "activation": writer.activation(config.get("activation", "linear"), title),
        "use_bias": config.get("use_bias", True),
        **_initializers(config, writer, "kernel", "bias"),
    }


def _convolution(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    sizes = {key: [config.get(key, 1)] for key in ("kernel_size", "strides", "dilation_rate")}
    further = ("filters", "groups", "depth_multiplier")
    return {
        **{key: config[key] for key in further if key in config},
        **sizes,
        "padding": config.get("padding", "valid"),
        "data_format": "channels_last",
        "activation": writer.activation(config.get("activation", "linear"), title),
        "use_bias": config.get("use_bias", True),
        **_initializers(config, writer, "kernel", "depthwise", "pointwise", "bias"),
    }


def _embedding(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    return {
        "input_dim": config["input_dim"],
        "output_dim": config["output_dim"],
        **_initializers(config, writer, "embeddings"),
        "mask_zero": config.get("mask_zero", False),
    }


def _normalization(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    stems = [key.removesuffix("_initializer") for key in config if key.endswith("_initializer")]
    stems += ["beta", "gamma"]
    ends = ("_initializer", *(f"_{kind}" for kind in ATTACHED))
    kept = {key: value for key, value in config.items() if not key.endswith(ends)}
    kept.pop("name")
    return {**kept, **_initializers(config, writer, *stems)}


def _activation(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    return {"activation": writer.activation(config["activation"], title)}


def _leaky(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    argument = "negative_slope" if writer.dialect.has_modules else "alpha"
    return {argument: config["negative_slope"]}


def _prelu(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
    shared = config.get("shared_axes") or None
    return {**_initializers(config, writer, "alpha"), "shared_axes": shared}


def _plain(*arguments: str) -> Write:
    def write(config: Config, writer: LayerWriter, title: str, inner: list[Source]) -> Config:
        return {key: config[key] for key in arguments if key in config}

    return write


def _category_encoding(
    config: Config, writer: LayerWriter, title: str, inner: list[Source]
) -> Config:
    if not writer.dialect.has_modules:
        raise CheckpointError(
            f"{title}: {writer.dialect.name} files cannot hold this layer, since its one_hot was "
            "another thing before Keras 3"
        )
    return {"num_tokens": config["num_tokens"], "output_mode": "one_hot"}


_WRITERS: dict[str, Write] = {
    "SimpleRNN": _recurrent,
    "GRU": _gru,
    "LSTM": _lstm,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "StackedRNN": _stacked,
    OWN_RNN: _own_rnn,
    "Lambda": _function,
    "Dense": _dense,
    **dict.fromkeys(
        ("Conv1D", "Conv1DTranspose", "DepthwiseConv1D", "SeparableConv1D"), _convolution
    ),
    "Embedding": _embedding,
    "BatchNormalization": _normalization,
    "LayerNormalization": _normalization,
    "GroupNormalization": _normalization,
    "Normalization": _plain("axis", "mean", "variance", "invert"),
    "RMSNormalization": _plain("axis", "epsilon"),
    "UnitNormalization": _plain("axis"),
    "Activation": _activation,
    "LeakyReLU": _leaky,
    "PReLU": _prelu,
    "CategoryEncoding": _category_encoding,
    "MaxPooling1D": _plain("pool_size", "strides", "padding"),
    "AveragePooling1D": _plain("pool_size", "strides", "padding"),
    "GlobalMaxPooling1D": _plain("keepdims"),
    "GlobalAveragePooling1D": _plain("keepdims"),
    "Dropout": _plain("rate", "seed"),
    "SpatialDropout1D": _plain("rate", "seed"),
    "GaussianDropout": _plain("rate", "seed"),
    "AlphaDropout": _plain("rate", "seed"),
    "GaussianNoise": _plain("stddev", "seed"),
    "Masking": _plain("mask_value"),
    "ELU": _plain("alpha"),
    "ReLU": _plain("max_value", "negative_slope", "threshold"),
    "Softmax": _plain("axis"),
    "Flatten": _plain(),
    "Reshape": _plain("target_shape"),
    "Permute": _plain("dims"),
    "RepeatVector": _plain("n"),
    "ZeroPadding1D": _plain("padding"),
    "Cropping1D": _plain("cropping"),
    "UpSampling1D": _plain("size"),
    "Rescaling": _plain("scale", "offset"),
    "Concatenate": _plain("axis"),
    "Dot": _plain("axes", "normalize"),
    **{kind: _plain() for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum")},
    "Minimum": _plain(),
}
