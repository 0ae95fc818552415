"""Arrays that record how they were computed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Array = NDArray[Any]
#: Returns the gradient of a source for the gradient of a result.
Back = Callable[[Array], Array]

#: How an operation of NumPy's is computed and recorded: called with it and its arguments.
Rule = Callable[..., Any]
#: The rules by the names of the operations; :mod:`fastrnn.differentiation.rules` fills it.
RULES: dict[str, Rule] = {}

_active = threading.local()


class Operand(NDArrayOperatorsMixin):
    """Base of objects that NumPy's operations accept as arrays, but that compare by identity."""

    __slots__ = ()

    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__


class Tape:
    """The operations recorded while it was active, in order.

    Examples
    --------
    >>> tape = Tape()
    >>> x = tape.watch(np.array([1.0, 2.0]))
    >>> with tape.recording():
    ...     y = np.sum(np.square(x))
    >>> tape.back([y], [np.float64(1)])
    >>> x.gradient
    array([2., 4.])
    """

    def __init__(self) -> None:
        self._made: list[Traced] = []
        self._weights: dict[int, tuple[Any, Traced]] = {}

    def watch(self, array: Array) -> Traced:
        """Return a traced array, whose gradient will be computed."""
        return Traced(array, self)

    def watch_weight(self, weight: Any) -> Traced:
        """Return the traced array of a weight, the same one at each call."""
        if id(weight) not in self._weights:
            self._weights[id(weight)] = weight, self.watch(weight.value)
        return self._weights[id(weight)][1]

    def gradient_of_weight(self, weight: Any) -> Array | None:
        """Return the gradient of a weight, None if it was not used."""
        found = self._weights.get(id(weight))
        return None if found is None else found[1].gradient

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record operations on weights within the ``with`` block, in this thread."""
        before = current_tape()
        _active.tape = self
        try:
            yield
        finally:
            _active.tape = before

    def made(self, value: Any, sources: Sequence[tuple[Any, Back]]) -> Traced:
        """Record the result of an operation, with the gradient functions of its sources."""
        result = Traced(np.asarray(value), self)
        result.sources = [(s, back) for s, back in sources if isinstance(s, Traced)]
        self._made.append(result)
        return result

    def back(self, results: Sequence[Any], gradients: Sequence[Array]) -> None:
        """Compute the gradients of all sources of the results, from the results' gradients."""
        for result, gradient in zip(results, gradients, strict=True):
            if isinstance(result, Traced):
                result.add(gradient)
        for result in reversed(self._made):
            if result.gradient is not None:
                for source, back in result.sources:
                    source.add(back(result.gradient))


def current_tape() -> Tape | None:
    """Return the active tape of this thread."""
    return getattr(_active, "tape", None)


class Traced(NDArrayOperatorsMixin):
    """An array that records how it was computed.

    Attributes
    ----------
    value : ndarray
    gradient : ndarray or None
        Set by :meth:`Tape.back`; None if no result depends on it.
    """

    __slots__ = ("gradient", "sources", "tape", "value")

    __hash__ = object.__hash__

    def __init__(self, value: Array, tape: Tape) -> None:
        self.value, self.tape = value, tape
        self.gradient: Array | None = None
        self.sources: list[tuple[Traced, Back]] = []

    def add(self, gradient: Any) -> None:
        """Add the contribution of a result to the gradient."""
        given = fitted(np.asarray(gradient), self.value.shape).astype(self.value.dtype, copy=False)
        self.gradient = given if self.gradient is None else self.gradient + given

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return apply(function, args, options)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("a gradient cannot be followed through what makes a plain array of it")

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """As of an array."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """As of an array."""
        return self.value.size

    @property
    def dtype(self) -> np.dtype:
        """As of an array."""
        return self.value.dtype

    @property
    def T(self) -> Any:
        """As of an array."""
        return np.transpose(self)

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __getitem__(self, key: Any) -> Any:
        return apply(item, (self, key), {})

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))

    def astype(self, dtype: Any, **options: Any) -> Traced:
        """Return an array of another type; the gradient passes."""
        return self.tape.made(self.value.astype(dtype), [(self, lambda g: g)])

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """Return an array of another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def transpose(self, *axes: Any) -> Any:
        """Return an array with permuted axes."""
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def __getattr__(self, name: str) -> Any:
        # Methods of arrays that are also functions of NumPy.
        if name.startswith("_") or not callable(getattr(np.ndarray, name, None)):
            raise AttributeError(name)
        function = getattr(np, name)
        return lambda *arguments, **options: function(self, *arguments, **options)


