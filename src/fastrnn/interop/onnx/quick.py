"""NumPy functions that compute simple nodes bit for bit as ``onnx.reference`` does, in less time.

``onnx.reference`` defines the result of a node.  Its overhead for a node is as long as a step of a
small recurrence, so common nodes around recurrences have a function here, for known types and
ranks.  A test compares each with ``onnx.reference``, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Function = Callable[..., Array]
#: A function of the values of these names.
Quick = tuple[Function, tuple[str, ...]]


class Known:
    """The facts about a node that are known before it runs.

    Attributes
    ----------
    inputs : tuple of str
        Names; "" for one that is left out.
    attributes : mapping
    constants : mapping of str to ndarray
    ranks : mapping of str to int
        Ranks of the values, if known.
    floats : mapping of str to dtype
        The dtypes of values, if known to be float32 or float64.
    """

    def __init__(
        self,
        inputs: tuple[str, ...],
        attributes: Mapping[str, Any],
        constants: Mapping[str, Array],
        ranks: Mapping[str, int],
        floats: Mapping[str, np.dtype[Any]],
    ) -> None:
        self.inputs, self.attributes, self.constants = inputs, attributes, constants
        self.ranks, self.floats = ranks, floats

    def rank(self, place: int = 0) -> int:
        """Return the rank of an input, -1 if unknown."""
        return self.ranks.get(self.inputs[place], -1) if place < len(self.inputs) else -1

    def constant(self, place: int, attribute: str = "") -> list[int] | None:
        """Return the integers of an input or an attribute, or None if they are not constant."""
        if attribute in self.attributes:
            return [int(one) for one in self.attributes[attribute]]
        if place < len(self.inputs) and self.inputs[place] in self.constants:
            array = self.constants[self.inputs[place]]
            return [int(one) for one in array.ravel()] if array.dtype.kind in "iu" else None
        return None

    def left_out(self, place: int, attribute: str = "") -> bool:
        """Return whether neither an input nor an attribute is given."""
        absent = place >= len(self.inputs) or not self.inputs[place]
        return absent and attribute not in self.attributes

    def all_float(self) -> bool:
        """Return whether all inputs are of one floating type, and arrays of some axis."""
        kinds = {self.floats.get(name) for name in self.inputs}
        return len(kinds) == 1 and None not in kinds and max(map(self.rank, self.places())) > 0

    def places(self) -> range:
        """Return the places of the inputs."""
        return range(len(self.inputs))


def quick(op: str, known: Known) -> Quick | None:
    """Return a function for a node, or None if ``onnx.reference`` has to run it."""
    found = _RULES.get(op)
    function = None if found is None else found(known)
    return None if function is None else (function, known.inputs[: _READS.get(op)])


#: Number of inputs that a function reads; the others are constants in it.
_READS = {"Squeeze": 1, "Unsqueeze": 1, "Reshape": 1, "Gather": 1, "Slice": 1, "ReduceSum": 1}


def _with(function: Function) -> Callable[[Known], Function | None]:
    return lambda known: function if known.all_float() else None


def _relu(x: Array) -> Array:
    return np.maximum(x, 0)


def _transpose(known: Known) -> Function | None:
    rank = known.rank()
    order = known.attributes.get("perm") or range(rank - 1, -1, -1)
    if rank < 1 or sorted(order) != list(range(rank)):
        return None
    axes = tuple(order)
    return lambda x: x.transpose(axes)


def _axes(given: list[int] | None, rank: int) -> list[int] | None:
    if not given or rank < 1 or not all(-rank <= axis < rank for axis in given):
        return None
    found = sorted(axis % rank for axis in given)
    return found if len(set(found)) == len(found) else None


def _squeeze(known: Known) -> Function | None:
    axes = _axes(known.constant(1, "axes"), known.rank())
    if axes is None:
        return None
    if len(axes) == 1:
        (axis,) = axes
        place = (slice(None),) * axis + (0,)

        def squeeze(x: Array) -> Array:
            if x.shape[axis] != 1:
                raise ValueError(f"axis {axis} of shape {x.shape} should be 1")
            return x[place]

        return squeeze if known.rank() > 1 else None
    removed = tuple(axes)
    return lambda x: np.squeeze(x, removed)


def _unsqueeze(known: Known) -> Function | None:
    given, rank = known.constant(1, "axes"), known.rank()
    if not given or rank < 0:
        return None
    axes = _axes(given, rank + len(given))
    if axes is None:
        return None
    index = tuple(None if axis in axes else slice(None) for axis in range(rank + len(axes)))
    return lambda x: x[index]


def _reshape(known: Known) -> Function | None:
    shape = known.constant(1)
    if shape is None or 0 in shape or not shape or len(known.inputs) != 2:
        return None
    wanted = tuple(shape)
    return lambda x: x.reshape(wanted)


def _concat(known: Known) -> Function | None:
    ranks = {known.rank(place) for place in known.places()}
    axis = known.attributes.get("axis")
    if len(ranks) != 1 or not known.all_float() or axis is None:
        return None
    return lambda *arrays: np.concatenate(arrays, axis)


def _gather(known: Known) -> Function | None:
    rank, index = known.rank(), known.constants.get(known.inputs[1])
    axis = known.attributes.get("axis", 0)
    if index is None or index.ndim or index.dtype.kind != "i" or rank < 2:
        return None
    if not -rank <= axis < rank:
        return None
    place = (slice(None),) * (axis % rank) + (int(index),)
    return lambda x: x[place]


def _slice(known: Known) -> Function | None:
    rank = known.rank()
    starts, ends = known.constant(1, "starts"), known.constant(2, "ends")
    axes, steps = known.constant(3, "axes"), known.constant(4)
    if starts is None or ends is None or rank < 1 or len(starts) != len(ends):
        return None
    if (axes is None and not known.left_out(3, "axes")) or (
        steps is None and len(known.inputs) > 4
    ):
        return None
    count = len(starts)
    axes = list(range(count)) if axes is None else axes
    steps = [1] * count if steps is None else steps
    if len(axes) != count or len(steps) != count or _axes(axes, rank) is None or 0 in steps:
        return None
    places = [slice(None)] * rank
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places[axis] = slice(start, end, step)
    index = tuple(places)
    return lambda x: x[index]


def _matmul(known: Known) -> Function | None:
    ranks = [known.rank(place) for place in known.places()]
    if not known.all_float() or min(ranks) < 2:
        return None
    return np.dot if max(ranks) == 2 else np.matmul


def _gemm(known: Known) -> Function | None:
    given = known.attributes
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)
    plain = alpha == 1 and beta == 1 and not given.get("transA") and "broadcast" not in given
    if not known.all_float() or not plain or known.rank() != 2 or known.rank(1) != 2:
        return None
    turned = bool(given.get("transB"))

    def gemm(a: Array, b: Array, c: Array | None = None) -> Array:
        found: Array = np.dot(a, b.T if turned else b)
        if c is not None:
            found += c
        return found

    return gemm


def _conv(known: Known) -> Function | None:
    """Return a convolution with a kernel of one step, which is a product of matrices."""
    given, weight = known.attributes, known.constants.get(known.inputs[1])
    if weight is None or weight.ndim != 3 or weight.shape[2] != 1 or not known.all_float():
        return None
    is_plain = (
        given.get("group", 1) == 1
        and given.get("auto_pad", "NOTSET") in ("NOTSET", "VALID")
        and given.get("strides", [1]) == [1]
        and not any(given.get("pads", [0, 0]))
        and given.get("kernel_shape", [1]) == [1]
    )
    bias = None
    if len(known.inputs) > 2 and known.inputs[2]:
        bias = known.constants.get(known.inputs[2])
        if bias is None or bias.shape != weight.shape[:1]:
            return None
        bias = bias[:, np.newaxis]
    if not is_plain or known.rank() != 3:
        return None
    filters, channels = weight.shape[:2]
    matrix = np.ascontiguousarray(weight.reshape(filters, channels))

    def conv(x: Array, *_constants: Array | None) -> Array:
        batch, found, steps = x.shape
        if found != channels:
            raise ValueError(f"X has {found} channels; it should have {channels}")
        y: Array
        if batch == 1:
            y = matrix.dot(np.ascontiguousarray(x)[0])[np.newaxis]
        else:  # the columns of all sequences concatenated
            columns = x.transpose(1, 0, 2).reshape(channels, batch * steps)
            product = matrix.dot(columns).reshape(filters, batch, steps)
            y = np.ascontiguousarray(product.transpose(1, 0, 2))
        if bias is not None:
            y += bias
        return y

    return conv


def _reduce_sum(known: Known) -> Function | None:
    axes = _axes(known.constant(1, "axes"), known.rank())
    keeps = bool(known.attributes.get("keepdims", 1))
    if axes is None or known.inputs[0] not in known.floats:
        return None
    if len(axes) == known.rank() and not keeps:
        return None  # a scalar
    over = tuple(axes) if len(axes) > 1 else axes[0]
    reduce: Function = np.add.reduce
    return (lambda x: reduce(x, over, None, None, True)) if keeps else lambda x: reduce(x, over)


#: Functions whose results share memory with their arguments.
VIEWS = {"Transpose", "Squeeze", "Unsqueeze", "Reshape", "Gather", "Slice"}

_RULES: dict[str, Callable[[Known], Function | None]] = {
    "Add": _with(np.add),
    "Sub": _with(np.subtract),
    "Mul": _with(np.multiply),
    "Div": _with(np.divide),
    "Sqrt": _with(np.sqrt),
    "Tanh": _with(np.tanh),
    "Neg": _with(np.negative),
    "Relu": _with(_relu),
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Concat": _concat,
    "Gather": _gather,
    "Slice": _slice,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "ReduceSum": _reduce_sum,
}
