"""Converting layers of any generation of Keras to fastrnn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arguments import KERAS_1, Arguments, short
from fastrnn.formats.keras.generation import Generation
from fastrnn.formats.keras.own_in import own_entry, read_dtype, read_function
from fastrnn.formats.keras.simple_in import SIMPLE, drawn
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
    "Convolution1DTranspose": "Conv1DTranspose",
    "SeparableConvolution1D": "SeparableConv1D",
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


# The layers with a recurrence ------------------------------------------------------------------


def _recurrent(arguments: Arguments, reader: LayerReader, ours: str) -> Found:
    options: Config = {
        "units": arguments.integer("units"),
        "use_bias": arguments.flag("use_bias", True),
        **drawn(arguments, "kernel", "recurrent", "bias"),
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


def _input(arguments: Arguments, reader: LayerReader) -> Found:
    raise arguments.error("class_name", "InputLayer", "an input stands within a layer")


def _simple(read: Callable[[Arguments], tuple[str, Config]]) -> Any:
    return lambda arguments, reader: (*read(arguments), [])


def _as(ours: str) -> Any:
    return lambda arguments, reader: _recurrent(arguments, reader, ours)


def _function(arguments: Arguments, reader: LayerReader) -> Found:
    return "Lambda", read_function(arguments), []


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
    **{kind: _simple(read) for kind, read in SIMPLE.items()},
}
