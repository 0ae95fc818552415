"""Running ONNX graphs with the interface of ONNX Runtime's ``InferenceSession``."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.proto import constants_of, load
from fastrnn.interop.onnx.evaluator import Evaluator
from fastrnn.interop.onnx.plan import Plan, Plans

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

Array = NDArray[Any]

#: Number of combinations of outputs and replaced initializers whose plans are cached.
MOST_PLANS = 8
_ndarray = np.ndarray
_PROVIDER = "CPUExecutionProvider"


@dataclass(frozen=True)
class NodeArg:
    """An input or output of a graph.

    Attributes
    ----------
    name : str
    shape : list of int, str or None
        A str is a named dynamic extent; None is one without a name.
    type : str
        In ONNX Runtime's notation, such as ``"tensor(float)"``.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Input
    >>> from fastrnn.models import Sequential
    >>> Sequential([Input((None, 3), name="x"), GRU(8)]).export("net.onnx")
    >>> node = Session("net.onnx").get_inputs()[0]
    >>> node.name, node.type
    ('x', 'tensor(float)')
    """

    name: str
    shape: list[int | str | None]
    type: str


@dataclass(frozen=True)
class ModelMetadata:
    """The metadata of a model file.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Input
    >>> from fastrnn.models import Sequential
    >>> Sequential([Input((None, 3)), GRU(8)]).export("net.onnx")
    >>> Session("net.onnx").get_modelmeta().producer_name
    'fastrnn'
    """

    producer_name: str
    graph_name: str
    domain: str
    description: str
    version: int
    custom_metadata_map: dict[str, str]


class Session:
    """Runs an ONNX graph: recurrences by fastrnn's core, everything else by ``onnx.reference``.

    It has the common methods of ``onnxruntime.InferenceSession``, and packs the weights of RNN, GRU
    and LSTM nodes once.  It is optimized for programs that run one step per call and pass the
    states on.

    Parameters
    ----------
    path_or_bytes : str, path, bytes or onnx.ModelProto
        A model; the external data of a file must lie in its folder.
    sess_options : None
        Threads are set by :func:`fastrnn.set_num_threads`.
    providers : sequence of str, optional
        Must contain ``"CPUExecutionProvider"``.

    Raises
    ------
    ImportError
        If onnx is not installed: ``pip install "fastrnn[onnx]"``.
    OSError
        If the file cannot be read.
    fastrnn.models.CheckpointError
        If it is no ONNX model, is damaged, or has a node that cannot be computed here.  It is a
        ``ValueError``.

    Notes
    -----
    Features that the core lacks (peepholes, types other than float32 and float64, the activation
    Affine of an RNN) are computed by ``onnx.reference``; those that it ignores too, such as
    ``clip``, are refused when the session is created.

    Some common nodes around recurrences (Gemm, Transpose, Concat, ...) are computed directly with
    NumPy, with the same bits as ``onnx.reference``.

    Thread-safe: each run has its own memory.

    Examples
    --------
    >>> import numpy as np
    >>> from onnx import TensorProto, helper
    >>> from fastrnn.interop.onnx import Session
    >>> def value(name, *shape):
    ...     return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    >>> node = helper.make_node("GRU", ["x", "w", "r"], ["y"], hidden_size=2)
    >>> weights = [
    ...     helper.make_tensor("w", TensorProto.FLOAT, (1, 6, 1), [1.0] * 6),
    ...     helper.make_tensor("r", TensorProto.FLOAT, (1, 6, 2), [0.0] * 12),
    ... ]
    >>> graph = helper.make_graph(
    ...     [node], "g", [value("x", "time", 1, 1)], [value("y", "time", 1, 1, 2)], weights
    ... )
    >>> session = Session(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    >>> [y] = session.run(None, {"x": np.ones((3, 1, 1), np.float32)})
    >>> y.shape
    (3, 1, 1, 2)
    """

    def __init__(
        self,
        path_or_bytes: Any,
        sess_options: None = None,
        providers: Sequence[Any] | None = None,
    ) -> None:
        try:
            import onnx  # noqa: F401
        except ImportError as error:
            raise ImportError(
                'a session needs the package onnx: pip install "fastrnn[onnx]"'
            ) from error
        if sess_options is not None:
            raise TypeError(
                f"sess_options is of type {type(sess_options).__name__}; it should be left out: "
                "there are none here, and threads are set by fastrnn.set_num_threads"
            )
        names = [one if isinstance(one, str) else one[0] for one in providers or [_PROVIDER]]
        if _PROVIDER not in names:
            raise ValueError(f"providers is {providers!r}; it should have {_PROVIDER!r}")
        try:
            self._prepare(load(path_or_bytes))
        except (CheckpointError, OSError, TypeError):
            raise
        except Exception as error:  # any exception, since fields may have any value
            raise CheckpointError(f"the model is damaged: {error!r}") from error

    def _prepare(self, model: ModelProto) -> None:
        """Prepare everything for running."""
        graph = model.graph
        self._meta = _metadata(model)
        self._constants = constants_of(graph)
        # Before version 4 of the format, initializers were also listed as inputs, but fixed.
        free = model.ir_version >= 4
        self._inputs = [each for each in graph.input if each.name not in self._constants]
        replaced = [each for each in graph.input if each.name in self._constants]
        self._replaceable = replaced if free else []
        self._checks = {each.name: _Check(each) for each in (*self._inputs, *self._replaceable)}
        self._names = [each.name for each in self._inputs]
        self._required = [self._checks[name] for name in self._names]
        self._outputs = list(graph.output)
        self._input_args = [_arg(each) for each in self._inputs]
        self._replaceable_args = [_arg(each) for each in self._replaceable]
        self._output_args = [_arg(each) for each in self._outputs]
        self._output_names = [each.name for each in self._outputs]
        self._evaluator = Evaluator(model)
        self._lock = threading.Lock()
        self._plans: dict[Any, Plans] = {}
        self._whole = self._planned(self._output_names, ())

    def get_inputs(self) -> list[NodeArg]:
        """Return the required inputs."""
        return list(self._input_args)

    def get_outputs(self) -> list[NodeArg]:
        """Return the outputs."""
        return list(self._output_args)

    def get_overridable_initializers(self) -> list[NodeArg]:
        """Return the optional inputs: initializers that a run may replace."""
        return list(self._replaceable_args)

    def get_providers(self) -> list[str]:
        """Return ``["CPUExecutionProvider"]``."""
        return [_PROVIDER]

    def get_modelmeta(self) -> ModelMetadata:
        """Return the metadata of the file."""
        return self._meta

    def run(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, Any],
        run_options: None = None,
    ) -> list[Any]:
        """Compute outputs.

        Parameters
        ----------
        output_names : sequence of str, or None
            None for all.
        input_feed : mapping of str to ndarray
            With the declared types and shapes; they are not changed.
        run_options : None

        Returns
        -------
        list of ndarray
            In new memory.

        Raises
        ------
        ValueError
            If a name is unknown or missing, a shape does not fit, or a node cannot be computed.
        TypeError
            If an array is of another type.
        """
        if run_options is not None:
            raise TypeError("run_options should be left out: there are none here")
        inputs: list[Any] = []
        for check in self._required:
            name = check.name
            if name not in input_feed:
                names = ", ".join(map(repr, self._names))
                raise ValueError(f"input_feed lacks {name!r}; it should have {names}")
            value = input_feed[name]
            if not (type(value) is _ndarray and value.shape == check.last and
                    value.dtype is check.dtype):  # fmt: skip
                value = check.read(value)
            inputs.append(value)
        # independent of the caller's np.seterr
        with np.errstate(all="ignore"):
            if output_names is None and len(input_feed) == len(inputs):
                return self._whole.run(inputs)
            checks = self._checks
            others = [name for name in input_feed if name not in self._names]
            for name in others:
                if name not in checks:
                    raise ValueError(self._unknown("input_feed", name, [*checks]))
                inputs.append(checks[name].read(input_feed[name]))
            return self._planned(self._asked(output_names), tuple(others)).run(inputs)

    def _asked(self, output_names: Sequence[str] | None) -> list[str]:
        if output_names is None or not len(output_names):
            return self._output_names
        if isinstance(output_names, str):
            raise TypeError(f"output_names is {output_names!r}; it should be a list of names")
        for name in output_names:
            if name not in self._output_names:
                raise ValueError(self._unknown("output_names", name, self._output_names))
        return list(output_names)

    def _unknown(self, argument: str, name: Any, known: Sequence[str]) -> str:
        return f"{argument} has {name!r}; the graph has {', '.join(map(repr, known))}"

    def _planned(self, outputs: Sequence[str], replaced: tuple[str, ...]) -> Plans:
        key = (tuple(outputs), replaced)

        def make() -> Plan:
            fixed = {k: v for k, v in self._constants.items() if k not in replaced}
            return Plan(self._evaluator, fixed, [*self._names, *replaced], outputs)

        with self._lock:
            found = self._plans.get(key)
            if found is None:
                found = Plans(make)
                if len(self._plans) == MOST_PLANS:
                    del self._plans[next(iter(self._plans))]
                self._plans[key] = found
            return found


class _Check:
    """Reads and checks the array for an input.

    Attributes
    ----------
    name : str
    dtype : dtype or None
        None if it is not a tensor.
    last : tuple of int or None
        The shape of the last valid array: others of this shape and type are valid too.
    """

    def __init__(self, value: ValueInfoProto) -> None:
        from onnx import helper

        arg = _arg(value)
        self.name = arg.name
        self.last: tuple[int, ...] | None = None
        self._title, self._shape = f"{arg.name!r} in input_feed", arg.shape
        self._type = arg.type
        self.dtype: np.dtype[Any] | None = None
        self._fixed: list[tuple[int, int]] = []
        self._rank = -1
        if not value.type.HasField("tensor_type"):
            return
        tensor = value.type.tensor_type
        try:
            self.dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        except Exception as error:
            raise CheckpointError(
                f"the input {arg.name!r} has the unknown type {tensor.elem_type}"
            ) from error
        if tensor.HasField("shape"):
            self._rank = len(arg.shape)
            self._fixed = [
                (axis, extent) for axis, extent in enumerate(arg.shape) if isinstance(extent, int)
            ]

    def read(self, value: Any) -> Any:
        """Return the array for the graph."""
        if self.dtype is None:
            return value
        if type(value) is not np.ndarray or value.dtype is not self.dtype:
            value = self._converted(value)
        shape = value.shape
        if self._rank >= 0:
            fits = len(shape) == self._rank
            if fits:
                for axis, extent in self._fixed:
                    if shape[axis] != extent:
                        fits = False
            if not fits:
                wanted = ", ".join("any" if one is None else str(one) for one in self._shape)
                raise ValueError(f"{self._title} has shape {shape}; it should be ({wanted})")
        self.last = shape
        return value

    def _converted(self, value: Any) -> Any:
        assert self.dtype is not None
        array = np.asarray(value)
        if self.dtype == object and array.dtype.kind in "OUS":
            return array.astype(object)
        if array.dtype.newbyteorder("=") != self.dtype:
            listed = not isinstance(value, (np.ndarray, np.generic))
            if not listed or not np.can_cast(array.dtype, self.dtype, "same_kind"):
                raise TypeError(
                    f"{self._title} is {array.dtype}; it should be {self.dtype} ({self._type})"
                )
        return np.ascontiguousarray(array, self.dtype).reshape(array.shape)


def _arg(value: ValueInfoProto) -> NodeArg:
    shape: list[int | str | None] = []
    if not value.type.HasField("tensor_type"):
        kind = str(value.type.WhichOneof("value") or "unknown").removesuffix("_type")
        return NodeArg(value.name, shape, kind)
    tensor = value.type.tensor_type
    for extent in tensor.shape.dim:
        if extent.HasField("dim_value"):
            shape.append(int(extent.dim_value))
        else:
            shape.append(extent.dim_param or None)
    return NodeArg(value.name, shape, f"tensor({_type_name(tensor.elem_type)})")


def _type_name(kind: int) -> str:
    """Return ONNX Runtime's name of an element type."""
    from onnx import TensorProto

    try:
        name: str = TensorProto.DataType.Name(kind).lower()
    except ValueError:
        return "unknown"
    return name


def _metadata(model: ModelProto) -> ModelMetadata:
    return ModelMetadata(
        model.producer_name,
        model.graph.name,
        model.domain,
        model.doc_string,
        model.model_version,
        {each.key: each.value for each in model.metadata_props},
    )
