"""The base of all layers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

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
    batch_size : int, optional
        The size of every batch, beside `input_shape`.
    weights : list of array_like, optional
        What the weights begin with, as for :meth:`set_weights`.
    trainable : bool, default True
        Whether trainings change its weights; see :attr:`trainable`.
    kernel_regularizer, recurrent_regularizer, bias_regularizer, ... : optional
        Penalties on its weights, which a training adds to its loss; see
        :func:`fastrnn.regularizers.get`.  Of `embeddings`, `gamma`, `beta` and `alpha` too.
    kernel_constraint, recurrent_constraint, bias_constraint, ... : optional
        What a training makes of these weights after every step; see
        :func:`fastrnn.constraints.get`.
    activity_regularizer : optional
        A penalty on what the layer puts out for a batch, divided by the number of samples.

    Notes
    -----
    **A layer of one's own** is a class with `call` and `backward`, in NumPy, on arrays with the
    batch first; `build` creates its weights with :meth:`add_weight`, and `get_config` returns the
    arguments of its constructor.  The package does the rest: shapes, training, files, copies.  All
    that a layer may define is documented there: :meth:`build`, :meth:`call`, :meth:`backward`,
    :meth:`update`, :meth:`compute_output_shape`, :meth:`compute_mask`; and the attributes
    ``takes_several`` (it is called on a list), ``supports_masking``, ``is_per_step`` (it does the
    same to every step, so it can stream).

    Layers hold no data: a model may be used by many threads at once, each with workspaces of its
    own.  Two kinds do remember something between batches, and so are for one thread at a time:
    recurrent layers with ``stateful=True`` their state, and in a training `Dropout` where its
    random numbers stand.

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

    #: Attributes of Keras's layers, of those that this package has.
    _no_effect = frozenset(
        {"cell", "dtype_policy", "quantization_config", "single_state", "state_size"}
        | {*Weighted.keywords} - {"activity_regularizer"}
        | {"supports_jit"}
    )
    _often_set = ("trainable", "stateful")
    #: The model that calls the layers inside, of a layer of one's own that has some.
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
        #: Of a sample, as the constructor was told.
        self.sample_shape: tuple[int | None, ...] | None = (
            None if input_shape is None else tuple(input_shape)
        )
        #: Of every batch, where the constructor was told.
        self.batch_size: int | None = (
            None if batch_size is None else positive(self, "batch_size", batch_size)
        )
        if batch_input_shape is not None:
            self.batch_size, *sample = batch_input_shape
            self.sample_shape = tuple(sample)
        self.built = False
        #: Set while a file is read: gives a weight by name and shape, in place of the initializers.
        self.stored: Callable[[str, tuple[int, ...]], Array] | None = None
        self._rng: np.random.Generator | None = None
        self._built_for: int | None = None
        self._node: Node | None = None
        self._is_building = False
        #: Whether the name is one that :meth:`connect` made up.
        self.is_named_by_count = False

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again, as JSON can hold them."""
        config: dict[str, Any] = {
            "name": self.name,
            "dtype": None if self._dtype is None else self._dtype.name,
        }
        # Only where it matters: earlier versions read files that use nothing new.
        for argument, thing in self.attached.items():
            if thing is not None:
                config[argument] = ATTACHED[argument.rpartition("_")[2]].serialize(thing)
        return config if self.trainable else {**config, "trainable": False}

    # What every layer has ----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the layer; until it stands in a chain, that of its type."""
        if self._composed is not None:
            return str(self._composed._as_layer().name)
        return self._name or self.stem

    @name.setter
    def name(self, value: str) -> None:
        self.rename(value)

    @property
    def stem(self) -> str:
        """What the name begins with where it is made up: the type, such as ``gru``."""
        return snake_case(type(self).__name__)

    def rename(self, name: str) -> None:
        """Replace the name."""
        check_name(name)
        self._name = name
        Renaming.version = object()

    @property
    def dtype(self) -> np.dtype:
        """What the layer computes in."""
        return self._dtype or np.dtype(floatx())

    @property
    def input(self) -> SymbolicTensor | list[SymbolicTensor]:
        """What the layer was first called on; a list if that was several tensors."""
        found: SymbolicTensor | list[SymbolicTensor] = one_or_all(self._first_call().inputs)
        return found

    @property
    def output(self) -> SymbolicTensor | list[SymbolicTensor]:
        """What its first call returned."""
        found: SymbolicTensor | list[SymbolicTensor] = one_or_all(self._first_call().outputs)
        return found

    @property
    def input_shape(self) -> Any:
        """Shape of :attr:`input`, batch first; a list if that was several tensors."""
        return one_or_all([tensor.shape for tensor in self._first_call().inputs])

    @property
    def output_shape(self) -> Any:
        """Shape of :attr:`output`, batch first; a list if there are several."""
        return one_or_all([tensor.shape for tensor in self._first_call().outputs])

    def _first_call(self) -> Node:
        if self._node is None:
            raise AttributeError(f"{self.name} has no input yet: call it on one first")
        return self._node

    def __call__(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Put this layer behind `inputs`, or compute it on arrays.

        The first call fixes the number of input features, creates the weights and gives the layer
        its name.  A layer that is called again has the same weights there.

        Parameters
        ----------
        inputs : SymbolicTensor or ndarray
            A list where the layer takes several.
        mask : SymbolicTensor or ndarray, optional
            Which steps of the input count, (None, time), in place of the mask that it may carry:
            an ``Input((time,), dtype="bool")``.
        training : bool, optional
            With arrays: whether to do what a training does, such as dropping at random.

        Returns
        -------
        SymbolicTensor or ndarray, or list of them
            The output; a list for layers that have several.

        Raises
        ------
        TypeError
            If `inputs` is neither.
        ValueError
            If its shape or type does not fit.
        """
        if composing.takes_more(self):  # layer(one, other): no mask stands in the second place
            others = [one for one in (mask, training) if not isinstance(one, (bool, type(None)))]
            return self._called(inputs, others, None, training is True)
        return self._called(inputs, [], mask, training)

    def _called(self, inputs: Any, others: Sequence[Any], mask: Any, training: Any) -> Any:
        """Return what comes out for the inputs and whatever else the layer takes."""
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
        """Call the layer on its input and on whatever else it takes, in order.

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
        # A layer of the user's own may mean something by Keras's names.
        is_ours = type(self).__module__.startswith("fastrnn.")
        if is_ours or (name not in self._no_effect and name not in type(self).harmless):
            super()._refuse(name)

    def __getstate__(self) -> dict[str, Any]:
        # A copy of a layer stands in no model: else it would hold all layers before it.
        return {**self.__dict__, "_node": None, "stored": None}

    def __repr__(self) -> str:
        try:
            config = self.get_config()
        except Exception:  # a class of the user's own may not be able to say
            config = {}
        usual = ("dtype",) if config.get("dtype") in (None, floatx()) else ()
        values = {**config, "name": self.name}
        return constructor_like(self, values, without=usual, more=self.__dict__.get("attached"))


def _compute_dtype(dtype: DTypeLike) -> np.dtype:
    result = np.dtype(dtype)
    if result not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype is {result}; it should be float32 or float64")
    return result.newbyteorder("=")