def item(array: Any, key: Any) -> Any:
    """Return a part of an array."""
    return array[key]


def is_weight(value: Any) -> bool:
    """Return whether a value is a weight of a layer."""
    return isinstance(value, Operand) and hasattr(value, "gradient")


def constant(value: Any) -> Any:
    """Return the plain array of a traced one, without a gradient.

    Examples
    --------
    >>> stop_gradient(np.ones(2))
    array([1., 1.])
    """
    return value.value if isinstance(value, Traced) else value


def plain(value: Any) -> Any:
    """Return arrays and weights as plain arrays, in lists and tuples too."""
    if isinstance(value, (list, tuple)):
        return type(value)(plain(one) for one in value)
    return value.value if isinstance(value, Traced) or is_weight(value) else value


def traced(value: Any) -> Any:
    """Return the traced arrays of weights, in lists and tuples too."""
    if isinstance(value, (list, tuple)):
        return type(value)(traced(one) for one in value)
    tape = current_tape()
    if not is_weight(value):
        return value
    return value.value if tape is None else tape.watch_weight(value)


def fitted(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return a gradient summed over the axes along which an array of `shape` was broadcast."""
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    if extra < 0:
        return np.broadcast_to(gradient, shape)
    summed = gradient.sum(axis=tuple(range(extra)))
    ones = tuple(i for i, n in enumerate(shape) if n == 1 and summed.shape[i] != 1)
    return np.broadcast_to(summed.sum(axis=ones, keepdims=True), shape)


def rule_of(function: Any) -> Rule:
    """Return how a function is computed and recorded.

    Raises
    ------
    TypeError
        If there is no rule.
    """
    found = RULES.get(function.__name__)
    if found is None:
        raise TypeError(f"the gradient of numpy.{function.__name__} is not known")
    return found


def add_rule(name: str, rule: Rule) -> None:
    """Set how the function with a name is computed and recorded; it is given to :func:`apply`."""
    RULES[name] = rule


def has_rule(name: str) -> bool:
    """Return whether there is a gradient for the function of NumPy's with this name."""
    return name in RULES


def apply_ufunc(ufunc: Any, method: str, inputs: Any, options: dict[str, Any]) -> Any:
    """Compute and record a ufunc."""
    out = options.pop("out", None)
    if out is not None and not all(isinstance(one, (Traced, Operand)) for one in out):
        given = traced(inputs)
        if not any(
            isinstance(one, Traced) for one in given
        ):  # x += weight, where nothing is recorded
            return getattr(ufunc, method)(*given, out=out, **options)
        raise TypeError(f"a gradient cannot be followed into out= of numpy.{ufunc.__name__}")
    if method == "reduce":
        axis = options.pop("axis", 0)
        functions: dict[str, Any] = {"add": np.sum, "maximum": np.max, "minimum": np.min}
        if ufunc.__name__ in functions:
            return apply(functions[ufunc.__name__], inputs, {**options, "axis": axis})
    if method != "__call__":
        raise TypeError(f"a gradient cannot be followed through numpy.{ufunc.__name__}.{method}")
    return apply(ufunc, inputs, options)


def apply(function: Any, arguments: Any, options: dict[str, Any]) -> Any:
    """Compute a function of NumPy, and record it if an argument is traced."""
    given = traced(arguments)
    if not any(isinstance(one, Traced) for one in _flat([*given, *options.values()])):
        return function(*given, **options)
    return rule_of(function)(function, *given, **options)


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _flat(value)
        else:
            yield value


def value_and_gradient(
    function: Callable[..., Any], arrays: Sequence[Array], which: int = -1
) -> tuple[Array, Callable[[Array], Array]]:
    """Return the value of a function, and its gradient function for one argument.

    Parameters
    ----------
    function : callable
        Uses NumPy's operations.
    arrays : sequence of ndarray
    which : int, default -1
        Index of the array whose gradient is needed.

    Returns
    -------
    value : ndarray
    back : callable
        Returns the gradient of the array for the gradient of the value.

    Examples
    --------
    >>> value, back = value_and_gradient(lambda a, b: (a * b).sum(), [np.ones(2), np.arange(2.0)])
    >>> back(np.float64(3))
    array([3., 3.])
    """
    tape = Tape()
    given: list[Any] = list(arrays)
    watched = given[which] = tape.watch(arrays[which])
    with tape.recording():
        result = function(*given)

    def back(gradient: Array) -> Array:
        tape.back([result], [gradient])
        found, watched.gradient = watched.gradient, None
        return np.zeros_like(watched.value) if found is None else found

    return np.asarray(plain(result)), back
