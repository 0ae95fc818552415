"""Reading untrusted ONNX files.

No memory is allocated for declared sizes before the data are checked: a tensor has as many elements
as its data, and external data must be in the folder of the model.
"""

from __future__ import annotations

import graphlib
import math
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import kind_of_file, path_text
from fastrnn.formats.errors import CheckpointError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

Array = NDArray[Any]

#: The domains of ONNX's own operators.
MAIN_DOMAINS = ("", "ai.onnx")


def load(source: Any) -> ModelProto:
    """Return a model with all its tensors in it.

    Parameters
    ----------
    source : path, bytes or ModelProto
        A ModelProto is copied and not changed.

    Raises
    ------
    OSError
        As :func:`open` does.
    CheckpointError
        If it is not a model, or its external data are outside the folder.
    """
    import onnx

    folder: str | None = None
    model = onnx.ModelProto()
    if isinstance(source, onnx.ModelProto):
        title = "the model"
        model.CopyFrom(source)
    else:
        if isinstance(source, (bytes, bytearray, memoryview)):
            title, content = "the model", bytes(source)
        else:
            title = path_text("path", source)
            folder = os.path.dirname(os.path.realpath(title))
            content = _content(title)
        try:
            model.ParseFromString(content)
        except Exception as error:  # the class depends on the version of protobuf
            raise CheckpointError(f"{title} is no ONNX model, or is damaged: {error}") from error
        del content
    _check_texts(model, title)
    if not model.HasField("graph") or not model.graph.output:
        raise CheckpointError(f"{title} is no ONNX model: it has no graph with an output")
    for used in model.opset_import:
        if used.domain == "ai.onnx":
            used.domain = ""
    if not any(used.domain == "" for used in model.opset_import):
        raise CheckpointError(f"{title} does not say of which opset its operators are")
    for tensor in _tensors(model):
        _bring_in(tensor, folder)
    return model


def _check_texts(model: ModelProto, title: str) -> None:
    """Refuse names that are not UTF-8, which protocol buffers return as bytes."""
    texts: list[Any] = [model.graph.name, model.producer_name, model.producer_version]
    for graph in graphs_of(model.graph):
        texts += [each.name for each in (*graph.input, *graph.output, *graph.initializer)]
        for node in graph.node:
            texts += [node.name, node.op_type, node.domain, *node.input, *node.output]
            texts += [attribute.name for attribute in node.attribute]
    texts += [used.domain for used in model.opset_import]
    if any(isinstance(text, bytes) for text in texts):
        raise CheckpointError(f"{title} is damaged: it has a name that is not UTF-8")


def _content(path: str) -> bytes:
    kind = kind_of_file(os.stat(path).st_mode)
    if kind == "folder":
        raise IsADirectoryError(f"{path} is a folder; a model is a file")
    if kind != "file":
        raise CheckpointError(f"{path} is a {kind}; a model is a file")
    with open(path, "rb") as file:
        return file.read()


def graphs_of(graph: GraphProto) -> Iterator[GraphProto]:
    """Yield a graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs):
                yield from graphs_of(inner)


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Yield every tensor that a model holds."""
    graphs = list(graphs_of(model.graph))
    nodes = [node for graph in graphs for node in graph.node]
    for function in model.functions:
        nodes += function.node
    for graph in graphs:
        if graph.sparse_initializer:
            raise CheckpointError(
                f"the graph {graph.name!r} has sparse initializers, which are not read here"
            )
        yield from graph.initializer
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
                raise CheckpointError(f"{title_of(node)} has a sparse tensor, not read here")
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _bring_in(tensor: TensorProto, folder: str | None) -> None:
    """Read external data of a tensor into the tensor."""
    import onnx
    from onnx.external_data_helper import ExternalDataInfo

    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    try:
        info = ExternalDataInfo(tensor)
        location, start = str(info.location), int(info.offset or 0)
        length = None if info.length is None else int(info.length)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the external data of {tensor.name!r}: {error}") from error
    where = f"the data of {tensor.name!r} lie in {location!r}"
    if folder is None:
        raise CheckpointError(
            f"{where}, and the model came without a folder: give the path of its file"
        )
    outside = CheckpointError(f"{where}; data may only lie in the folder of the model")
    climbs = os.path.isabs(location) or ".." in location.replace("\\", "/").split("/")
    if climbs or "\0" in location:
        raise outside
    path = os.path.realpath(os.path.join(folder, location))
    if os.path.commonpath([folder, path]) != folder:
        raise outside
    try:
        is_file = kind_of_file(os.stat(path).st_mode) == "file"
        size = os.path.getsize(path)
    except OSError as error:
        raise CheckpointError(f"{where}, which cannot be read: {error}") from error
    wanted = _bytes_of(tensor)
    length = wanted if length is None else length
    if not is_file or start < 0 or length != wanted or start + length > size:
        raise CheckpointError(
            f"{where}: {length} bytes from {start} on of a file of {size}; the tensor has {wanted}"
        )
    with open(path, "rb") as file:
        file.seek(start)
        tensor.raw_data = file.read(length)
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


