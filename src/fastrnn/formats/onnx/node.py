"""A node of a graph that is read, and the error for nodes that are not layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.flow import Flow, Found, StateInput
from fastrnn.formats.onnx.proto import attributes_of, title_of

if TYPE_CHECKING:
    from onnx import NodeProto

Array = NDArray[Any]


class Refusal(CheckpointError):
    """A graph cannot be read as layers.

    Attributes
    ----------
    may_be_order : bool
        Whether another order of the axes of its input may help.
    """

    def __init__(self, message: str, may_be_order: bool = False) -> None:
        super().__init__(message)
        self.may_be_order = may_be_order


@dataclass(frozen=True)
class Node:
    """A node of a graph.

    Attributes
    ----------
    proto : NodeProto
    values : mapping
        The known facts about its inputs.
    found : Found
        The layers found so far.
    readers : mapping of str to int
        Number of readers of each value.
    opset : int
    state : callable
        Creates an input layer for a state with a number of units.
    """

    proto: NodeProto
    values: Mapping[str, Any]
    found: Found
    readers: Mapping[str, int]
    opset: int
    state: Callable[[StateInput, int], Flow]

    @property
    def op(self) -> str:
        """Its operator."""
        return str(self.proto.op_type)

    def input(self, place: int) -> Any:
        """Return the facts about an input; None if it is left out."""
        names = self.proto.input
        return self.values[names[place]] if place < len(names) and names[place] else None

    def attributes(self) -> dict[str, Any]:
        """Return its attributes."""
        return attributes_of(self.proto)

    def refusal(self, why: str, may_be_order: bool = False) -> Refusal:
        """Return the error about this node."""
        return Refusal(f"{title_of(self.proto)} {why}", may_be_order)

    def constant(self, place: int, attribute: str = "") -> Array | None:
        """Return a constant input, or in older opsets an attribute."""
        given = self.attributes().get(attribute) if attribute else None
        if given is not None:
            return np.asarray(given)
        value = self.input(place)
        if value is None or isinstance(value, np.ndarray):
            return value
        raise self.refusal("reads a size that is not known beforehand")

    def axes(self, flow: Flow, place: int = 1, extra: int = 0) -> list[int]:
        """Return the non-negative axes of an input or an attribute."""
        given, rank = self.constant(place, "axes"), len(flow.axes) + extra
        if given is None:
            return []
        found = sorted({int(axis) % rank for axis in given.ravel()})
        if not all(-rank <= int(axis) < rank for axis in given.ravel()):
            raise self.refusal(f"names the axes {given.tolist()} of {rank}")
        return found

    def is_read_once(self, place: int = 0) -> bool:
        """Return whether no other node reads an input."""
        return self.readers.get(self.proto.input[place], 0) == 1


def flow_of(node: Node, place: int = 0) -> Flow:
    """Return an input that is data."""
    value = node.input(place)
    if not isinstance(value, Flow):
        raise node.refusal(f"reads {node.proto.input[place]!r}, which is no output of a layer")
    return value
