"""Weights of layers, their memory, and the flat vectors that optimizers update."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn._core import optimizer as core
from fastrnn._core.memory import aligned_zeros, padded
from fastrnn.arguments import as_array, fitting
from fastrnn.arithmetic import quietly
from fastrnn.constraints import Constraint
from fastrnn.differentiation import Operand, apply, apply_ufunc, item
from fastrnn.regularizers import Regularizer

Array = NDArray[Any]

# Several threads may predict with a new model at once, and each settles its weights.
_settling = threading.RLock()


class Key:
    """Identifies a weight without holding it.

    An optimizer stores its slots by the keys of weights, so that a copy of an optimizer holds no
    weights.  The weights of a copied model have new keys, which its copied optimizer uses.
    """

    __slots__ = ()


class Freezing:
    """A version that changes whenever `trainable` of a layer or model is set.

    A training compares `version` at each step, a cheap way to notice changes.  A version is a new
    object and not a counter, which two threads could set to the same value.
    """

    version: object = object()


class Parameter(Operand):
    """A weight of a layer, in Keras's shape.

    Parameters
    ----------
    name : str
        ``"kernel"``, ``"bias"``...; unique within its layer.
    value : ndarray
        Its initial value, which is copied.
    trainable : bool, default True
        False for a weight that training does not change even if its layer is trainable.
    gates : tuple of int, optional
        The order of the gates in Keras's arrays: block k of the last axis there is block
        ``gates[k]`` of `value`.  The same order if left out.

    Attributes
    ----------
    key : Key
        Its key in an optimizer.
    regularizer : Regularizer or None
        Penalty that is added to the training loss.
    constraint : Constraint or None
        Projection that is applied after every training step.

    Notes
    -----
    A weight has its own memory until :func:`settle` moves it, together with the other weights of a
    model, into one vector.  That happens once, before the first computation.  After that, `value`
    never moves, whatever models its layer is part of.

    `value`, `gradient` and the files of :meth:`fastrnn.models.Model.save` have the gates in the
    order of the core.  ``get_weights``, ``set_weights`` and ``compute_gradients`` use Keras's
    order; :meth:`to_keras` and :meth:`from_keras` convert.

    A copy, by :mod:`copy` or :mod:`pickle`, is a new weight with memory of its own.
    """

    __slots__ = (
        *("_gradient", "_home", "_start", "_trainable", "_value"),
        *("constraint", "gates", "key", "name", "regularizer"),
    )

    def __init__(
        self,
        name: str,
        value: Array,
        gates: tuple[int, ...] | None = None,
        trainable: bool = True,
    ) -> None:
        self.name = name
        self.gates = gates
        self.key = Key()
        self.regularizer: Regularizer | None = None
        self.constraint: Constraint | None = None
        self._trainable = bool(trainable)
        self._gradient: Array | None = None
        self._home: Array | None = None
        self._start = 0
        self._value: Array = aligned_zeros(value.shape, value.dtype)
        self._value[...] = value

    @property
    def value(self) -> Array:
        """The array of the weight.  Write into it to change the weight; it cannot be replaced."""
        return self._value

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weight."""
        return self._value.shape

    @property
    def trainable(self) -> bool:
        """Whether training may change it; see :attr:`fastrnn.layers.Layer.trainable`."""
        return self._trainable

    @property
    def gradient(self) -> Array:
        """The array that a new workspace should write the gradient to, in the weight's shape.

        A view of the gradients of the training that creates the workspace; see
        :meth:`ParameterVector.offer_gradients`.
        """
        if self._gradient is None:
            self._gradient = aligned_zeros(self.shape, self._value.dtype)
        return self._gradient

    def offer(self, gradient: Array) -> None:
        """Set the array that new workspaces write the gradient to."""
        self._gradient = gradient

    def to_keras(self, array: Array) -> Array:
        """Return a copy of an array like `value`, with the gates in Keras's order."""
        return array.copy() if self.gates is None else reordered(array, self.gates)

    def from_keras(self, array: Array) -> Array:
        """Return a copy of an array in Keras's order, with the gates in the order of `value`."""
        if self.gates is None:
            return array.copy()
        return reordered(array, tuple(map(self.gates.index, range(len(self.gates)))))

    def constrained(self) -> Array:
        """Return the constrained value, with the gates in the order of `value`."""
        assert self.constraint is not None
        made = np.asarray(self.constraint(self.to_keras(self._value)))
        if made.shape != self.shape or made.dtype.kind not in "biuf":
            raise ValueError(
                f"the constraint of {self.name} returned an array of shape {made.shape} and "
                f"{made.dtype}; it should be {self.shape} and {self._value.dtype}"
            )
        return self.from_keras(made)

    def numpy(self) -> Array:
        """Return a copy of the value in Keras's order."""
        return self.to_keras(self.value)

    def assign(self, value: ArrayLike) -> None:
        """Copy an array in Keras's order into the value."""
        assign([self], [value], [self.name])

    def __getstate__(self) -> dict[str, Any]:
        # The gradients and the key of a training are not copied.
        return {
            "name": self.name,
            "key": self.key,
            "value": self._value,
            "gates": self.gates,
            "trainable": self._trainable,
            "regularizer": self.regularizer,
            "constraint": self.constraint,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(  # type: ignore[misc]
            state["name"], state["value"], state["gates"], state["trainable"]
        )
        self.key, self.regularizer = state["key"], state.get("regularizer")
        self.constraint = state.get("constraint")

    # In layers written with NumPy's operations, a tape records operations on weights.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return apply(function, args, options)

    def __getitem__(self, key: Any) -> Any:
        return apply(item, (self, key), {})

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Return the value, so that NumPy's functions accept weights."""
        return np.array(self.value, dtype) if copy or dtype is not None else self.value

    def __repr__(self) -> str:
        return f"<Parameter {self.name} {self.shape} {self._value.dtype}>"


def settle(parameters: Iterable[Parameter]) -> None:
    """Move weights that have memory of their own into one new vector, in this order.

    Each starts at a cache line; the padding between them is zero.
    """
    with _settling:
        movers = [parameter for parameter in parameters if parameter._home is None]
        if not movers:
            return
        starts, size = _laid_out(movers)
        home: Array = aligned_zeros(size, movers[0].value.dtype)
        for parameter, start in zip(movers, starts, strict=True):
            view = _piece(home, start, parameter)
            view[...] = parameter._value
            parameter._value, parameter._home, parameter._start = view, home, start


def _laid_out(parameters: Sequence[Parameter]) -> tuple[list[int], int]:
    """Return the offset of each weight in a vector of all of them, and the size of the vector."""
    starts, size = [], 0
    for parameter in parameters:
        starts.append(size)
        if parameter.value.size:
            size += padded(parameter.value.size, parameter.value.dtype)
    return starts, size


def _piece(vector: Array, start: int, parameter: Parameter) -> Array:
    return vector[start : start + parameter.value.size].reshape(parameter.shape)


class ParameterVector:
    """The trained weights in one vector, and their gradients in another.

    Both have the same layout, in which every weight starts at a cache line.  The padding between
    weights is zero in both, so an optimizer can update the whole vector in one call.

    If the weights are contiguous in memory, the vector is that memory.  Those of a model are
    contiguous unless some are frozen or were settled with another model.  Otherwise :meth:`gather`
    copies them into the vector before a step, and :meth:`scatter` copies them back after it.

    Parameters
    ----------
    parameters : sequence of Parameter
        All weights of a model, in order and of one dtype; they are settled.
    trained : sequence of Parameter, optional
        The trained ones, in the same order; all if left out.
    behind : int, default 0
        Number of further elements of `sums` after the gradients.

    Attributes
    ----------
    parameters, trained : tuple of Parameter
    keys : tuple of Key
        Of those that are trained.
    values, gradients : ndarray of shape (n,)
        Of those that are trained.
    sums : ndarray of shape (n + behind,)
        The gradients, followed by values that processes sum together with them.
    bounds : ndarray of intp, shape (trained + 1,)
        Start of each weight, and the end of the last.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        trained: Sequence[Parameter] | None = None,
        behind: int = 0,
    ) -> None:
        settle(parameters)
        self.parameters = tuple(parameters)
        self.trained = self.parameters if trained is None else tuple(trained)
        self.keys = tuple(parameter.key for parameter in self.trained)
        self._behind = behind
        self._dtype: DTypeLike = parameters[0].value.dtype if parameters else np.float32
        self._starts, size = _laid_out(self.trained)
        self.bounds: Array = np.array([*self._starts, size], np.intp)
        self._sums: Array | None = None
        self._gradients: dict[Key, Array] = {}
        self._copies: tuple[list[Array], list[Array]] | None = None
        where = self._where()
        if where is not None:
            home, start = where
            self.values: Array = home[start : start + size]
        else:
            self.values = aligned_zeros(size, self._dtype)
            self._copies = (
                [_bytes(view) for view in self.views(self.values)],
                [_bytes(parameter.value) for parameter in self.trained],
            )

    def _where(self) -> tuple[Array, int] | None:
        """Return the vector in which the trained weights are contiguous, and their offset."""
        if not self.trained:
            return None
        first = self.trained[0]
        in_a_row = all(
            parameter._home is first._home and parameter._start == first._start + start
            for parameter, start in zip(self.trained, self._starts, strict=True)
        )
        return (first._home, first._start) if in_a_row and first._home is not None else None

    def gather(self) -> None:
        """Copy the weights into `values`."""
        if self._copies is not None:
            ours, theirs = self._copies
            core.copy_all(ours, theirs)

    def scatter(self) -> None:
        """Copy `values` into all weights; Ctrl-C does not interrupt it."""
        if self._copies is not None:
            ours, theirs = self._copies
            core.copy_all(theirs, ours)

    def pieces(self) -> list[Array]:
        """Return all weights, including frozen ones, as a few contiguous arrays."""
        if self._copies is None and len(self.trained) == len(self.parameters):
            return [self.values]
        return [parameter.value for parameter in self.parameters]

    @property
    def sums(self) -> Array:
        """The gradients and the values after them; allocated on first use."""
        if self._sums is None:
            self._sums = aligned_zeros(self.values.size + self._behind, self._dtype)
        return self._sums

    @property
    def gradients(self) -> Array:
        """The gradient vector; allocated on first use."""
        return self.sums[: self.values.size]

    def gradients_are_finite(self) -> bool:
        """Return whether all gradients are finite, in one pass that is cheap beside an update."""
        return core.all_finite(self.gradients)

    def views(self, vector: Array) -> list[Array]:
        """Return views of `vector` for each trained weight, in its shape."""
        return [
            _piece(vector, start, parameter)
            for parameter, start in zip(self.trained, self._starts, strict=True)
        ]

    def offer_gradients(self) -> None:
        """Make new workspaces write their gradients to this vector.

        Gradients of frozen weights have separate memory.
        """
        for parameter, view in zip(self.parameters, self.all_gradients(), strict=True):
            parameter.offer(view)

    def all_gradients(self) -> list[Array]:
        """Return the arrays of the gradients of all weights, including frozen ones."""
        if not self._gradients:
            self._gradients = dict(zip(self.keys, self.views(self.gradients), strict=True))
            for parameter in self.parameters:
                if parameter.key not in self._gradients:
                    self._gradients[parameter.key] = aligned_zeros(parameter.shape, self._dtype)
        return [self._gradients[parameter.key] for parameter in self.parameters]


def reordered(array: Array, gates: tuple[int, ...]) -> Array:
    """Return an array whose k-th block of columns is block ``gates[k]`` of `array`."""
    blocks = np.split(array, len(gates), axis=-1)
    return np.concatenate([blocks[gate] for gate in gates], axis=-1)


def _bytes(array: Array) -> Array:
    return array.reshape(-1).view(np.uint8)


@quietly
def assign(
    parameters: Sequence[Parameter], weights: Sequence[ArrayLike], names: Sequence[str]
) -> None:
    """Replace weights: all of them, or none if one does not fit.

    Parameters
    ----------
    parameters : sequence of Parameter
    weights : sequence of array_like
        One for each, in the same order, with the gates in Keras's order.
    names : sequence of str
        What errors call them.

    Raises
    ------
    ValueError
        If their number or one of the shapes does not fit.
    TypeError
        If one does not hold real numbers.
    """
    if len(weights) != len(parameters):
        raise ValueError(
            f"weights holds {len(weights)} arrays; it should hold {len(parameters)}: "
            + ", ".join(f"{n} {p.shape}" for n, p in zip(names, parameters, strict=True))
        )
    arrays = []
    for name, parameter, weight in zip(names, parameters, weights, strict=True):
        array = as_array(name, weight)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} was given {array.dtype}; it should be real numbers")
        if array.shape != parameter.shape:
            raise ValueError(
                f"{name} was given shape {array.shape}; it should be {parameter.shape}"
            )
        # Copied, since an array may be a view of another weight.
        array = fitting(array, parameter.value.dtype, name)
        arrays.append(parameter.from_keras(array).astype(parameter.value.dtype))
    for parameter, array in zip(parameters, arrays, strict=True):
        parameter.value[...] = array
