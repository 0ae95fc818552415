"""The description of a model, which all formats read and write.

The arrays have the shapes of Keras's weights, with the gates of a GRU in the order of the core, r,
z, n (an LSTM's are i, f, g, o everywhere), which is also that of fastrnn's own files.  A format
with another order converts when it reads and writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError

Array = NDArray[Any]


@dataclass(frozen=True)
class Origin:
    """The origin of a file.

    Attributes
    ----------
    format : str
        Name of the format, such as ``"HDF5 of Keras"``.
    program : str
        Such as ``"keras 2.4.0, backend tensorflow"``; empty if unknown.
    """

    format: str = ""
    program: str = ""


@dataclass
class Description:
    """A model in a file.

    Attributes
    ----------
    model : dict
        The result of :meth:`fastrnn.models.Model.get_config`: class, name, layers in the order of
        their calls, and the connections unless they form a chain.
    training : dict or None
        The compile options, in fastrnn's format: ``optimizer``, ``loss``, ``metrics``,
        ``loss_weights``, ``weighted_metrics``, ``check_gradients``, ``iterations``.
    tensors : mapping of str to ndarray
        With the names of :mod:`fastrnn.formats.names`.  Tensors may be read from the file on each
        access, into new memory.
    run : dict or None
        The position of the training during which the file was saved; only fastrnn's own files have
        it.
    origin : Origin
    own : frozenset of str
        Class names of the user's own layers in the model.
    untrained : frozenset of str
        Names of weights that are never trained by gradients, whatever their layer says.
    notes : list of str
        Messages about content of the file that the model lacks, such as regularizers, with the name
        of the layer.
    """

    model: dict[str, Any]
    training: dict[str, Any] | None
    tensors: Mapping[str, Array]
    run: dict[str, Any] | None = None
    origin: Origin = field(default_factory=Origin)
    notes: list[str] = field(default_factory=list)
    own: frozenset[str] = frozenset()
    untrained: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Call:
    """A call of a layer in a model.

    Attributes
    ----------
    layer : dict
        ``class_name`` and ``config`` of the layer.
    inputs : tuple of (int, int)
        Its inputs: the index of a call, and of its output.
    """

    layer: dict[str, Any]
    inputs: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        """Name of the layer."""
        return str(self.layer["config"]["name"])


@dataclass(frozen=True)
class Wiring:
    """The calls of a model's layers, in topological order.

    Attributes
    ----------
    calls : tuple of Call
        Calls of input layers have no inputs.
    inputs : tuple of int
        The indices of the calls of the input layers, in the order of the model's inputs.
    outputs : tuple of (int, int)
        The model's outputs: the index of a call, and of its output.
    """

    calls: tuple[Call, ...]
    inputs: tuple[int, ...]
    outputs: tuple[tuple[int, int], ...]


def wiring_of(model: Mapping[str, Any]) -> Wiring:
    """Return the wiring of a configuration, which leaves it out for chains."""
    layers = model["layers"]
    if "connections" not in model:
        reads = [() if place == 0 else ((place - 1, 0),) for place in range(len(layers))]
        calls = [Call(layer, read) for layer, read in zip(layers, reads, strict=True)]
        return Wiring(tuple(calls), (0,), ((len(layers) - 1, 0),))
    which = model.get("calls", range(len(layers)))
    calls = [
        Call(layers[place], tuple((int(a), int(b)) for a, b in reads))
        for place, reads in zip(which, model["connections"], strict=True)
    ]
    outputs = tuple((int(a), int(b)) for a, b in model["outputs"])
    return Wiring(tuple(calls), tuple(model["inputs"]), outputs)


@runtime_checkable
class LazyTensors(Protocol):
    """Arrays of a file that are read on access; see ``tensor_file.TensorFile``."""

    kinds: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]

    def pieces(self, name: str) -> Iterator[memoryview]:
        """Yield the bytes of a tensor in pieces."""
        ...

    def read_into(self, name: str, array: Array) -> None:
        """Read a tensor into an array."""
        ...


def kind_of(tensors: Mapping[str, Array], name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return type and shape of a tensor without reading it."""
    if isinstance(tensors, LazyTensors):
        return tensors.kinds[name]
    return tensors[name].dtype, tensors[name].shape


def check(tensors: Mapping[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Raise an error unless a tensor of a file fits the model, without reading it.

    float32 is accepted for a model in float64; the opposite would lose precision.

    Raises
    ------
    CheckpointError
        If it is missing, or has another shape or a wider type.
    """
    if name not in tensors:
        raise CheckpointError(f"the file lacks {name}, which the model has")
    given, found = kind_of(tensors, name)
    if found != shape:
        raise CheckpointError(f"{name} has shape {found} in the file; it should be {shape}")
    if not np.can_cast(given, dtype, "safe"):
        raise CheckpointError(f"{name} is {given} in the file; the model's {dtype} cannot hold it")


def fill(array: Array, tensors: Mapping[str, Array], name: str) -> None:
    """Read a tensor that :func:`check` accepts into an array, without another copy."""
    if isinstance(tensors, LazyTensors):
        tensors.read_into(name, array)
    else:
        array[...] = tensors[name]


def check_names(names: Iterable[str], known: Collection[str], holder: str) -> None:
    """Raise an error if a file has tensors that `holder` lacks.

    Raises
    ------
    CheckpointError
        If it has; the error lists them.
    """
    extra = sorted(set(names) - set(known))
    if extra:
        raise CheckpointError(f"the file holds {', '.join(extra)}, which {holder} lacks")
