"""The graph of a Functional model of Keras: connections and masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arguments import short
from fastrnn.formats.keras.generation import Generation
from fastrnn.formats.keras.inputs_in import free_name, input_layer
from fastrnn.formats.keras.layers_in import LayerReader
from fastrnn.formats.keras.sources import MODEL, Source

#: A tensor in the file: the name of a layer, the index of its call, and of the output.
Ref = tuple[str, int, int]
#: A tensor here: the index of a call, and of its output.
Tensor = tuple[int, int]

#: Functions that compute masks, which Keras 3 lists with the layers.
_MASK_OPS = ("NotEqual", "Any", "LogicalAnd", "LogicalOr", "Cast")
#: Functions of two tensors for which fastrnn has a layer.
_SUMS = {
    "Add": "Add",
    "Subtract": "Subtract",
    "Multiply": "Multiply",
    "__operators__.add": "Add",
    "math.add": "Add",
    "math.subtract": "Subtract",
    "math.multiply": "Multiply",
}


@dataclass
class _Call:
    """A call in the file."""

    inputs: list[Ref]
    options: dict[str, Any]
    states: list[Ref] = field(default_factory=list)
    mask: Ref | None = None
    constants: list[Any] = field(default_factory=list)


@dataclass
class GraphRead:
    """The graph of a model: a part of its configuration, and its layers."""

    config: dict[str, Any]
    sources: list[Source]


class GraphReader:
    """Reads the layers and calls of one model.

    Parameters
    ----------
    layers : LayerReader
    generation : Generation
    """

    def __init__(self, layers: LayerReader, generation: Generation) -> None:
        self._layers, self._generation = layers, generation
        self._sources: dict[str, Source] = {}
        self._inputs: dict[str, dict[str, Any]] = {}
        self._masks: dict[str, list[_Call]] = {}
        self._calls: dict[str, list[_Call]] = {}
        #: The offset of call indices of a layer: for a model they do not start at 0.
        self._ahead: dict[str, int] = {}

    def read(self, config: Mapping[str, Any]) -> GraphRead:
        """Return the graph of the configuration of a model."""
        for entry in config["layers"]:
            self._read_layer(entry)
        ins = self._ends(config, "input_layers")
        outs = self._ends(config, "output_layers")
        self._count(ins, outs)
        return self._ordered(ins, outs)

    # Reading the file ------------------------------------------------------------------------

    def _read_layer(self, entry: Any) -> None:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("config"), (dict, list)):
            raise CheckpointError(f"a layer is {short(entry)}")
        kind = str(entry.get("class_name"))
        inner = entry["config"].get("name") if isinstance(entry["config"], dict) else None
        name = str(entry.get("name") or inner)
        if name in self._calls:
            raise CheckpointError(f"two layers are called {name!r}")
        nodes = entry.get("inbound_nodes") or []
        if not isinstance(nodes, list):
            raise CheckpointError(f"layer {name!r}: its calls are {short(nodes)}")
        calls = [self._read_call(name, node) for node in nodes]
        self._calls[name] = calls
        module = str(entry.get("module") or "")
        if kind == "InputLayer":
            self._inputs[name] = input_layer({**entry, "name": name})
            self._calls[name] = [_Call([], {})]
        elif ".ops." in module and kind in _MASK_OPS:
            self._masks[name] = calls
        elif ".ops." in module or kind in ("TFOpLambda", "TensorFlowOpLayer"):
            function = entry["config"].get("function") if kind == "TFOpLambda" else kind
            if function not in _SUMS or any(
                len(call.inputs) != 2 or call.constants for call in calls
            ):
                raise CheckpointError(
                    f"layer {name!r} ({kind}): it calls {function} "
                    f"of {short([call.inputs for call in calls])}; fastrnn has no layer for this"
                )
            made = {"class_name": _SUMS[function], "config": {"name": name, "dtype": None}}
            self._sources[name] = Source("", name, made)
        else:
            found = self._layers.read({**entry, "name": name})
            found.keras_name = name
            found.config["name"] = name
            if found.ours == "Lambda" and any(len(call.inputs) > 1 for call in calls):
                found.config["takes_several"] = True
            if found.ours == MODEL:
                found.config["model"]["name"] = name
            self._sources[name] = found

    def _read_call(self, name: str, node: Any) -> _Call:
        if isinstance(node, Mapping):
            return self._new_call(name, node)
        if not isinstance(node, list):
            raise CheckpointError(f"layer {name!r} is called on {short(node)}")
        if len(node) in (3, 4) and isinstance(node[0], str):
            node = [node]
        call = _Call([], {})
        for read in node:
            ref = _ref(read[:3]) if isinstance(read, list) else None
            if ref is None or len(read) > 4:
                raise CheckpointError(f"layer {name!r} is called on {short(read)}")
            if ref[0] == "_CONSTANT_VALUE":
                call.constants.append(read[2])
            else:
                call.inputs.append(ref)
            if len(read) == 4 and read[3]:
                call.options.update(read[3])
        if "y" in call.options and _ref(call.options["y"]) is not None:
            call.inputs.append(_ref(call.options.pop("y")))  # type: ignore[arg-type]
        return self._finished(name, call)

    def _new_call(self, name: str, node: Mapping[str, Any]) -> _Call:
        args, options = node.get("args"), node.get("kwargs")
        if not isinstance(args, list) or not isinstance(options, (dict, type(None))):
            raise CheckpointError(f"layer {name!r} is called on {short(node)}")
        call = _Call([], dict(options or {}))
        for argument in args:
            for one in argument if isinstance(argument, list) else [argument]:
                ref = _ref(one)
                if ref is None and one is not None:
                    call.constants.append(one)
                elif ref is not None:
                    call.inputs.append(ref)
        return self._finished(name, call)

    def _finished(self, name: str, call: _Call) -> _Call:
        """Convert the options of a call, or refuse them."""
        states = call.options.pop("initial_state", None)
        if states is not None:
            one = _ref(states)
            listed = [one] if one is not None else [_ref(state) for state in states]
            if None in listed:
                raise CheckpointError(f"layer {name!r}: initial_state is {short(states)}")
            call.states = [state for state in listed if state is not None]
        mask = call.options.pop("mask", None)
        if mask is not None:
            call.mask = _ref(mask)
            if call.mask is None:
                raise CheckpointError(f"layer {name!r}: it is called with the mask {short(mask)}")
        for option, value in call.options.items():
            if value is None or value is False or option == "name":
                continue
            raise CheckpointError(
                f"layer {name!r}: it is called with {option}={short(value)}; fastrnn lacks this"
            )
        return call

    def _ends(self, config: Mapping[str, Any], argument: str) -> list[Ref]:
        value = config.get(argument)
        if isinstance(value, dict):
            value = list(value.values())
        one = _ref(value)
        found = [one] if one is not None else [_ref(end) for end in value or []]
        if not found or None in found:
            raise CheckpointError(f"{argument} of the model is {short(value)}")
        return [end for end in found if end is not None]

    # The order of the calls --------------------------------------------------------------------

    def _count(self, ins: list[Ref], outs: list[Ref]) -> None:
        refs = [*ins, *outs]
        for calls in self._calls.values():
            for call in calls:
                refs += [*call.inputs, *call.states, *([call.mask] if call.mask else [])]
        most: dict[str, int] = {}
        for name, number, _ in refs:
            if name not in self._calls:
                raise CheckpointError(f"the model reads layer {name!r}, which it does not have")
            most[name] = max(most.get(name, 0), number)
        for name, number in most.items():
            self._ahead[name] = max(0, number + 1 - len(self._calls[name]))
            nested = name in self._sources and self._sources[name].ours == MODEL
            if self._ahead[name] > (1 if nested else 0):
                raise CheckpointError(
                    f"the model reads call {number} of layer {name!r}, which is called "
                    f"{len(self._calls[name])} times"
                )

    def _key(self, ref: Ref) -> tuple[str, int]:
        return ref[0], ref[1] - self._ahead.get(ref[0], 0)

    def _ordered(self, ins: list[Ref], outs: list[Ref]) -> GraphRead:
        """Return the calls that the outputs need, in topological order."""
        wanted = {self._key(ref): None for ref in self._walk([*ins, *outs])}
        waiting = list(wanted)
        places: dict[tuple[str, int], int] = {}
        layers: dict[str, int] = {}
        entries: list[dict[str, Any]] = []
        calls: list[int] = []
        reads: list[list[list[int]]] = []
        while waiting:
            ready = [key for key in waiting if self._is_ready(key, places)]
            if not ready:
                raise CheckpointError(f"the layers {short(waiting)} read one another in a circle")
            for name, number in ready:
                if name not in layers:
                    layers[name] = len(entries)
                    known = self._inputs.get(name)
                    entries.append(self._sources[name].entry if known is None else known)
                call = self._calls[name][number]
                places[name, number] = len(calls)
                calls.append(layers[name])
                read = [*call.inputs, *call.states]
                reads.append([[places[self._key(ref)], ref[2]] for ref in read])
            waiting = [key for key in waiting if key not in places]
        self._check_masks(places)
        self._name(entries)
        made: dict[str, Any] = {"layers": entries}
        if len(calls) > len(entries):
            made["calls"] = calls
        made["connections"] = reads
        made["inputs"] = [places[self._key(ref)] for ref in ins]
        made["outputs"] = [[places[self._key(ref)], ref[2]] for ref in outs]
        sources = [source for name, source in self._sources.items() if source.kind]
        unused = [source.keras_name for source in sources if source.keras_name not in layers]
        if unused:
            raise CheckpointError(f"the outputs of the model do not need the layers {unused}")
        return GraphRead(made, sources)

    def _walk(self, ends: list[Ref]) -> Iterator[Ref]:
        seen: set[tuple[str, int]] = set()
        waiting = list(reversed(ends))
        while waiting:
            ref = waiting.pop()
            key = self._key(ref)
            if key in seen or ref[0] in self._masks:
                continue
            seen.add(key)
            yield ref
            call = self._calls[key[0]][key[1]]
            waiting += reversed([*call.inputs, *call.states])

    def _is_ready(self, key: tuple[str, int], places: Mapping[tuple[str, int], int]) -> bool:
        call = self._calls[key[0]][key[1]]
        return all(self._key(ref) in places for ref in [*call.inputs, *call.states])

    def _name(self, entries: list[dict[str, Any]]) -> None:
        taken: set[str] = set()
        for entry in entries:
            config = entry["config"]
            config["name"] = free_name(str(config["name"]), taken)
            taken.add(config["name"])
            if "model" in config:
                config["model"]["name"] = config["name"]

    # The masks ---------------------------------------------------------------------------------

    def _check_masks(self, places: Mapping[tuple[str, int], int]) -> None:
        """Refuse masks other than those that layers pass on automatically.

        Keras 3 lists how an Embedding or a Masking computes its mask, and passes it to the
        following layers explicitly; here they get it with their input.
        """
        for name, number in places:
            mask = self._calls[name][number].mask
            if mask is not None and not self._is_passed_on(mask):
                raise CheckpointError(
                    f"layer {name!r}: it is called with mask={mask[0]!r}, which is not the mask of "
                    "its input; fastrnn lacks this in files of Keras"
                )

    def _is_passed_on(self, mask: Ref) -> bool:
        """Return whether a mask is that of an Embedding or a Masking of the model."""
        if mask[0] not in self._masks:
            return False
        call = self._masks[mask[0]][self._key(mask)[1]]
        if call.inputs and all(ref[0] in self._masks for ref in call.inputs):
            return all(self._is_passed_on(ref) for ref in call.inputs)
        makers = [
            source
            for name, source in self._sources.items()
            if any(one.inputs == call.inputs for one in self._calls[name])
        ]
        return len(call.inputs) == 1 and any(
            (source.ours == "Embedding" and source.config["mask_zero"] and call.constants == [0])
            or (source.ours == "Masking" and call.constants == [source.config["mask_value"]])
            for source in makers
        )


def _ref(value: Any) -> Ref | None:
    """Return the tensor of a reference, in the format of either generation."""
    if isinstance(value, Mapping):
        config = value.get("config")
        if value.get("class_name") != "__keras_tensor__" or not isinstance(config, Mapping):
            return None
        value = config.get("keras_history")
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        return None
    name, number, index = value
    if name == "_CONSTANT_VALUE":
        return (name, 0, 0)
    counts = all(isinstance(one, int) and not isinstance(one, bool) for one in (number, index))
    if not isinstance(name, str) or not counts or number < 0 or index < 0:
        return None
    return (name, number, index)
