"""Building an ONNX graph: nodes, constants, and values with their masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Value:
    """An output of a node.

    Attributes
    ----------
    name : str
    rank : int
        Number of axes, including the batch.
    mask : str or None
        Name of its mask, booleans (batch, time).
    """

    name: str
    rank: int
    mask: str | None = None


class Builder:
    """Collects the nodes and constants of a graph.

    Parameters
    ----------
    dtype : dtype
        Dtype of the model.

    Attributes
    ----------
    nodes : list of NodeProto
    constants : dict of str to ndarray
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, Array] = {}
        self._names: set[str] = set()

    def name(self, wanted: str) -> str:
        """Return an unused name."""
        found, count = wanted, 0
        while found in self._names:
            count += 1
            found = f"{wanted}_{count}"
        self._names.add(found)
        return found

    def add(
        self,
        op: str,
        inputs: Sequence[str],
        name: str = "",
        outputs: Sequence[bool] = (True,),
        **attributes: Any,
    ) -> list[str]:
        """Add a node; return the names of its outputs, "" for unused ones."""
        from onnx import helper

        title = self.name(f"{name}/{op}" if name else op)
        parts = [""] if len(outputs) == 1 else [f":{place}" for place in range(len(outputs))]
        made = [
            self.name(title + part + "_out") if wanted else ""
            for part, wanted in zip(parts, outputs, strict=True)
        ]
        kept = list(inputs)
        while kept and not kept[-1]:
            kept.pop()
        self.nodes.append(helper.make_node(op, kept, made, name=title, **attributes))
        return made

    def one(self, op: str, inputs: Sequence[str], name: str = "", **attributes: Any) -> str:
        """Add a node with one output; return its name."""
        return self.add(op, inputs, name, **attributes)[0]

    def constant(self, name: str, array: Any) -> str:
        """Return the name of a constant, which is shared by equal content."""
        value = np.asarray(array)
        known = self.constants.get(name)
        if known is not None and known.dtype == value.dtype and np.array_equal(known, value):
            return name
        made = self.name(name)
        self.constants[made] = np.ascontiguousarray(value).reshape(value.shape)
        return made

    def number(self, value: float) -> str:
        """Return the name of a scalar of the model's dtype."""
        return self.constant(f"number_{value:g}", np.array(value, self.dtype))

    def integers(self, *values: int) -> str:
        """Return the name of a vector of int64."""
        text = "_".join(map(str, values)).replace("-", "m")
        return self.constant(f"integers_{text}", np.array(values, np.int64))

    # Common subgraphs ---------------------------------------------------------------

    def shape_part(self, of: str, first: int, end: int) -> str:
        """Return some extents of a value as a vector of int64."""
        return self.one("Shape", [of], start=first, end=end)

    def squeezed(self, of: str, *axes: int) -> str:
        """Return a value with axes of size 1 removed."""
        return self.one("Squeeze", [of, self.integers(*axes)])

    def unsqueezed(self, of: str, *axes: int) -> str:
        """Return a value with new axes of size 1."""
        return self.one("Unsqueeze", [of, self.integers(*axes)])

    def turned(self, of: str, *order: int) -> str:
        """Return a value with permuted axes."""
        return self.one("Transpose", [of], perm=list(order))

    def as_numbers(self, of: str) -> str:
        """Return a value converted to the model's dtype."""
        from onnx import helper

        return self.one("Cast", [of], to=helper.np_dtype_to_tensor_dtype(self.dtype))

    def activation(self, kind: str, x: str, name: str) -> str | None:
        """Return an activation of a value; None if ONNX lacks it."""
        if kind == "linear":
            return x
        if kind in _PLAIN:
            return self.one(_PLAIN[kind], [x], name)
        if kind in ("softmax", "log_softmax"):
            return self.one("Softmax" if kind == "softmax" else "LogSoftmax", [x], name, axis=-1)
        if kind in ("hard_sigmoid", "hard_sigmoid_keras2"):
            slope = 1 / 6 if kind == "hard_sigmoid" else 0.2
            if self.dtype == np.float32:
                return self.one("HardSigmoid", [x], name, alpha=slope, beta=0.5)
            line = self.one("Mul", [x, self.number(slope)], name)
            line = self.one("Add", [line, self.number(0.5)], name)
            return self.one("Clip", [line, self.number(0), self.number(1)], name)
        if kind == "relu6":
            return self.one("Clip", [x, self.number(0), self.number(6)], name)
        if kind == "leaky_relu":
            return self.leaky(x, 0.2, name)
        if kind == "silu":
            return self.one("Mul", [x, self.one("Sigmoid", [x], name)], name)
        if kind == "mish":
            inner = self.one("Tanh", [self.one("Softplus", [x], name)], name)
            return self.one("Mul", [x, inner], name)
        if kind == "log_sigmoid":
            inner = self.one("Softplus", [self.one("Neg", [x], name)], name)
            return self.one("Neg", [inner], name)
        if kind == "gelu":
            scaled = self.one("Mul", [x, self.number(0.5**0.5)], name)
            inner = self.one("Add", [self.one("Erf", [scaled], name), self.number(1)], name)
            half = self.one("Mul", [x, self.number(0.5)], name)
            return self.one("Mul", [half, inner], name)
        return None

    def leaky(self, x: str, slope: float, name: str) -> str:
        """Return a leaky ReLU with a slope."""
        if self.dtype == np.float32:
            return self.one("LeakyRelu", [x], name, alpha=slope)
        below = self.one("Mul", [self.one("Min", [x, self.number(0)]), self.number(slope)], name)
        return self.one("Add", [self.one("Relu", [x], name), below], name)


_PLAIN = {
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "relu": "Relu",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "exponential": "Exp",
    "elu": "Elu",
    "selu": "Selu",
}
