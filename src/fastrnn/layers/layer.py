"""The base of all layers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn import initializers
from fastrnn.layers import calling, composing, registry
from fastrnn.layers.checks import positive
from fastrnn.layers.naming import Renaming, check_name
from fastrnn.layers.shapes import one_or_all
from fastrnn.layers.symbolic import Node, SymbolicTensor, lineage_of
from fastrnn.layers.weighted import ATTACHED, Weighted
from fastrnn.naming import snake_case
from fastrnn.representation import constructor_like
from fastrnn.settings import floatx

Array = NDArray[Any]


class Layer(Weighted):
    """The base class of layers: weights, and a computation that uses them.

    Parameters
    ----------
    name : str, optional
        Unique within a model.  If left out, the class and a count: ``gru_1``, ``gru_2``.
    dtype : {"float32", "float64"}, optional
        Dtype of the computation; that of the input if left out.
    input_shape : tuple of int, optional
        Shape of one sample.  Only for the first layer of a ``Sequential`` without an ``Input``.
    batch_input_shape : tuple of int, optional
        The same including the batch size, for stateful layers.
    batch_size : int, optional
        Batch size, in addition to `input_shape`.
    weights : list of array_like, optional
        Initial weights, as for :meth:`set_weights`.
    trainable : bool, default True
        Whether training changes its weights; see :attr:`trainable`.
    kernel_regularizer, recurrent_regularizer, bias_regularizer, ... : optional
        Penalties on its weights, which are added to the training loss; see
        :func:`fastrnn.regularizers.get`.  Also for `embeddings`, `gamma`, `beta` and `alpha`.
    kernel_constraint, recurrent_constraint, bias_constraint, ... : optional
        Projections applied to these weights after every training step; see
        :func:`fastrnn.constraints.get`.
    activity_regularizer : optional
        A penalty on the outputs for a batch, divided by the number of samples.

    Notes
    -----
    **A custom layer** is a class with `call` and `backward`, in NumPy, on arrays with the batch
    first; `build` creates its weights with :meth:`add_weight`, and `get_config` returns the
    arguments of its constructor.  Shapes, training, files and copies then work as for other layers.
    The members that it may define are documented there: :meth:`build`, :meth:`call`,
    :meth:`backward`, :meth:`update`, :meth:`compute_output_shape`, :meth:`compute_mask`; and the
    attributes ``takes_several`` (it is called on a list), ``supports_masking``, ``is_per_step`` (it
    does the same to every step, so it can stream).

    Layers hold no data: several threads may use a model at once, each with its own workspaces.  Two
    kinds of layers have a state, and so can be used by one thread at a time: recurrent layers with
    ``stateful=True``, and in training layers with random numbers, such as `Dropout`.

    Examples
    --------
    >>> from fastrnn.layers import Input, Layer
    >>> from fastrnn.models import Sequential
    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    ...
    ...     def backward(self, gradient, inputs):
    ...         self.factor.gradient[...] = (gradient * inputs).sum(axis=(0, 1))
    ...         return gradient * self.factor
    >>> model = Sequential([Input((None, 3)), Scale()])
    >>> model.compile("sgd", "mse")
    >>> model.predict(np.ones((1, 2, 3))).shape
    (1, 2, 3)
    """

    #: Attributes of Keras's layers without an effect here.
    _no_effect = frozenset(
        {"cell", "dtype_policy", "quantization_config", "single_state", "state_size"}
        | {*Weighted.keywords} - {"activity_regularizer"}
        | {"supports_jit"}
    )
    _often_set = ("trainable", "stateful")
    #: The arguments of a class's constructor that `get_config` reads from attributes.
    _arguments: ClassVar[tuple[str, ...]] = ()
    #: The model that computes a custom layer which consists of other layers.
    _composed: Any = None

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        input_shape: Sequence[int | None] | int | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        weights: Sequence[ArrayLike] | None = None,
        trainable: bool = True,
        **attached: Any,
    ) -> None:
        if name is not None:
            check_name(name)
        super().__init__(weights, trainable, **attached)
        self._name = name
        self._dtype = None if dtype is None else _compute_dtype(dtype)
        if isinstance(input_shape, int):
            input_shape = (input_shape,)
        #: Shape of a sample, if given to the constructor.
        self.sample_shape: tuple[int | None, ...] | None = (
            None if input_shape is None else tuple(input_shape)
        )
        #: Batch size, if given to the constructor.
        self.batch_size: int | None = (
            None if batch_size is None else positive(self, "batch_size", batch_size)
        )
        if batch_input_shape is not None:
            self.batch_size, *sample = batch_input_shape
            self.sample_shape = tuple(sample)
        self.built = False
        #: Set while a file is read: returns a weight by name and shape, instead of the
        #: initializers.
        self.stored: Callable[[str, tuple[int, ...]], Array] | None = None
        self._rng: np.random.Generator | None = None
        self._built_for: int | None = None
        self._node: Node | None = None
        self._is_building = False
        #: Whether :meth:`connect` generated the name.
        self.is_named_by_count = False

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of the layer, JSON-serializable."""
        config: dict[str, Any] = {
            "name": self.name,
            "dtype": None if self._dtype is None else self._dtype.name,
        }
        for base in reversed(type(self).__mro__):
            for argument in vars(base).get("_arguments", ()):
                config[argument] = _plain(getattr(self, argument))
        # Only if they are set, so that earlier versions can read the files.
        for argument, thing in self.attached.items():
            if thing is not None:
                config[argument] = ATTACHED[argument.rpartition("_")[2]].serialize(thing)
        return config if self.trainable else {**config, "trainable": False}

    # What every layer has ----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the layer; before it is part of a model, that of its class."""
        if self._composed is not None:
            return str(self._composed._as_layer().name)
        return self._name or self.stem

    @name.setter
    def name(self, value: str) -> None:
        self.rename(value)

    @property
    def stem(self) -> str:
        """The prefix of a generated name: the class, such as ``gru``."""
        return snake_case(type(self).__name__)

    def rename(self, name: str) -> None:
        """Replace the name."""
        check_name(name)
        self._name = name
        Renaming.version = object()

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the computation."""
        return self._dtype or np.dtype(floatx())

    @property
    def input(self) -> SymbolicTensor | list[SymbolicTensor]:
        """The input of the first call; a list for several tensors."""
        found: SymbolicTensor | list[SymbolicTensor] = one_or_all(self._first_call().inputs)
        return found

    @property
    def output(self) -> SymbolicTensor | list[SymbolicTensor]:
        """The output of the first call; a list for several tensors."""
        found: SymbolicTensor | list[SymbolicTensor] = one_or_all(self._first_call().outputs)
        return found

    @property
    def input_shape(self) -> Any:
        """Shape of :attr:`input`, batch first; a list for several tensors."""
        return one_or_all([tensor.shape for tensor in self._first_call().inputs])

    @property
    def output_shape(self) -> Any:
        """Shape of :attr:`output`, batch first; a list for several tensors."""
        return one_or_all([tensor.shape for tensor in self._first_call().outputs])

    def _first_call(self) -> Node:
        if self._node is None:
            raise AttributeError(f"{self.name} has no input yet: call it on one first")
        return self._node

    def __call__(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Call the layer on symbolic tensors, or compute it on arrays.

        The first call determines the number of input features, creates the weights and names the
        layer.  Further calls share the weights.

        Parameters
        ----------
        inputs : SymbolicTensor or ndarray
            A list for several inputs.
        mask : SymbolicTensor or ndarray, optional
            Mask of the input, (None, time), which replaces the one that the input may have: an
            ``Input((time,), dtype="bool")``.
        training : bool, optional
            With arrays: whether to compute as in training, for instance with dropout.

        Returns
        -------
        SymbolicTensor or ndarray, or list of them
            The output; a list for several outputs.

        Raises
        ------
        TypeError
            If `inputs` is neither.
        ValueError
            If its shape or type does not fit.
        """
        if composing.takes_more(self):  # layer(one, other): the second argument is no mask
            others = [one for one in (mask, training) if not isinstance(one, (bool, type(None)))]
            return self._called(inputs, others, None, training is True)
        return self._called(inputs, [], mask, training)

    def _called(self, inputs: Any, others: Sequence[Any], mask: Any, training: Any) -> Any:
        """Return the output for `inputs` and further inputs."""
        is_list = isinstance(inputs, (list, tuple))
        # A list of numbers is one array.
        of_arrays = is_list and any(
            isinstance(one, SymbolicTensor) or hasattr(one, "__array__") for one in inputs
        )
        given = [*(inputs if of_arrays else [inputs]), *others]
        if not any(isinstance(one, SymbolicTensor) for one in given):
            shapes = [(None, *np.shape(one)[1:]) for one in given]
            if composing.is_composed(self, shapes):
                return composing.composed(self, given, shapes)
            return one_or_all(calling.run(self, given, mask, bool(training)))
        if mask is not None:
            given[0] = registry.KNOWN["ApplyMask"]().connect([given[0], mask])[0]
        return one_or_all(self.connect(given))

    def connect(self, tensors: Sequence[SymbolicTensor]) -> list[SymbolicTensor]:
        """Call the layer on its inputs.

        Parameters
        ----------
        tensors : sequence of SymbolicTensor
            The input, then further inputs, such as initial states.

        Returns
        -------
        list of SymbolicTensor
            All outputs.
        """
        for tensor in tensors:
            if not isinstance(tensor, SymbolicTensor):
                raise TypeError(
                    f"{self.name} was called on a {type(tensor).__name__} beside symbolic tensors; "
                    "all should be results of Input(...) or of layers"
                )
        shapes = [tensor.shape for tensor in tensors]
        if composing.is_composed(self, shapes):
            made = composing.composed(self, tensors, shapes)
            return list(made) if isinstance(made, list) else [made]
        self.check_inputs(shapes)
        for place in self.token_inputs:
            if not tensors[place].is_input:
                raise ValueError(
                    f"{self.name} got {tensors[place]!r}; it takes integers straight from the "
                    "data, Input((time,)), where time may be None"
                )
        for tensor in tensors:
            self._take_dtype(tensor)
        outputs = self.prepare(shapes)
        if self._name is None:
            self._name = lineage_of(tensors).free_name(self.stem)
            self.is_named_by_count = True
        masked = [tensor.has_mask for tensor in tensors]
        if any(masked) and not self.supports_masking:
            warnings.warn(
                f"{self.name} got an input with a mask, and does not support masking: what comes "
                "behind it sees no mask",
                stacklevel=4,
            )
        node = Node(self, tensors, outputs, self.carries_mask(masked))
        self._node = self._node or node
        return list(node.outputs)

    def _take_dtype(self, tensor: SymbolicTensor) -> None:
        given = tensor.dtype if tensor.dtype.kind == "f" else np.dtype(floatx())
        if self._dtype is None:
            self._dtype = given
        elif self._dtype != given and not tensor.is_input:
            raise ValueError(
                f"{self.name} computes in {self._dtype}, but {tensor.layer.name} before it in "
                f"{given}; the layers of a model should share one dtype"
            )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Return a new layer from what :meth:`get_config` returned."""
        return cls(**config)

    @classmethod
    def renew(cls, keywords: dict[str, Any], known: list[str]) -> None:
        """Convert Keras's older arguments of a shape: `input_dim`, `input_length`."""
        if "input_dim" in known or "input_dim" not in keywords:
            return
        features, steps = keywords.pop("input_dim"), keywords.pop("input_length", None)
        is_sequence = steps is not None or cls.reads_sequences
        keywords.setdefault("input_shape", (steps, features) if is_sequence else (features,))

    def _refuse(self, name: str) -> None:
        # A custom layer may use Keras's names for attributes of its own.
        is_ours = type(self).__module__.startswith("fastrnn.")
        if is_ours or (name not in self._no_effect and name not in type(self).harmless):
            super()._refuse(name)

    def __getstate__(self) -> dict[str, Any]:
        # A copy belongs to no model; otherwise it would contain all layers before it.
        return {**self.__dict__, "_node": None, "stored": None}

    def __repr__(self) -> str:
        try:
            config = self.get_config()
        except Exception:  # get_config of a custom class may fail
            config = {}
        usual = ("dtype",) if config.get("dtype") in (None, floatx()) else ()
        values = {**config, "name": self.name}
        return constructor_like(self, values, without=usual, more=self.__dict__.get("attached"))


def _plain(value: Any) -> Any:
    """Return an argument as JSON can hold it."""
    if isinstance(value, initializers.Initializer):
        return initializers.serialize(value)
    return list(value) if isinstance(value, tuple) else value


def _compute_dtype(dtype: DTypeLike) -> np.dtype:
    result = np.dtype(dtype)
    if result not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype is {result}; it should be float32 or float64")
    return result.newbyteorder("=")
