"""Converting models of fastrnn to Keras."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastrnn.formats.description import Description, Wiring, wiring_of
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.dialect import Config, Dialect
from fastrnn.formats.keras.layers_out import LayerWriter
from fastrnn.formats.keras.sources import OWN_RNN, Source, all_leaves, name_own
from fastrnn.formats.names import is_weight
from fastrnn.formats.order import listed

#: Layers whose outputs have no mask.
_WITHOUT_MASK = {
    "Conv1D",
    "Dot",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalMaxPooling1D",
    "AveragePooling1D",
    "MaxPooling1D",
    "Permute",
    "RepeatVector",
    "Reshape",
}
_RECURRENT = ("SimpleRNN", "GRU", "LSTM", "Bidirectional", "StackedRNN", OWN_RNN)


@dataclass
class ModelWritten:
    """A model in Keras's format.

    Attributes
    ----------
    kind : str
    config : dict
    sources : list of Source
        The layers in Keras's order, with input layers if Keras lists them.
    """

    kind: str
    config: Config
    sources: list[Source]


def check_weights(sources: Sequence[Source], description: Description) -> None:
    """Name the weights of custom layers; raise an error if there are some that Keras's lack."""
    name_own(sources, description)
    known = {name for leaf in all_leaves(sources) for name in leaf.names}
    extra = [name for name in description.tensors if is_weight(name) and name not in known]
    if extra:
        raise CheckpointError(f"files of Keras cannot hold the weights {', '.join(extra)}")


def write_model(
    model: Mapping[str, Any], dialect: Dialect, own: Collection[str] = ()
) -> ModelWritten:
    """Return the configuration of a model in Keras's format; `own` are its custom layers' classes.

    Raises
    ------
    CheckpointError
        If Keras lacks a layer or an argument.
    """

    def nested(inner: Mapping[str, Any]) -> tuple[str, Config, list[Source]]:
        found = write_model(inner, dialect, own)
        return found.kind, found.config, found.sources

    writer = LayerWriter(dialect, nested, own)
    if model["class_name"] == "Sequential":
        return _sequential(model, writer)
    return _functional(model, writer)


def _outside(model: Mapping[str, Any], dialect: Dialect) -> Config:
    found: Config = {"name": model["name"]}
    if model.get("trainable") is False:
        if not dialect.has_modules:
            return {**found, "trainable": False}
        found["trainable"] = False
    return found


def _sequential(model: Mapping[str, Any], writer: LayerWriter) -> ModelWritten:
    written = [writer.write(entry) for entry in model["layers"]]
    config = _outside(model, writer.dialect)
    config["layers"] = [entry for entry, _ in written]
    return ModelWritten("Sequential", config, [source for _, source in written[1:]])


def _functional(model: Mapping[str, Any], writer: LayerWriter) -> ModelWritten:
    wiring = wiring_of(model)
    numbers = {id(entry): number for number, entry in enumerate(model["layers"])}
    which = [numbers[id(call.layer)] for call in wiring.calls]
    reads = [[place for place, _ in call.inputs] for call in wiring.calls]
    order = listed(which, reads, [place for place, _ in wiring.outputs])
    nodes = _nodes(wiring, which)
    for call in wiring.calls:
        if call.layer["class_name"] == "ModelLayer" and not writer.dialect.has_modules:
            raise CheckpointError(
                f"layer {call.name!r}: it is a model within a model; Keras 2 and Keras 3 count its "
                "calls in different ways, so write a .keras file"
            )
    entries, sources = [], []
    for number in order:
        written, source = writer.write(model["layers"][number])
        name = source.keras_name
        calls = [place for place, layer in enumerate(which) if layer == number]
        inbound = [_inbound(wiring, place, nodes, writer) for place in calls]
        entries.append({**written, "name": name, "inbound_nodes": [one for one in inbound if one]})
        sources.append(source)
    config = _outside(model, writer.dialect)
    config["layers"] = entries
    # A single output is not a list: the model would return a list.
    ins: list[Any] = [[*nodes[place], 0] for place in wiring.inputs]
    outs: list[Any] = [[*nodes[place], index] for place, index in wiring.outputs]
    config["input_layers"] = ins[0] if len(ins) == 1 else ins
    config["output_layers"] = outs[0] if len(outs) == 1 else outs
    return ModelWritten("Functional", config, sources)


def _nodes(wiring: Wiring, which: list[int]) -> list[tuple[str, int]]:
    """Return for each call the name of its layer, and its index among the calls of the layer."""
    counts: dict[int, int] = {}
    found = []
    for call, number in zip(wiring.calls, which, strict=True):
        count = counts.get(number, 0)
        counts[number] = count + 1
        found.append((call.name, count))
    return found


def _inbound(wiring: Wiring, place: int, nodes: list[tuple[str, int]], writer: LayerWriter) -> Any:
    call = wiring.calls[place]
    if not call.inputs:
        return None
    refs: list[Any] = [[*nodes[at], index] for at, index in call.inputs]
    kind = call.layer["class_name"]
    states = []
    if kind in _RECURRENT:
        refs, states = refs[:1], refs[1:]
    if states and kind == "StackedRNN":
        raise CheckpointError(
            f"layer {call.name!r} ({kind}): initial_state is given, which Keras takes in another "
            "form from several cells; use layers behind one another"
        )
    if not writer.dialect.has_modules:
        if states:
            raise CheckpointError(
                f"layer {call.name!r} ({kind}): initial_state is given; Keras 2 and Keras 3 read "
                "that in different words, so write a .keras file"
            )
        return [[*ref, {}] for ref in refs]
    tensors = [_tensor(ref) for ref in refs]
    several = len(tensors) > 1
    options = {"initial_state": [_tensor(ref) for ref in states]} if states else {}
    return {"args": [tensors] if several else tensors, "kwargs": options}


def _tensor(ref: list[Any]) -> Config:
    # The reader of the file infers its shape.
    config = {"shape": [None], "dtype": "float32", "keras_history": ref}
    return {"class_name": "__keras_tensor__", "config": config}


def warn_of_masks(model: Mapping[str, Any]) -> None:
    """Warn if Keras 3 computes other results: it drops a mask if there are initial states."""
    if model["class_name"] == "Sequential":
        return
    masked: list[bool] = []
    wiring = wiring_of(model)
    for call in wiring.calls:
        kind, config = call.layer["class_name"], call.layer["config"]
        has_mask = any(masked[place] for place, _ in call.inputs)
        if has_mask and kind in _RECURRENT and len(call.inputs) > 1:
            warnings.warn(
                f"layer {call.name!r} ({kind}) has an initial_state beside a sequence with a mask: "
                "Keras 3 drops the mask there, and so computes something else with this file",
                stacklevel=2,
            )
        if kind in ("Masking", "Embedding"):
            has_mask = kind == "Masking" or config.get("mask_zero", False)
        elif kind in ("SimpleRNN", "GRU", "LSTM", "StackedRNN", OWN_RNN):
            has_mask = has_mask and config.get("return_sequences", False)
        elif kind == "Bidirectional":
            inner = config["layer"]["config"]
            has_mask = has_mask and inner.get("return_sequences", False)
        elif kind in _WITHOUT_MASK:
            has_mask = False
        masked.append(has_mask)
