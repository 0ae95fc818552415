"""Writing models as ONNX files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import make_folder, path_text, replace_file
from fastrnn.formats.description import Description, wiring_of
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.graph import Builder, Value
from fastrnn.formats.onnx.write_layers import WRITERS, Layer
from fastrnn.formats.onnx.write_recurrent import (
    OPS,
    Cell,
    cell_of,
    last_states,
    write_bidirectional,
    write_recurrent,
)

if TYPE_CHECKING:
    from onnx import ModelProto

Array = NDArray[Any]

OPSET = 17
#: Version of the format; ONNX Runtime 1.12 and later read it.
IR_VERSION = 8
#: Classes of layers whose first input is tokens.
_TOKENS = {"Embedding", "CategoryEncoding"}


def write(path: Any, description: Description, *, states: bool = False, **options: Any) -> None:
    """Write a model as ONNX, atomically.

    Parameters
    ----------
    path : str or path
    description : Description
    states : bool, default False
        Whether the states of the recurrent layers are inputs, which may be left out, and outputs.

    Raises
    ------
    CheckpointError
        If ONNX cannot represent a layer; nothing is written.
    TypeError
        If there are other options.

    Warns
    -----
    UserWarning
        If ONNX Runtime is installed and cannot run the model.
    """
    if options:
        raise TypeError(
            f"export to ONNX got {', '.join(options)}; it knows the option states, and no other"
        )
    if not isinstance(states, bool):
        raise TypeError(f"states is {states!r}; it should be True or False")
    path = path_text("filepath", path)
    model = proto_of(description, states)
    content = model.SerializeToString()
    _try_runtime(path, model, content)
    make_folder(os.path.dirname(os.path.realpath(path)))
    replace_file(path, content)


def proto_of(description: Description, states: bool = False) -> ModelProto:
    """Return a model as a protocol buffer of ONNX."""
    import onnx
    from onnx import helper, numpy_helper

    made = _Writer(description, states)
    made.write()
    graph = helper.make_graph(
        made.builder.nodes,
        str(description.model["name"]),
        made.inputs,
        made.outputs,
        [numpy_helper.from_array(one, name) for name, one in made.builder.constants.items()]
        + made.defaults,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="fastrnn",
    )
    if sum(array.nbytes for array in made.builder.constants.values()) < 1 << 30:
        model = onnx.shape_inference.infer_shapes(model)
        del model.graph.value_info[:]
        for output in model.graph.output:  # unknown extents get generated names
            for axis, extent in enumerate(output.type.tensor_type.shape.dim):
                if axis == 0:
                    extent.dim_param = "batch"
                elif not extent.HasField("dim_value"):
                    extent.dim_param = f"{output.name}_{axis}"
        onnx.checker.check_model(model)
    return model


def _try_runtime(path: str, model: ModelProto, content: bytes) -> None:
    """Have ONNX Runtime run the model, if it is installed."""
    try:
        import onnxruntime
    except ImportError:
        return
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        # some operators report an unsupported type only when run
        session.run(None, {each.name: _example(each) for each in model.graph.input})
    except Exception as error:
        first = str(error).strip().splitlines()[0]
        warnings.warn(
            f"{path} is right as ONNX, but ONNX Runtime {onnxruntime.__version__} cannot run it: "
            f"{first}",
            stacklevel=6,
        )


#: Number of steps of an example, if a model takes any number: more than most windows.
_STEPS = 64


def _example(value: Any) -> Array:
    """Return zeros, or an array of True, that an input takes."""
    from onnx import helper

    tensor = value.type.tensor_type
    kind = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    extents = [
        extent.dim_value if extent.HasField("dim_value") else _STEPS if axis else 1
        for axis, extent in enumerate(tensor.shape.dim)
    ]
    return np.ones(extents, kind) if kind.kind == "b" else np.zeros(extents, kind)


class _Writer:
    """Builds a graph from a description."""

    def __init__(self, description: Description, states: bool) -> None:
        self._description, self._states = description, states
        kinds = {np.dtype(array.dtype) for _, array in _floats(description.tensors)}
        layers = description.model["layers"]
        named = {np.dtype(_dtype_of(layer)) for layer in layers} - {np.dtype(bool)}
        kinds = kinds or {kind for kind in named if kind.kind == "f"} or {np.dtype(np.float32)}
        if len(kinds) > 1:
            raise CheckpointError(
                f"the model computes in {' and '.join(sorted(map(str, kinds)))}; a file of ONNX "
                "is written for models of one type"
            )
        self.builder = Builder(kinds.pop())
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.defaults: list[Any] = []
        self._ends: list[tuple[str, str]] = []

    def write(self) -> None:
        """Make all nodes, inputs and outputs."""
        model = self._description.model
        wiring = wiring_of(model)
        values = {
            place: [self._input(wiring.calls[place].layer, self._reader(wiring.calls, place))]
            for place in wiring.inputs
        }
        found = self._calls(model, values, "")
        ends = [(wiring.calls[place].name, found[place][which]) for place, which in wiring.outputs]
        for name, value in ends:
            self._output(name, value.name)
        for name, state in self._ends:
            self._output(name, state)

    def _reader(self, calls: Sequence[Any], place: int) -> str:
        """Return the kind of an input: "tokens", "mask" or "x"."""
        for call in calls:
            for at, (source, _) in enumerate(call.inputs):
                if source != place:
                    continue
                kind, config = call.layer["class_name"], call.layer["config"]
                while kind == "TimeDistributed":
                    kind, config = config["layer"]["class_name"], config["layer"]["config"]
                if kind == "ModelLayer":
                    inner = wiring_of(config["model"])
                    return self._reader(inner.calls, inner.inputs[at])
                if kind in _TOKENS:
                    return "tokens"
                if kind == "ApplyMask" and at == 1:
                    return "mask"
        return "x"

    def _input(self, layer: Mapping[str, Any], reader: str) -> Value:
        from onnx import TensorProto, helper

        config = layer["config"]
        kind = helper.np_dtype_to_tensor_dtype(self.builder.dtype)
        kind = {"tokens": TensorProto.INT64, "mask": TensorProto.BOOL}.get(reader, kind)
        name = self.builder.name(str(config["name"]))
        sample = list(config["shape"])
        shape: list[int | str] = ["batch"]
        for axis, extent in enumerate(sample, 1):
            open_name = "time" if axis == 1 else f"{name}_{axis}"
            shape.append(open_name if extent is None else int(extent))
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return Value(name, len(shape))

    def _output(self, wanted: str, value: str) -> None:
        """Make a value an output, with a new name."""
        from onnx import TensorProto, helper

        name = self.builder.name(wanted)
        self.builder.nodes.append(
            helper.make_node("Identity", [value], [name], name=self.builder.name(f"{name}/output"))
        )
        kind = helper.np_dtype_to_tensor_dtype(self.builder.dtype)
        if any(each.name == value and each.type.tensor_type.elem_type == TensorProto.INT64
               for each in self.inputs):  # fmt: skip
            kind = TensorProto.INT64
        self.outputs.append(helper.make_tensor_value_info(name, kind, None))

    # Layers ---------------------------------------------------------------------------------

    def _calls(
        self, model: Mapping[str, Any], values: dict[int, list[Value]], prefix: str
    ) -> dict[int, list[Value]]:
        """Write the calls of a model's layers; `values` holds its inputs."""
        for place, call in enumerate(wiring_of(model).calls):
            if place in values:
                continue
            inputs = [values[source][which] for source, which in call.inputs]
            values[place] = self._layer(call.layer, inputs, prefix + call.name + "/")
        return values

    def _layer(self, layer: Mapping[str, Any], inputs: Sequence[Value], prefix: str) -> list[Value]:
        """Write a layer; `prefix` is that of the names of its weights."""
        kind, config, title = layer["class_name"], layer["config"], prefix.rstrip("/")
        if kind == "ModelLayer":
            inner = wiring_of(config["model"])
            given = {place: [value] for place, value in zip(inner.inputs, inputs, strict=True)}
            found = self._calls(config["model"], given, prefix)
            return [found[place][which] for place, which in inner.outputs]
        if kind == "TimeDistributed":
            return [self._distributed(config["layer"], inputs[0], prefix)]
        if kind == "Bidirectional":
            return self._bidirectional(config, inputs, prefix)
        if kind in OPS:
            return self._recurrent(layer, inputs, prefix)
        if kind not in WRITERS:
            raise CheckpointError(f"{title} is a {kind}, which is not written to ONNX")
        weights = {
            name.removeprefix(prefix): np.asarray(array)
            for name, array in self._description.tensors.items()
            if name.startswith(prefix)
        }
        made = Layer(self.builder, kind, title, config, weights, inputs)
        return [WRITERS[kind](made)]

    def _recurrent(
        self, layer: Mapping[str, Any], inputs: Sequence[Value], prefix: str
    ) -> list[Value]:
        title = prefix.rstrip("/")
        cell = cell_of(layer, prefix, self._description.tensors, title)
        x, *states = inputs
        if states:
            return write_recurrent(self.builder, cell, x, [state.name for state in states])
        learned = self._learned(cell, prefix)
        if not self._states:
            if cell.asks("stateful"):
                raise CheckpointError(
                    f"stateful of {title} is True; a file of ONNX carries states as inputs and "
                    "outputs: export with states=True"
                )
            initial = [self._for_batch(x, name) for name in learned]
            return write_recurrent(self.builder, cell, x, initial)
        if cell.backwards:
            raise CheckpointError(
                f"go_backwards of {title} is True; its state cannot be carried on, so export "
                "without states=True"
            )
        begins: list[str] = []
        for place, which in enumerate("hc"[: cell.states]):
            default = self.builder.constants.pop(learned[place]) if learned else None
            begins.append(self._state_input(x, cell, f"{title}_{which}", default))
        found, ends = last_states(self.builder, cell, x, begins)
        for which, end in zip("hc", ends, strict=False):
            self._ends.append((f"{title}_{which}_next", end))
        return found

    def _learned(self, cell: Cell, prefix: str) -> list[str]:
        """Return the names of trained initial states, (1, n_s)."""
        if not cell.asks("learn_initial_state"):
            return []
        names = ["initial_state", "initial_cell"][: cell.states]
        tensors = [np.asarray(self._description.tensors[prefix + name]) for name in names]
        return [
            self.builder.constant(prefix + name, tensor[np.newaxis])
            for name, tensor in zip(names, tensors, strict=True)
        ]

    def _for_batch(self, x: Value, state: str) -> str:
        """Return a state (1, n_s) or (batch, n_s) for every sample of a batch."""
        shape = self.builder.one(
            "Concat", [self.builder.shape_part(x.name, 0, 1), self.builder.integers(1)], axis=0
        )
        return self.builder.one("Expand", [state, shape])

    def _state_input(self, x: Value, cell: Cell, name: str, default: Array | None) -> str:
        """Return an optional state input, for every sample."""
        from onnx import helper, numpy_helper

        name = self.builder.name(name)
        kind = helper.np_dtype_to_tensor_dtype(self.builder.dtype)
        self.inputs.append(helper.make_tensor_value_info(name, kind, ["batch", cell.units]))
        zeros = np.zeros((1, cell.units), self.builder.dtype) if default is None else default
        self.defaults.append(numpy_helper.from_array(zeros, name))
        return self._for_batch(x, name)

    def _bidirectional(
        self, config: Mapping[str, Any], inputs: Sequence[Value], prefix: str
    ) -> list[Value]:
        title = prefix.rstrip("/")
        x, *states = inputs
        forward = config["layer"]
        backward = config.get("backward_layer") or forward
        turned = bool(forward["config"].get("go_backwards", False))
        cells = [
            cell_of(
                {**layer, "config": {**layer["config"], "go_backwards": backwards}},
                prefix + which,
                self._description.tensors,
                title + "/" + which.rstrip("_"),
            )
            for which, layer, backwards in (
                ("forward_", forward, turned),
                ("backward_", backward, not turned),
            )
        ]
        if self._states or cells[0].asks("stateful"):
            raise CheckpointError(
                f"{title} is Bidirectional, which cannot carry on its states: it has to be "
                "exported without states=True, and not stateful"
            )
        if any(cell.asks("learn_initial_state") for cell in cells):
            raise CheckpointError(f"learn_initial_state of {title} is True: not written to ONNX")
        given = [state.name for state in states] or None
        return write_bidirectional(self.builder, title, cells, config["merge_mode"], x, given)

    def _distributed(self, layer: Mapping[str, Any], x: Value, prefix: str) -> Value:
        """Write a TimeDistributed layer, as the inner layer if steps are independent."""
        kind, config = layer["class_name"], layer["config"]
        per_step = kind in _PER_STEP or (kind in _PER_AXIS and config.get("axis", -1) == -1)
        if per_step or kind in _TOKENS:
            found = self._layer(layer, [x], prefix)[0]
            return Value(found.name, found.rank, x.mask)
        builder = self.builder
        extents = builder.one("Shape", [x.name])
        front = builder.one("Slice", [extents, builder.integers(0), builder.integers(2)])
        most = builder.integers(2**31)
        rest = builder.one("Slice", [extents, builder.integers(2), most])
        inner_shape = builder.one("Concat", [builder.integers(-1), rest], axis=0)
        inner = builder.one("Reshape", [x.name, inner_shape])
        found = self._layer(layer, [Value(inner, x.rank - 1)], prefix)[0]
        behind = builder.one(
            "Slice", [builder.one("Shape", [found.name]), builder.integers(1), most]
        )
        shape = builder.one("Concat", [front, behind], axis=0)
        return Value(builder.one("Reshape", [found.name, shape]), found.rank + 1, x.mask)


#: Layers that compute steps independently, with any leading axes.
_PER_STEP = {"Dense", "Activation", "Dropout", "GaussianNoise", "ReLU", "LeakyReLU", "ELU"}
_PER_STEP |= {"AlphaDropout", "GaussianDropout"}
#: Layers that do so if their axis is the last.
_PER_AXIS = {"LayerNormalization", "Softmax"}


def _floats(tensors: Mapping[str, Array]) -> list[tuple[str, Array]]:
    return [(name, array) for name, array in tensors.items() if array.dtype.kind == "f"]


def _dtype_of(layer: Mapping[str, Any]) -> str:
    found = layer["config"].get("dtype")
    return found if found in ("float32", "float64") else "float32"
