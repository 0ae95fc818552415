"""A node of a graph while it is read, and the error where it is no layer."""

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
    """A graph is no model of layers.

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
    """A node that is read.

    Attributes
    ----------
    proto : NodeProto
    values : mapping
        What is known of the values before it.
    found : Found
        The layers, to which it adds.
    readers : mapping of str to int
        How many nodes and outputs read a value.
    opset : int
    state : callable
        Makes an input layer of a state, of so many units.
    """

    proto: NodeProto
    values: Mapping[str, Any]
    found: Found
    readers: Mapping[str, int]
    opset: int
    state: Callable[[StateInput, int], Flow]

    @property
    def op(self) -> str:
        """Which operator it is."""
        return str(self.proto.op_type)

    def input(self, place: int) -> Any:
        """Return what is known of an input; None if it is left out."""
        names = self.proto.input
        return self.values[names[place]] if place < len(names) and names[place] else None

    def attributes(self) -> dict[str, Any]:
        """Return its attributes."""
        return attributes_of(self.proto)

    def refusal(self, why: str, may_be_order: bool = False) -> Refusal:
        """Return the error that says why it is no layer."""
        return Refusal(f"{title_of(self.proto)} {why}", may_be_order)

    def constant(self, place: int, attribute: str = "") -> Array | None:
        """Return an input, or in older opsets an attribute, that is constant."""
        given = self.attributes().get(attribute) if attribute else None
        if given is not None:
            return np.asarray(given)
        value = self.input(place)
        if value is None or isinstance(value, np.ndarray):
            return value
        raise self.refusal("reads a size that is not known beforehand")

    def axes(self, flow: Flow, place: int = 1, extra: int = 0) -> list[int]:
        """Return axes that an input or the attribute names, from 0 on."""
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
