"""Symbolic tensors: what layers are called on while a model is put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastrnn.layers.layer import Layer

#: A shape with the batch first; None where only the data will tell.
Shape = tuple[int | None, ...]


def one_or_all(values: Sequence[Any]) -> Any:
    """Return the only one of some values, or a list of them where there are several."""
    return values[0] if len(values) == 1 else list(values)


class Node:
    """One call of a layer.

    Attributes
    ----------
    layer : Layer
    inputs : tuple of SymbolicTensor
        What it was called on; empty for an input of the model.
    outputs : tuple of SymbolicTensor
        What it returned.
    """

    def __init__(
        self,
        layer: Layer,
        inputs: Sequence[SymbolicTensor],
        shapes: Sequence[Shape],
        has_mask: bool = False,
    ) -> None:
        self.layer = layer
        self.inputs = tuple(inputs)
        self.outputs = tuple(
            # A mask is one of steps: of what has no time, nothing is masked.
            SymbolicTensor(shape, layer.dtype, self, index, has_mask and len(shape) > 2)
            for index, shape in enumerate(shapes)
        )


class SymbolicTensor:
    """What a layer will put out, known by its shape and by where it comes from.

    Attributes
    ----------
    shape : tuple
        (None, time, ..., features) or (None, features); (None, time) for tokens.  Time may be None;
        the batch is a number where :func:`~fastrnn.layers.Input` was given one.
    dtype : numpy.dtype
    node : Node
        The call that makes it.
    index : int
        Which output of that call it is.
    has_mask : bool
        Whether a mask comes with it, which says which of its steps count.
    """

    def __init__(
        self, shape: Shape, dtype: np.dtype, node: Node, index: int, has_mask: bool = False
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.node = node
        self.index = index
        self.has_mask = has_mask

    @property
    def layer(self) -> Layer:
        """The layer that makes it."""
        return self.node.layer

    @property
    def is_input(self) -> bool:
        """Whether it stands for data."""
        return not self.node.inputs

    def history(self) -> Iterator[Node]:
        """Yield the call that makes it and all calls before, each once."""
        seen: set[Node] = set()
        waiting = [self.node]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                yield node
                waiting.extend(tensor.node for tensor in node.inputs)

    def __repr__(self) -> str:
        return f"<SymbolicTensor {self.shape} {self.dtype} of {self.layer.name}>"
