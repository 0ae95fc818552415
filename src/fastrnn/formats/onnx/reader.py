"""Reading ONNX files as models."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.flow import Flow, Found, StateInput
from fastrnn.formats.onnx.node import Node, Refusal
from fastrnn.formats.onnx.proto import (
    constants_of,
    load,
    opset_of,
    ordered_nodes,
    outside_names,
)
from fastrnn.formats.onnx.read_nodes import read_node

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, ValueInfoProto

Array = NDArray[Any]

#: Operators that only rearrange elements.
_ARRANGING = {"Transpose", "Squeeze", "Unsqueeze", "Gather", "Slice", "Split", "Expand",
              "Identity", "Reshape", "Cast"}  # fmt: skip
#: Possible orders of the axes of an input, the most likely first.
_ORDERS = {3: ("BTF", "TBF"), 2: ("BF",)}
_TOKEN_ORDERS = {2: ("BT", "TB")}


def read(path: Any, keep: Callable[[str], bool] | None = None) -> Description:
    """Return the layers of a graph.

    Parameters
    ----------
    path : str or path
    keep : callable, optional
        Not needed: all of a file is read at once.

    Raises
    ------
    OSError
        As :func:`open` does.
    CheckpointError
        If the file is damaged, or fastrnn has no layer for a node; the message names the node.
    """
    model = load(path)
    try:
        return _read(model)
    except Refusal as problem:
        raise CheckpointError(
            f"{path} is no model of layers that fastrnn has: {problem}. "
            "fastrnn.interop.onnx.Session runs the graph"
        ) from problem
    except (CheckpointError, OSError):
        raise
    except Exception as error:  # any exception, since fields may have any value
        raise CheckpointError(f"{path} is damaged: {error!r}") from error


def _read(model: ModelProto) -> Description:
    try:
        return _Reader(model, 0).description()
    except Refusal as problem:
        if not problem.may_be_order:
            raise
        with suppress(Refusal):
            return _Reader(model, 1).description()
        raise  # the error of the more likely order


class _Reader:
    """Reads a graph, with a choice of the order of its inputs' axes."""

    def __init__(self, model: ModelProto, choice: int) -> None:
        self._model, self._choice = model, choice
        if model.functions:
            raise Refusal(f"it has functions of its own, such as {model.functions[0].name!r}")
        graph = model.graph
        self._constants = constants_of(graph)
        self._free = [each for each in graph.input if each.name not in self._constants]
        self._defaults = [each for each in graph.input if each.name in self._constants]
        known = [*(each.name for each in self._free), *self._constants]
        self._nodes = ordered_nodes(graph, known)
        kinds = {array.dtype for array in self._constants.values() if array.dtype.kind == "f"}
        kinds |= {_dtype(each) for each in self._free if _dtype(each).kind == "f"}
        if kinds - {np.dtype(np.float32), np.dtype(np.float64)} or len(kinds) > 1:
            raise Refusal(f"it computes in {', '.join(sorted(map(str, kinds)))}")
        self._found = Found(str(kinds.pop()) if kinds else "float32")
        self._values: dict[str, Any] = dict(self._constants)

    def description(self) -> Description:
        """Return the description of the graph."""
        inputs = self._read_inputs()
        readers: dict[str, int] = {}
        for node in self._nodes:
            for name in node.input:
                if node.op_type != "Shape":
                    readers[name] = readers.get(name, 0) + 1
        for value in self._model.graph.output:
            readers[value.name] = readers.get(value.name, 0) + 1
        opset = opset_of(self._model)
        for node in self._nodes:
            self._values |= read_node(
                Node(node, self._values, self._found, readers, opset, self._state)
            )
        outputs = [place for value in self._model.graph.output for place in self._output(value)]
        found = self._found
        inputs += self._states
        model = {
            "class_name": "Model",
            "name": re.sub(r"[^\w.-]", "_", self._model.graph.name) or "model",
            "layers": found.layers,
            "connections": [[list(read) for read in reads] for reads in found.reads],
            "inputs": inputs,
            "outputs": [list(place) for place in outputs],
        }
        made_by = f"{self._model.producer_name} {self._model.producer_version}".strip()
        return Description(model, None, found.tensors, None, Origin("ONNX", made_by), found.notes)

    # Inputs and outputs ---------------------------------------------------------------------

    def _read_inputs(self) -> list[int]:
        self._states: list[int] = []
        self._state_places: dict[StateInput, int] = {}
        reach = _state_names(self._nodes)
        self._state_inputs = {
            each.name: each for each in (*self._free, *self._defaults) if each.name in reach
        }
        for name in self._state_inputs:
            self._values[name] = StateInput(name, ())
        data = [value for value in self._free if value.name not in self._state_inputs]
        places = [self._data_input(value) for value in data]
        if not places:
            raise Refusal("it has no input of data")
        return places

    def _data_input(self, value: ValueInfoProto) -> int:
        shape, dtype = _shape(value), _dtype(value)
        if dtype.kind not in "fiu" or shape is None:
            raise Refusal(f"its input {value.name!r} is {dtype} of shape {shape}")
        tokens = dtype.kind in "iu"
        orders = (_TOKEN_ORDERS if tokens else _ORDERS).get(len(shape))
        if orders is None:
            what = "(batch, time)" if tokens else "(batch, time, features) or (batch, features)"
            raise Refusal(f"its input {value.name!r} has shape {shape}; it should be {what}")
        axes = orders[min(self._choice, len(orders) - 1)]
        extents = dict(zip(axes, shape, strict=True))
        steps, features = extents.get("T"), extents.get("F", 0)
        if features is None:
            raise Refusal(f"its input {value.name!r} does not say how many features it has")
        sample = [extents[label] for label in ("T", "F") if label in extents]
        name = re.sub(r"[^\w.-]", "_", value.name)
        place = self._found.add("InputLayer", [], name=name, shape=sample)
        self._values[value.name] = Flow((place, 0), axes, features, steps)
        if axes.startswith("T"):
            self._found.notes.append(
                f"the input {value.name!r} is (time, batch, ...) in the file; that of the model is "
                "(batch, time, ...)"
            )
        return place

    def _state(self, value: StateInput, units: int) -> Flow:
        """Return the input layer of a state, which is created on first use."""
        if value not in self._state_places:
            name = "_".join([re.sub(r"[^\w.-]", "_", value.name), *map(str, value.part)])
            place = self._found.add("InputLayer", [], name=name, shape=[units])
            self._state_places[value] = place
            self._states.append(place)
            if value.part:
                self._found.notes.append(
                    f"the input {value.name!r} holds several states in the file; the model has an "
                    f"input for each, such as {name!r}"
                )
        return Flow((self._state_places[value], 0), "BF", units)

    def _output(self, value: ValueInfoProto) -> list[tuple[int, int]]:
        given = self._values[value.name]
        flows = given if isinstance(given, list) else [given]
        for flow in flows:
            if not isinstance(flow, Flow) or flow.is_reversed:
                raise Refusal(f"its output {value.name!r} is no output of a layer")
            plain = flow.axes.replace("1", "")
            if self._found.layers[flow.place[0]]["class_name"] != "Bidirectional":
                plain = plain.replace("D", "")
            if plain not in ("BTF", "BF"):
                if sorted(plain) != ["B", "F", "T"]:
                    raise Refusal(f"its output {value.name!r} has the axes {flow.axes}")
                self._found.notes.append(
                    f"the output {value.name!r} has its axes in the order {plain} in the file; "
                    "that of the model is (batch, time, features)"
                )
            elif plain != flow.axes or len(flows) > 1:
                self._found.notes.append(
                    f"the output {value.name!r} has more axes in the file; the model answers "
                    f"{'(batch, time, features)' if plain == 'BTF' else '(batch, features)'}"
                    + (", one for each state in it" if len(flows) > 1 else "")
                )
        return [flow.place for flow in flows]


def _state_names(nodes: list[NodeProto]) -> set[str]:
    """Return the values that only nodes which rearrange connect to initial states."""
    found: set[str] = set()
    for node in reversed(nodes):
        if node.op_type in ("RNN", "GRU", "LSTM"):
            found.update(name for name in node.input[5:7] if name)
        elif node.op_type in _ARRANGING and found & set(node.output):
            found.update(list(outside_names(node) & {node.input[0]}))
    return found


def _shape(value: ValueInfoProto) -> list[int | None] | None:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return [
        int(extent.dim_value) if extent.HasField("dim_value") and extent.dim_value > 0 else None
        for extent in tensor.shape.dim
    ]


def _dtype(value: ValueInfoProto) -> np.dtype[Any]:
    from onnx import helper

    try:
        found: np.dtype[Any] = np.dtype(
            helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        )
        return found
    except Exception as error:
        raise Refusal(f"its input {value.name!r} is of an unknown type") from error
