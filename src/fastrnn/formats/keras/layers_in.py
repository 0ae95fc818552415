"""Converting layers of any generation of Keras to fastrnn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arguments import KERAS_1, Arguments, short
from fastrnn.formats.keras.generation import Generation
from fastrnn.formats.keras.own_in import own_entry, read_dtype, read_function
from fastrnn.formats.keras.sources import OWN_RNN, Source

Config = dict[str, Any]
#: Reads a nested model: takes its class, its configuration and the name of its layer.
ReadModel = Callable[[str, Any], Source]

MODELS = ("Sequential", "Functional", "Model", "Container")

_ALIASES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "AvgPool1D": "AveragePooling1D",
    "MaxPool1D": "MaxPooling1D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
}


class LayerReader:
    """Reads layers of one file.

    Parameters
    ----------
    generation : Generation
    notes : list of str
        Takes what is left out.
    read_model : callable
    """

    def __init__(self, generation: Generation, notes: list[str], read_model: ReadModel) -> None:
        self.generation, self.notes, self._read_model = generation, notes, read_model

    def read(self, entry: Any) -> Source:
        """Return a layer from its class and configuration in the file.

        Raises
        ------
        CheckpointError
            If fastrnn lacks the layer, or an argument of it.
        """
        if not isinstance(entry, Mapping) or not isinstance(entry.get("class_name"), str):
            raise CheckpointError(f"a layer is {short(entry)}, without a class and a configuration")
        written = entry["class_name"].rpartition(">")[2]
        kind = _ALIASES.get(written, written)
        config = entry.get("config")
        if kind in MODELS:
            return self._read_model(kind, config)
        if not isinstance(config, Mapping):
            raise CheckpointError(f"a layer of class {kind} has the configuration {short(config)}")
        own = own_entry(entry, self.generation, self.notes)
        if own is not None:
            return Source(written, str(own["config"]["name"]), own, weights=[])
        arguments = Arguments(kind, config, self.generation, self.notes)
        if arguments.name == kind.lower() and isinstance(entry.get("name"), str):
            arguments.name = entry["name"]
        if kind not in _READERS:
            raise CheckpointError(
                f"{arguments.title}: fastrnn has no layer {kind}; if the class is your own, give "
                f"custom_objects={{{kind!r}: {kind}}}"
            )
        common = _common(arguments)
        if self.generation.major < 2:
            arguments.rename(KERAS_1)
        found = _READERS[kind](arguments, self)
        arguments.finish()
        ours, options, inner = found
        made = {"class_name": ours, "config": {**common, **options}}
        return Source(written, arguments.name, made, inner, [] if ours == OWN_RNN else None)


Found = tuple[str, Config, list[Source]]


def _common(arguments: Arguments) -> Config:
    """Return the common arguments of layers: dtype, and whether it is trained."""
    common: Config = {"name": arguments.name, "dtype": read_dtype(arguments)}
    if not arguments.flag("trainable", True):
        common["trainable"] = False
    return common | arguments.attached("activity")


def _initializers(arguments: Arguments, *stems: str) -> Config:
    found = {f"{stem}_initializer": arguments.initializer(f"{stem}_initializer") for stem in stems}
    found |= arguments.attached(*stems)
    arguments.penalties(*stems)
    return {key: value for key, value in found.items() if value is not None}


# The layers with a recurrence ------------------------------------------------------------------


def _recurrent(arguments: Arguments, reader: LayerReader, ours: str) -> Found:
    options: Config = {
        "units": arguments.integer("units"),
        "use_bias": arguments.flag("use_bias", True),
        **_initializers(arguments, "kernel", "recurrent", "bias"),
    }
    if arguments.kind.startswith("CuDNN"):
        options |= {"activation": "tanh"}
    else:
        options["activation"] = arguments.activation(default="tanh")
        if ours != "SimpleRNN":
            default = reader.generation.recurrent_activation
            options["recurrent_activation"] = arguments.activation("recurrent_activation", default)
    for argument in ("return_sequences", "return_state", "go_backwards", "stateful"):
        options[argument] = arguments.flag(argument, False)
    for argument in ("dropout", "recurrent_dropout"):
        options[argument] = arguments.number(argument, 0.0) or 0.0
    options["seed"] = arguments.seed()
    if ours == "LSTM":
        options["unit_forget_bias"] = arguments.flag("unit_forget_bias", True)
        arguments.take("forget_bias_init", None)  # of Keras 1; the weights have it
    if ours == "GRU":
        is_after = arguments.kind == "CuDNNGRU" or reader.generation.reset_after
        options["reset_after"] = arguments.flag("reset_after", is_after)
    arguments.must_be("time_major", False, reason="fastrnn has the batch first, then time")
    arguments.must_be("zero_output_for_mask", False, reason="fastrnn repeats the last state there")
    arguments.must_be("use_cudnn", "auto", True, False)
    arguments.must_be("num_constants", 0)
    return ours, options, []


_CELLS = {"SimpleRNNCell": "SimpleRNN", "GRUCell": "GRU", "LSTMCell": "LSTM"}


def _cell(arguments: Arguments, reader: LayerReader) -> Found:
    """Read an RNN with one cell, as the layer of the same name, or with several."""
    cell = arguments.take("cell")
    if isinstance(cell, Mapping) and cell.get("class_name") == "StackedRNNCells":
        return _cells(arguments, reader, cell.get("config"))
    outside = {}
    for argument in ("return_sequences", "return_state", "go_backwards", "stateful"):
        outside[argument] = arguments.flag(argument, False)
    for argument in ("time_major", "zero_output_for_mask"):
        outside[argument] = arguments.flag(argument, False)
    arguments.must_be("num_constants", 0)
    return _layer_of(arguments, reader, cell, {**outside, "name": arguments.name})


def _layer_of(arguments: Arguments, reader: LayerReader, cell: Any, outside: Config) -> Found:
    """Return the layer of a cell, with the arguments of the RNN around it."""
    kind = cell.get("class_name") if isinstance(cell, Mapping) else None
    own = own_entry(cell, arguments.generation, arguments.notes)
    if own is not None and set(outside) >= {"stateful", "return_state"}:
        for argument in ("time_major", "zero_output_for_mask"):
            if outside.pop(argument):
                raise arguments.error(argument, True, "fastrnn lacks this")
        return OWN_RNN, {**outside, "layer": own}, []
    if kind not in _CELLS or not isinstance(cell.get("config"), Mapping):
        reason = f"it should be one of {sorted(_CELLS)}, or in custom_objects"
        raise arguments.error("cell", kind or cell, reason)
    merged = {**cell["config"], **outside}
    for argument in ("dtype", "trainable"):
        merged.pop(argument, None)
    inner = Arguments(_CELLS[kind], merged, arguments.generation, arguments.notes)
    found = _recurrent(inner, reader, _CELLS[kind])
    inner.finish()
    return found


def _cells(arguments: Arguments, reader: LayerReader, config: Any) -> Found:
    cells = config.get("cells") if isinstance(config, Mapping) else None
    if not isinstance(cells, list) or not cells or config.get("reverse_state_order"):
        raise arguments.error("cell", config, "it should be a list of cells, their states in order")
    options = {key: arguments.flag(key, False) for key in ("return_sequences", "go_backwards")}
    arguments.must_be("return_state", False, reason="fastrnn counts the states in another way")
    for argument in ("time_major", "zero_output_for_mask"):
        arguments.must_be(argument, False)
    arguments.must_be("num_constants", 0)
    outside = {"return_sequences": True, "stateful": arguments.flag("stateful", False)}
    inner = []
    for number, cell in enumerate(cells):
        kind, made, _ = _layer_of(arguments, reader, cell, {**outside, "name": str(number)})
        entry = {"class_name": kind, "config": {"name": str(number), **made}}
        inner.append(Source(str(cell["class_name"]), str(number), entry))
    return "StackedRNN", {**options, "layers": [one.entry for one in inner]}, inner


def _bidirectional(arguments: Arguments, reader: LayerReader) -> Found:
    written = arguments.take("layer")
    backward = arguments.take("backward_layer", None)
    forward = _direction(arguments, reader, "layer", written, "forward_")
    back = forward
    options: Config = {"merge_mode": arguments.take("merge_mode", "concat")}
    if options["merge_mode"] not in ("concat", "sum", "mul", "ave", None):
        raise arguments.error("merge_mode", options["merge_mode"], "fastrnn lacks this")
    if backward is not None:
        back = _direction(arguments, reader, "backward_layer", backward, "backward_")
        other = {**back.config, "go_backwards": not back.config["go_backwards"], "name": ""}
        if other | {"seed": None} != {**forward.config, "name": "", "seed": None}:
            options["backward_layer"] = back.entry
    options["layer"] = forward.entry
    arguments.must_be("weights")
    for argument in ("return_sequences", "return_state", "stateful", "zero_output_for_mask"):
        arguments.take(argument, None)  # stated by the inner layer
    return "Bidirectional", options, [forward, back]


def _direction(
    arguments: Arguments, reader: LayerReader, argument: str, entry: Any, prefix: str
) -> Source:
    config = entry.get("config") if isinstance(entry, Mapping) else None
    if not isinstance(config, Mapping):
        raise arguments.error(argument, entry, "it should be a recurrent layer")
    # A Bidirectional returns zeros at masked steps, here as in Keras.
    found = reader.read({**entry, "config": {**config, "zero_output_for_mask": False}})
    if found.entry["class_name"] not in ("SimpleRNN", "GRU", "LSTM", OWN_RNN):
        raise arguments.error(argument, found.kind, "it should be a SimpleRNN, GRU, LSTM or RNN")
    found.config["name"] = str(found.config["name"]).removeprefix(prefix)
    return found


def _time_distributed(arguments: Arguments, reader: LayerReader) -> Found:
    inner = reader.read(arguments.take("layer"))
    return "TimeDistributed", {"layer": inner.entry}, [inner]


# The others ------------------------------------------------------------------------------------


def _dense(arguments: Arguments, reader: LayerReader) -> Found:
    options = {
        "units": arguments.integer("units"),
        "activation": arguments.activation(),
        "use_bias": arguments.flag("use_bias", True),
        **_initializers(arguments, "kernel", "bias"),
    }
    return "Dense", options, []


def _embedding(arguments: Arguments, reader: LayerReader) -> Found:
    arguments.rename({"units": "output_dim", "kernel_initializer": "embeddings_initializer"})
    arguments.rename({"kernel_regularizer": "embeddings_regularizer"})
    arguments.rename({"kernel_constraint": "embeddings_constraint"})
    options = {
        "input_dim": arguments.integer("input_dim"),
        "output_dim": arguments.integer("output_dim"),
        "mask_zero": arguments.flag("mask_zero", False),
        **_initializers(arguments, "embeddings"),
    }
    arguments.must_be("sparse", False)
    arguments.must_be("dropout", 0.0)
    return "Embedding", options, []


def _convolution(arguments: Arguments, reader: LayerReader) -> Found:
    options = {
        "filters": arguments.integer("filters"),
        "kernel_size": arguments.integer("kernel_size"),
        "strides": arguments.integer("strides", 1),
        "padding": arguments.take("padding", "valid"),
        "dilation_rate": arguments.integer("dilation_rate", 1),
        "groups": arguments.integer("groups", 1),
        "activation": arguments.activation(),
        "use_bias": arguments.flag("use_bias", True),
        **_initializers(arguments, "kernel", "bias"),
    }
    _channels_last(arguments)
    return "Conv1D", options, []


def _channels_last(arguments: Arguments) -> None:
    arguments.must_be("data_format", "channels_last", reason="fastrnn has the features last")


def _pooling(arguments: Arguments, reader: LayerReader) -> Found:
    strides = arguments.integers("strides", None)
    size = arguments.integer("pool_size", 2)
    options = {
        "pool_size": size,
        "strides": size if strides is None else strides if isinstance(strides, int) else strides[0],
        "padding": arguments.take("padding", "valid"),
    }
    _channels_last(arguments)
    return arguments.kind, options, []


def _global_pooling(arguments: Arguments, reader: LayerReader) -> Found:
    _channels_last(arguments)
    keepdims = arguments.flag("keepdims", False)
    return arguments.kind, {"keepdims": True} if keepdims else {}, []


def _normalization(arguments: Arguments, reader: LayerReader) -> Found:
    axis = arguments.integers("axis", -1)
    options: Config = {
        "axis": axis[0] if isinstance(axis, list) and len(axis) == 1 else axis,
        "epsilon": arguments.number("epsilon", 1e-3),
        "center": arguments.flag("center", True),
        "scale": arguments.flag("scale", True),
        **_initializers(arguments, "beta", "gamma"),
    }
    for flag, weight in (("center", "beta"), ("scale", "gamma")):
        if not options[flag]:  # there is no such weight
            options.pop(f"{weight}_regularizer", None)
            options.pop(f"{weight}_constraint", None)
    if arguments.kind == "BatchNormalization":
        arguments.rename({"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"})
        options["momentum"] = arguments.number("momentum", 0.99)
        options |= _initializers(arguments, "moving_mean", "moving_variance")
        for argument in ("renorm", "synchronized", "mode"):
            arguments.must_be(argument, False, 0)
        for argument in ("fused", "renorm_clipping", "renorm_momentum"):
            arguments.take(argument, None)
        arguments.must_be("virtual_batch_size")
    else:
        arguments.must_be("rms_scaling", False)
    return arguments.kind, options, []


def _dropout(arguments: Arguments, reader: LayerReader) -> Found:
    arguments.must_be("noise_shape")
    options = {"rate": arguments.number("rate"), "seed": arguments.seed()}
    return arguments.kind, options, []


def _noise(arguments: Arguments, reader: LayerReader) -> Found:
    options = {"stddev": arguments.number("stddev"), "seed": arguments.seed()}
    return "GaussianNoise", options, []


def _activation(arguments: Arguments, reader: LayerReader) -> Found:
    return "Activation", {"activation": arguments.activation(default=None)}, []


def _prelu(arguments: Arguments, reader: LayerReader) -> Found:
    shared = arguments.integers("shared_axes", [])
    options = {"shared_axes": shared, **_initializers(arguments, "alpha")}
    return "PReLU", options, []


def _penalty_layer(arguments: Arguments, reader: LayerReader) -> Found:
    amounts = {key: arguments.number(key, 0.0) for key in ("l1", "l2")}
    penalty = {"class_name": "L1L2", "config": amounts}
    return "Activation", {"activation": "linear", "activity_regularizer": penalty}, []


def _numbers(ours: str, names: Mapping[str, Any], old: Mapping[str, str] | None = None) -> Any:
    def read(arguments: Arguments, reader: LayerReader) -> Found:
        arguments.rename(old or {})
        return ours, {key: arguments.number(key, value) for key, value in names.items()}, []

    return read


def _integers(ours: str, *names: str, **defaults: Any) -> Any:
    def read(arguments: Arguments, reader: LayerReader) -> Found:
        _channels_last(arguments)
        options = {key: arguments.integers(key) for key in names}
        return ours, options | {k: arguments.integers(k, v) for k, v in defaults.items()}, []

    return read


def _dot(arguments: Arguments, reader: LayerReader) -> Found:
    axes, normalize = arguments.integers("axes"), arguments.flag("normalize", False)
    return "Dot", {"axes": axes, "normalize": normalize}, []


def _function(arguments: Arguments, reader: LayerReader) -> Found:
    return "Lambda", read_function(arguments), []


def _category_encoding(arguments: Arguments, reader: LayerReader) -> Found:
    if reader.generation.major < 3:
        arguments.must_be("output_mode", reason="its one_hot was another thing before Keras 3")
    arguments.must_be("output_mode", "one_hot")
    arguments.must_be("sparse", False)
    return "CategoryEncoding", {"num_tokens": arguments.integer("num_tokens")}, []


def _input(arguments: Arguments, reader: LayerReader) -> Found:
    raise arguments.error("class_name", "InputLayer", "an input stands within a layer")


def _as(ours: str) -> Any:
    return lambda arguments, reader: _recurrent(arguments, reader, ours)


_READERS: dict[str, Callable[[Arguments, LayerReader], Found]] = {
    "InputLayer": _input,
    "SimpleRNN": _as("SimpleRNN"),
    "GRU": _as("GRU"),
    "LSTM": _as("LSTM"),
    "CuDNNGRU": _as("GRU"),
    "CuDNNLSTM": _as("LSTM"),
    "RNN": _cell,
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "Lambda": _function,
    "Dense": _dense,
    "Embedding": _embedding,
    "Conv1D": _convolution,
    "MaxPooling1D": _pooling,
    "AveragePooling1D": _pooling,
    "GlobalMaxPooling1D": _global_pooling,
    "GlobalAveragePooling1D": _global_pooling,
    "BatchNormalization": _normalization,
    "LayerNormalization": _normalization,
    "Dropout": _dropout,
    "SpatialDropout1D": _dropout,
    "GaussianNoise": _noise,
    "Activation": _activation,
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
    "Concatenate": _integers("Concatenate", axis=-1),
    "Dot": _dot,
    "CategoryEncoding": _category_encoding,
    **{kind: _integers(kind) for kind in ("Add", "Subtract", "Multiply", "Average")},
    **{kind: _integers(kind) for kind in ("Maximum", "Minimum")},
}
