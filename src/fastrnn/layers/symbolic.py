"""Symbolic tensors, on which layers are called to build a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.differentiation import Operand, item
from fastrnn.layers import registry
from fastrnn.layers.contract import Contract
from fastrnn.layers.naming import Renaming, counted_name
from fastrnn.layers.operation import Operation, Slot
from fastrnn.layers.shapes import Shape, TensorShape


class Node:
    """One call of a layer.

    Attributes
    ----------
    layer : Layer
    inputs : tuple of SymbolicTensor
        What it was called on; empty for an input of the model.
    outputs : tuple of SymbolicTensor
        What it returned.
    lineage : Lineage
        This call and those before it, possibly followed by later ones.
    """

    def __init__(
        self,
        layer: Contract,
        inputs: Sequence[SymbolicTensor],
        shapes: Sequence[Shape],
        has_mask: bool = False,
    ) -> None:
        self.layer = layer
        self.inputs = tuple(inputs)
        self.outputs = tuple(
            # A mask is for steps: an output without time has none.
            SymbolicTensor(shape, layer.dtype, self, index, has_mask and len(shape) > 2)
            for index, shape in enumerate(shapes)
        )
        self.lineage = lineage_of(self.inputs)
        self.lineage.append(self)


class Lineage:
    """A sequence of calls, each after all calls that it depends on.

    A call on the output of the last one is appended, so that a deep model is built in linear time.
    """

    def __init__(self, nodes: Sequence[Node] = ()) -> None:
        self.last: Node | None = None
        self._layers: dict[Contract, None] = {}
        self._alike: Counter[str] = Counter()
        self._names: set[str] = set()
        self._renamed = Renaming.version
        for node in nodes:
            self.append(node)

    def append(self, node: Node) -> None:
        """Append a call."""
        self.last = node
        if node.layer not in self._layers:
            self._layers[node.layer] = None
            self._alike[node.layer.stem] += 1
            self._names.add(node.layer.name)

    def free_name(self, stem: str) -> str:
        """Return `stem` with the first count that no layer here has."""
        version = Renaming.version
        if self._renamed is not version:
            self._names = {layer.name for layer in self._layers}
            self._renamed = version
        return counted_name(stem, self._names, 1 + self._alike[stem])


def lineage_of(tensors: Sequence[SymbolicTensor]) -> Lineage:
    """Return the calls that lead to `tensors`, to which a call on them can be appended."""
    rows = {id(tensor.node.lineage): tensor.node.lineage for tensor in tensors}
    if len(rows) == 1:
        (row,) = rows.values()
        if any(tensor.node is row.last for tensor in tensors):
            return row
    return Lineage(_history(tensors))


def _history(tensors: Sequence[SymbolicTensor]) -> list[Node]:
    found: dict[Node, None] = {}
    waiting = [tensor.node for tensor in tensors]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            waiting.extend(tensor.node for tensor in node.inputs)
    return list(found)


class SymbolicTensor(Operand):
    """A placeholder for an output of a layer, with its shape and the call that makes it.

    Attributes
    ----------
    shape : tuple
        (None, time, ..., features) or (None, features); (None, time) for tokens.  Time may be None;
        the batch is a number where :func:`~fastrnn.layers.Input` was given one.
    dtype : numpy.dtype
    node : Node
        The call that makes it.
    index : int
        Index of the output of that call.
    has_mask : bool
        Whether it has a mask.

    Examples
    --------
    >>> tensor = Input((10, 3))
    >>> isinstance(tensor, SymbolicTensor), tensor.shape
    (True, (None, 10, 3))
    """

    def __init__(
        self, shape: Shape, dtype: np.dtype, node: Node, index: int, has_mask: bool = False
    ) -> None:
        self.shape: Shape = TensorShape(shape)
        self.dtype = dtype
        self.node = node
        self.index = index
        self.has_mask = has_mask

    def get_shape(self) -> TensorShape:
        """Return :attr:`shape`, as TensorFlow's tensors do."""
        return TensorShape(self.shape)

    # NumPy's functions on tensors become layers: Add, Subtract or Multiply for two tensors of one
    # shape, else a Lambda.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise TypeError(self._no_array(f"given to numpy.{ufunc.__name__}.{method}"))
        shapes = [one.shape if isinstance(one, SymbolicTensor) else None for one in inputs]
        name = _MERGING.get(ufunc.__name__)
        if name is not None and shapes[0] == shapes[1]:
            return registry.KNOWN[name]()(list(inputs))
        return _operation(ufunc, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function in (np.shape, np.ndim):
            return self.shape if function is np.shape else self.ndim
        return _operation(function, args, options)

    def lift(self, function: Any, arguments: Any, options: dict[str, Any]) -> Any:
        """Return the output of a layer that applies a function to its tensor arguments."""
        return _operation(function, arguments, options)

    def __getitem__(self, key: Any) -> Any:
        return _operation(item, (self, key), {})

    def __iter__(self) -> Any:
        raise TypeError(self._no_array("gone through; take its parts as tensor[:, i]"))

    @property
    def ndim(self) -> int:
        """Number of axes, including the batch."""
        return len(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError(self._no_array("computed with"))

    def _no_array(self, what: str) -> str:
        return (
            f"{self!r} stands for data and cannot be {what}; put a layer behind it, such as "
            "Lambda(function, gradient=...)"
        )

    @property
    def layer(self) -> Contract:
        """The layer that makes it."""
        return self.node.layer

    @property
    def is_input(self) -> bool:
        """Whether it is an input of a model."""
        return not self.node.inputs

    def __repr__(self) -> str:
        return f"<SymbolicTensor {self.shape} {self.dtype} of {self.layer.name}>"


#: The layers for operations on two tensors of one shape.
_MERGING = {"add": "Add", "subtract": "Subtract", "multiply": "Multiply"}


def _operation(function: Any, arguments: Any, options: dict[str, Any]) -> Any:
    """Return the output of a layer that applies a function to its tensor arguments.

    Tensors may be arguments, or elements of a list that is an argument.
    """
    tensors: list[SymbolicTensor] = []

    def slot(value: Any) -> Any:
        if isinstance(value, SymbolicTensor):
            tensors.append(value)
            return Slot(len(tensors) - 1)
        if isinstance(value, (list, tuple)) and any(isinstance(v, SymbolicTensor) for v in value):
            return type(value)(slot(one) for one in value)
        return value

    form = [slot(argument) for argument in arguments]
    layer: Any = registry.KNOWN["Lambda"]
    takes_several = len(tensors) > 1
    operation = Operation(function, form, options, takes_several)
    return layer(operation)(tensors if takes_several else tensors[0])
