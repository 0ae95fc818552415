"""What every format reads a file into, and writes a file from: a model without its classes.

The arrays have the shapes of Keras's weights, with the gates of a GRU in the order of the core, r,
z, n (an LSTM's are i, f, g, o everywhere), which is also that of fastrnn's own files.  A format
with another order changes it where it reads and writes.
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
    """Who wrote a file.

    Attributes
    ----------
    format : str
        Name of the format, such as ``"HDF5 of Keras"``.
    program : str
        Such as ``"keras 2.4.0, backend tensorflow"``; empty where the file does not say.
    """

    format: str = ""
    program: str = ""


@dataclass
class Description:
    """A model as a file holds it.

    Attributes
    ----------
    model : dict
        What :meth:`fastrnn.models.Model.get_config` returns: class, name, layers in the order of
        their calls, and who reads whom where they do not simply follow one another.
    training : dict or None
        How it was compiled, in fastrnn's words: ``optimizer``, ``loss``, ``metrics``,
        ``loss_weights``, ``weighted_metrics``, ``check_gradients``, ``iterations``.
    tensors : mapping of str to ndarray
        Named as :mod:`fastrnn.formats.names` says.  They may be read from the file whenever they
        are asked for, each time into new memory.
    run : dict or None
        Where a training was in which the file was saved; only fastrnn's own files have it.
    origin : Origin
    notes : list of str
        What the file says and the model does not have, such as regularizers: a sentence each, with
        the name of the layer.
    """

    model: dict[str, Any]
    training: dict[str, Any] | None
    tensors: Mapping[str, Array]
    run: dict[str, Any] | None = None
    origin: Origin = field(default_factory=Origin)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """A call of a layer in a model.

    Attributes
    ----------
    layer : dict
        ``class_name`` and ``config`` of the layer.
    inputs : tuple of (int, int)
        What it reads: the place of a call, and which of its outputs.
    """

    layer: dict[str, Any]
    inputs: tuple[tuple[int, int], ...]

    @property
    def name(self) -> str:
        """Name of the layer."""
        return str(self.layer["config"]["name"])


@dataclass(frozen=True)
class Wiring:
    """The calls of a model's layers, each after those that it reads.

    Attributes
    ----------
    calls : tuple of Call
        Those of input layers read nothing.
    inputs : tuple of int
        The places of the calls of the input layers, in the order of the model's inputs.
    outputs : tuple of (int, int)
        The model's answers: the place of a call, and which of its outputs.
    """

    calls: tuple[Call, ...]
    inputs: tuple[int, ...]
    outputs: tuple[tuple[int, int], ...]


def wiring_of(model: Mapping[str, Any]) -> Wiring:
    """Return who reads whom in a configuration, also where it leaves out that layers are a row."""
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
    """Arrays of a file that are read when they are asked for; see ``tensor_file.TensorFile``."""

    kinds: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]

    def pieces(self, name: str) -> Iterator[memoryview]:
        """Yield the bytes of a tensor, some at a time."""
        ...

    def read_into(self, name: str, array: Array) -> None:
        """Fill an array with a tensor."""
        ...


def kind_of(tensors: Mapping[str, Array], name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return type and shape of a tensor, which is not read for that."""
    if isinstance(tensors, LazyTensors):
        return tensors.kinds[name]
    return tensors[name].dtype, tensors[name].shape


def check(tensors: Mapping[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Raise an error unless a tensor of a file is what a model needs; it is not read for that.

    float32 is widened where the model computes in float64; the other way would lose digits.

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
    """Give an array the content of a tensor that :func:`check` lets pass, without a copy of it."""
    if isinstance(tensors, LazyTensors):
        tensors.read_into(name, array)
    else:
        array[...] = tensors[name]


def check_names(names: Iterable[str], known: Collection[str], holder: str) -> None:
    """Raise an error if a file has tensors for which `holder` has no name.

    Raises
    ------
    CheckpointError
        If it does; it says which.
    """
    extra = sorted(set(names) - set(known))
    if extra:
        raise CheckpointError(f"the file holds {', '.join(extra)}, which {holder} lacks")
