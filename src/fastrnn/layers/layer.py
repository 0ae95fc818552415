"""The base of all layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn import initializers, seeding
from fastrnn._core.stage import Stage
from fastrnn.layers.parameter import Parameter, assign
from fastrnn.layers.symbolic import Node, Shape, SymbolicTensor
from fastrnn.terminal import printable
from fastrnn.workspace import Signal, Workspace

Array = NDArray[Any]


class Layer:
    """A step of a model: weights, and how to compute with them.

    Parameters
    ----------
    name : str, optional
        Unique within a model.  If left out, the type and a count: ``gru_1``, ``gru_2``.
    dtype : {"float32", "float64"}, optional
        What it computes in; that of its input if left out.
    input_shape : tuple of int, optional
        Shape of one sample.  Only for the first layer of a ``Sequential`` without an ``Input``.
    batch_input_shape : tuple of int, optional
        The same with the size of every batch before it, for stateful layers.

    Notes
    -----
    Layers hold no data: a model may be used by many threads at once, each with workspaces of its
    own.  Two kinds do remember something between batches, and so are for one thread at a time:
    recurrent layers with ``stateful=True`` their state, and in a training `Dropout` where its
    random numbers stand.
    """

    #: Which of the things it is called on are integers, (None, time), straight from the data.
    token_inputs: ClassVar[tuple[int, ...]] = ()
    #: Whether a training draws random numbers; see :meth:`reseed`.
    is_random: bool = False
    #: Whether a batch begins with what the one before ended with.
    stateful: bool = False

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        input_shape: Sequence[int | None] | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
    ) -> None:
        if name is not None:
            _check_name(name)
        self._name = name
        self._dtype = None if dtype is None else _compute_dtype(dtype)
        self.input_shape: tuple[int | None, ...] | None = (
            None if input_shape is None else tuple(input_shape)
        )
        #: Of every batch, where `batch_input_shape` says so.
        self.batch_size: int | None = None
        if batch_input_shape is not None:
            self.batch_size, *sample = batch_input_shape
            self.input_shape = tuple(sample)
        self.parameters: list[Parameter] = []
        self.built = False
        #: Set while a file is read: gives a weight by name and shape, in place of the initializers.
        self.stored: Callable[[str, tuple[int, ...]], Array] | None = None
        self._rng: np.random.Generator | None = None
        self._built_for: int | None = None
        self._node: Node | None = None
        #: Whether the name is one that :meth:`connect` made up.
        self.is_named_by_count = False

    # What a layer of one's own defines ---------------------------------------------------------

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return the shape, batch first, that comes out for `input_shape`; a list if several do."""
        raise NotImplementedError

    def create_parameters(self, input_shape: Shape) -> None:
        """Call :meth:`add_parameter` for every weight."""

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``.

        Parameters
        ----------
        source : Signal
            Output of the layer before.
        training : bool
            Whether gradients are wanted.
        *others : Signal
            What else the layer was called on, such as initial states.
        """
        raise NotImplementedError

    def stages(self, source: Stage) -> list[Stage]:
        """Return what computes the layer in a stream, step after step; none if it changes nothing.

        Parameters
        ----------
        source : Stage
            What comes before: how many features, streams and steps a call has.

        Raises
        ------
        ValueError
            If an answer of the layer depends on what comes later.
        """
        raise ValueError(f"{self.name} cannot run in a stream: it needs the whole sequence at once")

    def check_tokens(self, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless all of the integers (samples, time) are what it can take.

        `argument` is what the error calls them.  Only asked of layers that take tokens.
        """

    def reset_states(self) -> None:
        """Let the next batch begin anew: only asked of layers with ``stateful``."""

    def get_state(self) -> dict[str, Any]:
        """Return what a training needs to go on beside the weights; see :meth:`set_state`.

        Returns
        -------
        dict of str to object
            Numbers, strings, None, arrays of floats, and lists and dicts of these; copies.
        """
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Draw from `seed` from now on: begins every epoch of a layer with ``is_random``."""

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Draw for batches that are rows of larger ones; called for layers with ``is_random``.

        Such a layer draws for all rows and takes its part, so that it makes no difference how a
        batch is shared out.

        Parameters
        ----------
        rows : (int, int) or None
            The first row, and how many the larger batch has; None: batches are whole.
        """

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again, as JSON can hold them."""
        return {"name": self.name, "dtype": None if self._dtype is None else self._dtype.name}

    # What every layer has ----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the layer; until it stands in a chain, that of its type."""
        return self._name or snake_case(type(self).__name__)

    def rename(self, name: str) -> None:
        """Replace the name."""
        _check_name(name)
        self._name = name

    @property
    def dtype(self) -> np.dtype:
        """What the layer computes in."""
        return self._dtype or np.dtype(np.float32)

    @property
    def input(self) -> SymbolicTensor | list[SymbolicTensor]:
        """What the layer was last called on; a list if that was several tensors."""
        return _one_or_all(self._last_call().inputs)

    @property
    def output(self) -> SymbolicTensor | list[SymbolicTensor]:
        """What its last call returned."""
        return _one_or_all(self._last_call().outputs)

    def _last_call(self) -> Node:
        if self._node is None:
            raise AttributeError(f"{self.name} has no input yet: call it on one first")
        return self._node

    def __call__(self, tensor: SymbolicTensor, mask: SymbolicTensor | None = None) -> Any:
        """Put this layer behind `tensor`.

        The first call fixes the number of input features, creates the weights and gives the layer
        its name.

        Parameters
        ----------
        tensor : SymbolicTensor
        mask : SymbolicTensor, optional
            Which steps of `tensor` count, (None, time), in place of the mask that it may carry:
            an ``Input((time,), dtype="bool")``.

        Returns
        -------
        SymbolicTensor, or list of SymbolicTensor
            The output; a list for layers that have several.

        Raises
        ------
        TypeError
            If `tensor` is not symbolic, such as an array.
        ValueError
            If its shape or type does not fit.
        """
        if mask is not None:
            from fastrnn.layers.masking import ApplyMask  # which is a layer itself

            tensor = ApplyMask().connect([tensor, mask])[0]
        return _one_or_all(self.connect([tensor]))

    def connect(self, tensors: Sequence[SymbolicTensor]) -> list[SymbolicTensor]:
        """Put this layer behind all that it takes, in order; what a call comes down to.

        Parameters
        ----------
        tensors : sequence of SymbolicTensor
            The input, then whatever else the layer takes, such as initial states.

        Returns
        -------
        list of SymbolicTensor
            All outputs.
        """
        for tensor in tensors:
            if not isinstance(tensor, SymbolicTensor):
                raise TypeError(
                    f"{self.name} was called on {_describe(tensor)}; it should be called on the "
                    "result of Input(...) or of another layer.  A layer takes one tensor; arrays "
                    "go to model.predict"
                )
        self.check_inputs(tensors)
        for tensor in tensors:
            self._take_dtype(tensor)
        first = tensors[0]
        if not self.built:
            self.build(first.shape)
        elif 0 not in self.token_inputs and first.shape[-1] != self._built_for:
            raise ValueError(
                f"{self.name} was built for {self._built_for} input features; "
                f"the input has shape {first.shape}"
            )
        shapes = self.compute_output_shape(first.shape)
        if self._name is None:
            self._name = _free_name(snake_case(type(self).__name__), tensors)
            self.is_named_by_count = True
        self._node = Node(self, tensors, shapes if isinstance(shapes, list) else [shapes])
        return list(self._node.outputs)

    def check_inputs(self, tensors: Sequence[SymbolicTensor]) -> None:
        """Raise ``ValueError`` unless the layer can stand behind these tensors."""
        if len(tensors) != 1:
            raise ValueError(f"{self.name} got {len(tensors)} inputs; it takes one")
        if 0 in self.token_inputs and not (tensors[0].is_input and len(tensors[0].shape) == 2):
            raise ValueError(
                f"{self.name} got {tensors[0]!r}; it takes integers straight from the data, "
                "Input((time,)), where time may be None"
            )

    def _take_dtype(self, tensor: SymbolicTensor) -> None:
        given = tensor.dtype if tensor.dtype.kind == "f" else np.dtype(np.float32)
        if self._dtype is None:
            self._dtype = given
        elif self._dtype != given and not tensor.is_input:
            raise ValueError(
                f"{self.name} computes in {self._dtype}, but {tensor.layer.name} before it in "
                f"{given}; the layers of a model should share one dtype"
            )

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs of `input_shape`, (None, time, features); once only."""
        if self.built:
            return
        if 0 not in self.token_inputs and (len(input_shape) < 2 or input_shape[-1] is None):
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
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: initializers.Initializer,
        gates: tuple[int, ...] | None = None,
    ) -> Parameter:
        """Create a weight, drawn from the layer's own generator.

        `gates` is that of :class:`~fastrnn.layers.parameter.Parameter`.  An initializer of one's
        own has the gates in Keras's order; to those of this package they are all alike.
        """
        if self.stored is not None:
            value = self.stored(name, shape)
        else:
            value = initializer(shape, self.dtype, self._rng)
        if value.shape != shape:
            raise ValueError(
                f"{self.name}/{name} starts with shape {value.shape}; it should be {shape}"
            )
        parameter = Parameter(name, value, gates)
        if self.stored is None and not initializers.is_builtin(initializer):
            parameter.value[...] = parameter.from_keras(value)
        self.parameters.append(parameter)
        return parameter

    def parameter(self, name: str) -> Parameter:
        """Return the weight called `name`."""
        for candidate in self.parameters:
            if candidate.name == name:
                return candidate
        raise KeyError(f"{self.name} has no weight {name!r}")

    @property
    def weight_names(self) -> list[str]:
        """What files call the weights; unique within the layer."""
        return [parameter.name for parameter in self.parameters]

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        if not self.built:
            raise ValueError(f"{self.name} has no weights yet: call it on an input first")
        return sum(parameter.value.size for parameter in self.parameters)

    def get_weights(self) -> list[Array]:
        """Return copies of the weights as Keras has them: its order, its shapes, its gates.

        A list goes from a layer of Keras into the same layer here, and back: kernel, recurrent
        kernel, bias; a GRU's columns in the order z, r, h, an LSTM's i, f, c, o; of a
        `Bidirectional` first those of the forward direction.
        """
        return [parameter.to_keras(parameter.value) for parameter in self.parameters]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all weights, or none if one does not fit.

        Parameters
        ----------
        weights : sequence of array_like
            As :meth:`get_weights` returns them, here or in Keras.  They are copied.

        Raises
        ------
        ValueError
            If there are too few or too many, or a shape is not the weight's.
        TypeError
            If one does not hold real numbers.
        """
        assign(self.parameters, weights, [f"{self.name}/{name}" for name in self.weight_names])

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Return a new layer from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def positive(layer: Layer, argument: str, value: int) -> int:
    """Return an argument of a layer as an int above zero, or say why it is none."""
    message = f"{argument} of {type(layer).__name__} is {value!r}; it should be a positive integer"
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(message)
    if value < 1:
        raise ValueError(message)
    return int(value)


def snake_case(name: str) -> str:
    """Return ``TimeDistributed`` as ``time_distributed``, ``SimpleRNN`` as ``simple_rnn``."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()


def _free_name(stem: str, tensors: Sequence[SymbolicTensor]) -> str:
    """Return `stem` with the first count that no layer before has, so a model names its own."""
    before = {node.layer for tensor in tensors for node in tensor.history()}
    alike = sum(snake_case(type(layer).__name__) == stem for layer in before)
    return counted_name(stem, {layer.name for layer in before}, 1 + alike)


def counted_name(stem: str, taken: Container[str], count: int = 1) -> str:
    """Return ``stem_count`` with the first count, from `count` on, that is not taken."""
    while f"{stem}_{count}" in taken:
        count += 1
    return f"{stem}_{count}"


def _one_or_all(tensors: Sequence[SymbolicTensor]) -> SymbolicTensor | list[SymbolicTensor]:
    return tensors[0] if len(tensors) == 1 else list(tensors)


def _check_name(name: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}; it should be a string")
    if not name or set(name) & set("/:"):
        raise ValueError(f"name is {name!r}; it should be non-empty, without '/' and ':'")
    if printable(name) != name:
        raise ValueError(f"name is {name!r}; it should be without control characters")


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
