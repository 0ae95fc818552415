"""The gradient of each of NumPy's operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.differentiation.tape import RULES, Rule, Traced, fitted, plain

Array = NDArray[Any]

#: By operation, for each operand: its gradient as a function of the result's gradient, the result
#: and the operands.
# fmt: off
ELEMENTS: dict[str, tuple[Callable[..., Any], ...]] = {
    "add": (lambda g, y, a, b: g, lambda g, y, a, b: g),
    "subtract": (lambda g, y, a, b: g, lambda g, y, a, b: -g),
    "multiply": (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    "divide": (lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b),
    "power": (lambda g, y, a, b: g * b * np.power(a, np.where(b == 0, 1, b - 1)),
              lambda g, y, a, b: g * y * np.log(np.where(a > 0, a, 1))),
    "maximum": (lambda g, y, a, b: g * _share(a, b), lambda g, y, a, b: g * _share(b, a)),
    "minimum": (lambda g, y, a, b: g * _share(b, a), lambda g, y, a, b: g * _share(a, b)),
    "arctan2": (lambda g, y, a, b: g * b / (a * a + b * b),
                lambda g, y, a, b: -g * a / (a * a + b * b)),
    "remainder": (lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor(a / b)),
    "hypot": (lambda g, y, a, b: g * a / y, lambda g, y, a, b: g * b / y),
    "negative": (lambda g, y, a: -g,),
    "positive": (lambda g, y, a: g,),
    "absolute": (lambda g, y, a: g * np.sign(a),),
    "fabs": (lambda g, y, a: g * np.sign(a),),
    "square": (lambda g, y, a: 2 * g * a,),
    "sqrt": (lambda g, y, a: g / (2 * y),),
    "reciprocal": (lambda g, y, a: -g * y * y,),
    "exp": (lambda g, y, a: g * y,),
    "expm1": (lambda g, y, a: g * (y + 1),),
    "exp2": (lambda g, y, a: g * y * np.log(2),),
    "log": (lambda g, y, a: g / a,),
    "log1p": (lambda g, y, a: g / (1 + a),),
    "log2": (lambda g, y, a: g / (a * np.log(2)),),
    "log10": (lambda g, y, a: g / (a * np.log(10)),),
    "logaddexp": (lambda g, y, a, b: g * np.exp(a - y), lambda g, y, a, b: g * np.exp(b - y)),
    "sin": (lambda g, y, a: g * np.cos(a),),
    "cos": (lambda g, y, a: -g * np.sin(a),),
    "tan": (lambda g, y, a: g * (1 + y * y),),
    "arcsin": (lambda g, y, a: g / np.sqrt(1 - a * a),),
    "arccos": (lambda g, y, a: -g / np.sqrt(1 - a * a),),
    "arctan": (lambda g, y, a: g / (1 + a * a),),
    "sinh": (lambda g, y, a: g * np.cosh(a),),
    "cosh": (lambda g, y, a: g * np.sinh(a),),
    "tanh": (lambda g, y, a: g * (1 - y * y),),
}
#: Piecewise constant functions, and functions of an array's properties: their gradients are zero.
FLAT = {
    "sign", "floor", "ceil", "trunc", "rint", "floor_divide", "equal", "not_equal", "greater",
    "greater_equal", "less", "less_equal", "isnan", "isinf", "isfinite", "logical_and",
    "logical_or", "logical_not", "logical_xor", "signbit", "argmax", "argmin", "argsort", "shape",
    "ndim", "size", "zeros_like", "ones_like", "full_like", "empty_like", "any", "all", "round",
    "round_", "around",
    "isclose", "allclose", "count_nonzero", "nonzero", "result_type", "array_equal",
}
#: Operations that keep the elements and their order.
RESHAPING = {"reshape", "ravel", "expand_dims", "squeeze", "atleast_1d", "atleast_2d"}
#: Operations that move the elements of the first argument, an array or a list of arrays.
PLACING = {
    "item", "transpose", "permute_dims", "swapaxes", "moveaxis", "rollaxis", "concatenate", "stack",
    "hstack", "vstack", "repeat", "tile", "flip", "roll", "take", "take_along_axis", "broadcast_to",
    "pad", "split", "array_split", "diagonal", "delete", "compress",
}
# fmt: on


def _share(a: Any, b: Any) -> Any:
    """Return 1 where the first is larger, 1/2 where both are equal, else 0."""
    return np.where(a == b, 0.5, a > b).astype(np.result_type(a))


def _tape(values: Sequence[Any]) -> Any:
    return next(value.tape for value in values if isinstance(value, Traced))


def _flat(function: Any, *arguments: Any, **options: Any) -> Any:
    return function(*plain(arguments), **options)


def _elements(function: Any, *inputs: Any, **options: Any) -> Any:
    values = plain(inputs)
    result = function(*values, **options)
    slopes = ELEMENTS[function.__name__]

    def way(slope: Any) -> Any:
        return lambda g: slope(g, result, *values)

    return _tape(inputs).made(result, [(x, way(s)) for x, s in zip(inputs, slopes, strict=True)])


def _reshaping(function: Any, array: Any, *arguments: Any, **options: Any) -> Any:
    result = function(array.value, *arguments, **options)
    return array.tape.made(result, [(array, lambda g: g.reshape(array.shape))])


def _placing(function: Any, first: Any, *arguments: Any, **options: Any) -> Any:
    """Apply the operation also to the indices of the elements, to find the source of each."""
    listed = first if isinstance(first, (list, tuple)) else [first]
    places, starts, count = [], [], 1  # index 0 is for elements that are not traced
    for one in listed:
        shape = np.shape(plain(one))
        is_watched = isinstance(one, Traced)
        size = int(np.prod(shape)) if is_watched else 0
        starts.append(count)
        places.append(
            np.arange(count, count + size).reshape(shape) if is_watched else np.zeros(shape, int)
        )
        count += size
    arguments = plain(arguments)
    result = function(plain(first), *arguments, **options)
    given: Any = places if isinstance(first, (list, tuple)) else places[0]
    sources = function(given, *arguments, **options)

    def way(one: Any, start: int, source: Array) -> Any:
        def back(g: Array) -> Array:
            sums = np.bincount(source.ravel(), g.ravel(), count)
            return sums[start : start + one.size].reshape(one.shape)

        return back

    def made(value: Any, source: Any) -> Any:
        pairs = [(x, way(x, start, source)) for x, start in zip(listed, starts, strict=True)]
        return _tape(listed).made(value, pairs)

    if isinstance(result, list):
        return [made(value, source) for value, source in zip(result, sources, strict=True)]
    return made(result, np.asarray(sources))


def _kept(array: Any, axis: Any, reduced: Any) -> Array:
    """Return the result of a reduction with the reduced axes kept with size one."""
    axes = range(array.ndim) if axis is None else np.atleast_1d(axis)
    at = {int(one) % array.ndim for one in axes} if array.ndim else set()
    shape = tuple(1 if i in at else n for i, n in enumerate(array.shape))
    return np.reshape(reduced, shape)


def _sum(function: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    result = function(a.value, axis=axis, **options)
    share = np.size(result) / max(1, a.size) if function.__name__ == "mean" else 1

    def back(g: Array) -> Array:
        return np.broadcast_to(_kept(a, axis, g) * np.asarray(share, g.dtype), a.shape)

    return a.tape.made(result, [(a, back)])


def _prod(function: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    result = function(a.value, axis=axis, **options)
    axes = range(a.ndim) if axis is None else [int(one) % a.ndim for one in np.atleast_1d(axis)]
    front = range(len(axes))

    def back(g: Array) -> Array:
        x = np.moveaxis(a.value, axes, front)
        rows = x.reshape(-1, *x.shape[len(axes) :])
        # The product of the others, and not result / x, since x may be zero.
        others = _before(rows) * np.flip(_before(np.flip(rows, 0)), 0)
        found: Array = np.moveaxis(others.reshape(x.shape), front, axes) * _kept(a, axis, g)
        return found

    return a.tape.made(result, [(a, back)])


def _before(x: Array) -> Array:
    """Return the products of all earlier elements along the first axis."""
    return np.concatenate([np.ones_like(x[:1]), np.cumprod(x[:-1], axis=0)])


def _cumprod(function: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    result = function(a.value, axis=axis, **options)
    along = 0 if axis is None else axis

    def back(g: Array) -> Array:
        x = np.moveaxis(a.value.reshape(-1) if axis is None else a.value, along, 0)
        rest = np.moveaxis(g, along, 0).copy()
        for place in range(len(x) - 1, 0, -1):
            rest[place - 1] += x[place] * rest[place]
        return np.moveaxis(_before(x) * rest, 0, along).reshape(a.shape)

    return a.tape.made(result, [(a, back)])


def _sort(function: Any, a: Any, axis: Any = -1, **options: Any) -> Any:
    one: Any = np.ravel(a) if axis is None else a
    along = 0 if axis is None else axis
    return np.take_along_axis(one, np.argsort(one.value, axis=along, kind="stable"), along)


def _extreme(function: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    result = function(a.value, axis=axis, **options)

    def back(g: Array) -> Array:
        same = a.value == _kept(a, axis, result)
        counts = same.sum(axis=None if axis is None else tuple(np.atleast_1d(axis)), keepdims=True)
        shares: Array = same * (_kept(a, axis, g) / _kept(a, axis, counts))
        return shares

    return a.tape.made(result, [(a, back)])


def _var(function: Any, a: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    squares = np.square(a - np.mean(a, axis=axis, keepdims=True))
    found = np.mean(squares, axis=axis, keepdims=keepdims)
    found = found * (squares.size / (squares.size - ddof * np.size(plain(found))))
    return np.sqrt(found) if function.__name__ == "std" else found


def _cumsum(function: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    result = function(a.value, axis=axis, **options)
    along = 0 if axis is None else axis

    def back(g: Array) -> Array:
        return np.flip(np.cumsum(np.flip(g, along), along), along).reshape(a.shape)

    return a.tape.made(result, [(a, back)])


def _where(function: Any, condition: Any, a: Any, b: Any) -> Any:
    holds, one, other = plain((condition, a, b))
    backs = (lambda g: np.where(holds, g, 0), lambda g: np.where(holds, 0, g))
    return _tape((a, b)).made(np.where(holds, one, other), list(zip((a, b), backs, strict=True)))


def _clip(function: Any, a: Any, a_min: Any = None, a_max: Any = None, **options: Any) -> Any:
    low, high = options.get("min", a_min), options.get("max", a_max)
    result = np.clip(plain(a), plain(low), plain(high))
    return a.tape.made(result, [(a, lambda g: g * (result == a.value))])


def _matmul(function: Any, a: Any, b: Any) -> Any:
    one, other = plain(a), plain(b)
    if np.ndim(one) == 0 or np.ndim(other) == 0:
        return np.multiply(a, b)
    if function.__name__ == "dot" and np.ndim(other) > 2:
        return _tensordot(np.tensordot, a, b, (-1, -2))
    left = one[np.newaxis] if one.ndim == 1 else one
    right = other[:, np.newaxis] if other.ndim == 1 else other
    result = np.matmul(one, other)

    def wide(g: Array) -> Array:
        g = g[..., np.newaxis] if other.ndim == 1 else g
        return g[..., np.newaxis, :] if one.ndim == 1 else g

    def to_left(g: Array) -> Array:
        return fitted(wide(g) @ right.swapaxes(-1, -2), left.shape).reshape(one.shape)

    def to_right(g: Array) -> Array:
        return fitted(left.swapaxes(-1, -2) @ wide(g), right.shape).reshape(other.shape)

    return _tape((a, b)).made(result, [(a, to_left), (b, to_right)])


def _tensordot(function: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    one, other = plain(a), plain(b)
    if isinstance(axes, int):
        axes = (range(one.ndim - axes, one.ndim), range(axes))
    ours, theirs = ([int(n) for n in np.atleast_1d(list(np.atleast_1d(x)))] for x in axes)
    ours, theirs = [n % one.ndim for n in ours], [n % other.ndim for n in theirs]
    free = [n for n in range(one.ndim) if n not in ours]
    others = [n for n in range(other.ndim) if n not in theirs]

    def to_left(g: Array) -> Array:
        found = np.tensordot(g, other, (range(len(free), g.ndim), others))
        order = [*free, *(ours[i] for i in np.argsort(theirs))]
        return found.transpose(np.argsort(order))

    def to_right(g: Array) -> Array:
        found = np.tensordot(one, g, (free, range(len(free))))
        order = [*(theirs[i] for i in np.argsort(ours)), *others]
        return found.transpose(np.argsort(order))

    result = np.tensordot(one, other, (ours, theirs))
    return _tape((a, b)).made(result, [(a, to_left), (b, to_right)])


def _outer(function: Any, a: Any, b: Any) -> Any:
    one, other = plain(a), plain(b)
    backs = (
        lambda g: (g @ np.ravel(other)).reshape(np.shape(one)),
        lambda g: (np.ravel(one) @ g).reshape(np.shape(other)),
    )
    return _tape((a, b)).made(np.outer(one, other), list(zip((a, b), backs, strict=True)))


def _einsum(function: Any, subscripts: Any, *operands: Any, **options: Any) -> Any:
    text = subscripts.replace(" ", "") if isinstance(subscripts, str) else "."
    read, arrow, out = text.partition("->")
    parts = read.split(",")
    if "." in text or any(len({*part}) < len(part) for part in parts):
        raise TypeError(
            f"the gradient of numpy.einsum with {subscripts!r} is not known; write a different "
            "letter for every axis of an array"
        )
    if not arrow:
        out = "".join(sorted(letter for letter in {*read} - {","} if read.count(letter) == 1))
    values = plain(operands)

    def way(place: int) -> Any:
        own, shape = parts[place], np.shape(values[place])
        others = [part for at, part in enumerate(parts) if at != place]
        arrays = [value for at, value in enumerate(values) if at != place]
        # Axes that nothing else has are summed; the gradient is the same along them.
        alone = [letter for letter in own if letter not in "".join([out, *others])]

        def back(g: Array) -> Array:
            ones = [np.ones(shape[own.index(letter)], g.dtype) for letter in alone]
            wanted = f"{','.join([out, *others, *alone])}->{own}"
            return fitted(np.einsum(wanted, g, *arrays, *ones), shape)

        return back

    result = np.einsum(f"{read}->{out}", *values, **options)
    pairs = [(operand, way(place)) for place, operand in enumerate(operands)]
    return _tape(operands).made(result, pairs)


def _norm(function: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    if ord not in (None, 2, "fro"):
        raise TypeError(f"the gradient of numpy.linalg.norm with ord={ord!r} is not known")
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))


OTHERS: dict[str, Rule] = {
    "sum": _sum,
    "mean": _sum,
    "prod": _prod,
    "max": _extreme,
    "amax": _extreme,
    "min": _extreme,
    "amin": _extreme,
    "var": _var,
    "std": _var,
    "cumsum": _cumsum,
    "cumprod": _cumprod,
    "sort": _sort,
    "outer": _outer,
    "einsum": _einsum,
    "where": _where,
    "clip": _clip,
    "matmul": _matmul,
    "dot": _matmul,
    "tensordot": _tensordot,
    "norm": _norm,
}

RULES.update(OTHERS)
for _names, _rule in (
    (ELEMENTS, _elements),
    (FLAT, _flat),
    (RESHAPING, _reshaping),
    (PLACING, _placing),
):
    RULES.update(dict.fromkeys(_names, _rule))