def _bytes_of(tensor: TensorProto) -> int:
    """Return the expected number of bytes of a tensor."""
    from onnx import helper

    try:
        size = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
    except Exception as error:
        raise CheckpointError(f"{tensor.name!r} has the unknown type {tensor.data_type}") from error
    if any(extent < 0 for extent in tensor.dims):
        raise CheckpointError(f"{tensor.name!r} has the shape {list(tensor.dims)}")
    return int(math.prod(tensor.dims) * size)


def array_of(tensor: TensorProto) -> Array:
    """Return a tensor as a read-only array.

    Raises
    ------
    CheckpointError
        If its data do not fit its shape.
    """
    from onnx import numpy_helper

    try:
        array: Array = np.asarray(numpy_helper.to_array(tensor))
        shape = tuple(tensor.dims)
        if array.shape != shape:
            raise ValueError(f"it has the shape {shape} and data of shape {array.shape}")
    except Exception as error:  # TypeError, ValueError and others, depending on the type
        raise CheckpointError(f"the tensor {tensor.name!r} is damaged: {error}") from error
    array.flags.writeable = False
    return array


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """Return a node's attributes by their names; texts as str, tensors as arrays."""
    import onnx

    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise CheckpointError(f"{title_of(node)} takes {attribute.name} from a function")
        if attribute.type == onnx.AttributeProto.TENSOR:
            found[attribute.name] = array_of(attribute.t)
            continue
        try:
            value = onnx.helper.get_attribute_value(attribute)
            if isinstance(value, bytes):
                value = value.decode()
            elif isinstance(value, Iterable) and not isinstance(value, str):
                value = [one.decode() if isinstance(one, bytes) else one for one in value]
        except Exception as error:
            raise CheckpointError(f"{title_of(node)}: {attribute.name}: {error}") from error
        found[attribute.name] = value
    return found


def title_of(node: NodeProto) -> str:
    """Return the name of a node in error messages."""
    name = node.name or (node.output[0] if node.output else "")
    domain = "" if node.domain in MAIN_DOMAINS else f"{node.domain}:"
    return f"node {domain}{node.op_type} {name!r}"


def opset_of(model: ModelProto) -> int:
    """Return the version of ONNX's own operators that a model uses."""
    return max(int(used.version) for used in model.opset_import if used.domain == "")


def constants_of(graph: GraphProto) -> dict[str, Array]:
    """Return the initializers of a graph."""
    return {tensor.name: array_of(tensor) for tensor in graph.initializer}


def outside_names(node: NodeProto) -> set[str]:
    """Return the inputs of a node, including outer values that its subgraphs read."""
    names = {name for name in node.input if name}
    for attribute in node.attribute:
        for inner in (*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs):
            own = {value.name for value in (*inner.input, *inner.initializer)}
            read: set[str] = {value.name for value in inner.output}
            for each in inner.node:
                own.update(each.output)
                read |= outside_names(each)
            names |= read - own
    return names


def ordered_nodes(graph: GraphProto, known: Iterable[str]) -> list[NodeProto]:
    """Return the nodes of a graph in topological order.

    Raises
    ------
    CheckpointError
        If a value is undefined or defined twice, or the graph has a cycle.
    """
    made = set(known)
    makers: dict[str, int] = {}
    for place, node in enumerate(graph.node):
        for name in node.output:
            if name and (name in makers or name in made):
                raise CheckpointError(f"{title_of(node)} makes {name!r}, which is there already")
            if name:
                makers[name] = place
    reads = [outside_names(node) for node in graph.node]
    for node, names in zip(graph.node, reads, strict=True):
        lost = sorted(names - made - set(makers))
        if lost:
            raise CheckpointError(f"{title_of(node)} reads {lost[0]!r}, which no node makes")
    # the order of the file, if it is topological
    before = {
        place: sorted(makers[name] for name in names if name not in made)
        for place, names in enumerate(reads)
    }
    if all(others[-1] < place for place, others in before.items() if others):
        order = list(before)
    else:
        try:
            order = list(graphlib.TopologicalSorter(before).static_order())
        except graphlib.CycleError as error:
            node = graph.node[error.args[1][0]]
            raise CheckpointError(f"{title_of(node)} reads what it makes, in a circle") from error
    made.update(makers)
    for value in graph.output:
        if value.name not in made:
            raise CheckpointError(f"no node makes the output {value.name!r}")
    return [graph.node[place] for place in order]
