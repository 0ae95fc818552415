"""The base of all layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn import initializers, seeding
from fastrnn.layers.parameter import Parameter, assign
from fastrnn.layers.symbolic import Shape, SymbolicTensor
from fastrnn.workspace import Workspace

Array = NDArray[Any]


class Layer:
    """A step of a chain: weights, and how to compute with them.

    Parameters
    ----------
    name : str, optional
        Unique within a model.  If left out, the type and a count: ``gru_1``, ``gru_2``.
    dtype : {"float32", "float64"}, optional
        What it computes in; that of its input if left out.
    input_shape : tuple of int, optional
        Shape of one sample.  Only for the first layer of a ``Sequential`` without an ``Input``.

    Notes
    -----
    Layers hold no data: a model may be used by many threads at once, each with workspaces of its
    own.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        input_shape: Sequence[int | None] | None = None,
    ) -> None:
        if name is not None:
            _check_name(name)
        self._name = name
        self._dtype = None if dtype is None else _compute_dtype(dtype)
        self.input_shape: tuple[int | None, ...] | None = (
            None if input_shape is None else tuple(input_shape)
        )
        self.parameters: list[Parameter] = []
        self.built = False
        #: Set while a file is read: gives a weight by name and shape, in place of the initializers.
        self.stored: Callable[[str, tuple[int, ...]], Array] | None = None
        self._rng: np.random.Generator | None = None
        self._built_for: int | None = None

    # What a layer of one's own defines ---------------------------------------------------------

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape, batch first, that comes out for `input_shape`."""
        raise NotImplementedError

    def create_parameters(self, input_shape: Shape) -> None:
        """Call :meth:`add_parameter` for every weight."""

    def workspace(self, source: Workspace, training: bool) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``.

        Parameters
        ----------
        source : Workspace
            Of the layer before.
        training : bool
            Whether gradients are wanted.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again, as JSON can hold them."""
        return {"name": self.name, "dtype": None if self._dtype is None else self._dtype.name}

    # What every layer has ----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the layer; until it stands in a chain, that of its type."""
        return self._name or snake_case(type(self).__name__)

    @property
    def dtype(self) -> np.dtype:
        """What the layer computes in."""
        return self._dtype or np.dtype(np.float32)

    def __call__(self, tensor: SymbolicTensor) -> SymbolicTensor:
        """Put this layer behind `tensor`.

        The first call fixes the number of input features, creates the weights and gives the layer
        its name.

        Raises
        ------
        TypeError
            If `tensor` is not symbolic, such as an array.
        ValueError
            If its shape or type does not fit.
        """
        if not isinstance(tensor, SymbolicTensor):
            raise TypeError(
                f"{self.name} was called on {_describe(tensor)}; it should be called on the result "
                "of Input(...) or of another layer.  A chain takes one tensor; arrays go to "
                "model.predict"
            )
        self._take_dtype(tensor)
        if not self.built:
            self.build(tensor.shape)
        elif tensor.shape[-1] != self._built_for:
            raise ValueError(
                f"{self.name} was built for {self._built_for} input features; "
                f"the input has shape {tensor.shape}"
            )
        shape = self.compute_output_shape(tensor.shape)
        if self._name is None:
            self._name = _free_name(snake_case(type(self).__name__), tensor)
        return SymbolicTensor(shape, self.dtype, self, tensor)

    def _take_dtype(self, tensor: SymbolicTensor) -> None:
        given = tensor.dtype if tensor.dtype.kind == "f" else np.dtype(np.float32)
        if self._dtype is None:
            self._dtype = given
        elif self._dtype != given and tensor.source is not None:
            raise ValueError(
                f"{self.name} computes in {self._dtype}, but {tensor.layer.name} before it in "
                f"{given}; the layers of a chain should share one dtype"
            )

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs of `input_shape`, (None, time, features); once only."""
        if self.built:
            return
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; it should be (None, time, "
                "features) or (None, features) with a known number of features"
            )
        self.compute_output_shape(input_shape)
        self._rng = None if self.stored is not None else seeding.generator()
        try:
            self.create_parameters(input_shape)
        except BaseException:
            self.parameters.clear()
            raise
        finally:
            self._rng = self.stored = None
        self._built_for = input_shape[-1]
        self.built = True

    def add_parameter(
        self, name: str, shape: tuple[int, ...], initializer: initializers.Initializer
    ) -> Parameter:
        """Create a weight, drawn from the layer's own generator."""
        if self.stored is not None:
            value = self.stored(name, shape)
        else:
            value = initializer(shape, self.dtype, self._rng)
        if value.shape != shape:
            raise ValueError(
                f"{self.name}/{name} starts with shape {value.shape}; it should be {shape}"
            )
        parameter = Parameter(name, value)
        self.parameters.append(parameter)
        return parameter

    def parameter(self, name: str) -> Parameter:
        """Return the weight called `name`."""
        for candidate in self.parameters:
            if candidate.name == name:
                return candidate
        raise KeyError(f"{self.name} has no weight {name!r}")

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        if not self.built:
            raise ValueError(f"{self.name} has no weights yet: call it on an input first")
        return sum(parameter.value.size for parameter in self.parameters)

    def get_weights(self) -> list[Array]:
        """Return copies of the weights, in Keras's order and shapes."""
        return [parameter.value.copy() for parameter in self.parameters]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all weights; see :func:`assign`."""
        assign(self.parameters, weights, [f"{self.name}/{p.name}" for p in self.parameters])

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Return a new layer from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def units_of(layer: Layer, units: int) -> int:
    """Return `units` as an int, or say why it is not a number of units."""
    if isinstance(units, bool) or not isinstance(units, (int, np.integer)):
        raise TypeError(
            f"units of {type(layer).__name__} is {units!r}; it should be a positive integer"
        )
    if units < 1:
        raise ValueError(
            f"units of {type(layer).__name__} is {units}; it should be a positive integer"
        )
    return int(units)


def snake_case(name: str) -> str:
    """Return ``TimeDistributed`` as ``time_distributed``, ``SimpleRNN`` as ``simple_rnn``."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()


def _free_name(stem: str, tensor: SymbolicTensor) -> str:
    """Return `stem` with the first count that no layer before has, so a model names its own."""
    taken = {before.layer.name for before in tensor.history()}
    count = 1 + sum(snake_case(type(before.layer).__name__) == stem for before in tensor.history())
    while f"{stem}_{count}" in taken:
        count += 1
    return f"{stem}_{count}"


def _check_name(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}; it should be a string")
    if not name or set(name) & set("/:"):
        raise ValueError(f"name is {name!r}; it should be non-empty, without '/' and ':'")


def _compute_dtype(dtype: DTypeLike) -> np.dtype:
    result = np.dtype(dtype)
    if result not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype is {result}; it should be float32 or float64")
    return result.newbyteorder("=")


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
