"""The interface of layers: what a class of layers may define, and what models ask of a layer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn import seeding
from fastrnn._core.stage import Stage
from fastrnn.construction import Constructible, Harmless
from fastrnn.guarded import Guarded
from fastrnn.layers.building import building
from fastrnn.layers.parameter import Parameter
from fastrnn.layers.shapes import Shape
from fastrnn.regularizers import Regularizer
from fastrnn.workspace import Signal, Workspace

Array = NDArray[Any]


def _once(create: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Wrap `build` so that only its first call creates weights, and none after an error."""

    @functools.wraps(create)
    def build(self: Contract, input_shape: Any) -> None:
        with building:
            if self.built:
                return
            if self._is_building:  # called by super().build(...)
                create(self, input_shape)
            else:
                _build(self, create, input_shape)

    return build


def _build(self: Contract, create: Callable[[Any, Any], None], input_shape: Any) -> None:
    for shape in input_shape if self.takes_several else [input_shape]:
        is_open = shape[-1] is None and not self.takes_open_extents
        if 0 not in self.token_inputs and (len(shape) < 2 or is_open):
            raise ValueError(
                f"{self.name} got an input of shape {shape}; it should be (None, time, "
                "features) or (None, features) with a known number of features"
            )
    draws = self.draws_weights and self.stored is None
    self._rng = seeding.generator() if draws else None
    self._is_building = True
    try:
        create(self, input_shape)
    except BaseException:
        self.parameters.clear()
        self.built = False
        raise
    finally:
        self._is_building = False
        self._rng = self.stored = None
    first = input_shape[0] if self.takes_several else input_shape
    self._built_for = first[-1]
    self.attach()
    self.built = True
    if self._first_weights is not None:
        self.set_weights(self._first_weights)
        self._first_weights = None


class Contract(Guarded, metaclass=Constructible):
    """The members that a class of layers may define; see :class:`~fastrnn.layers.Layer`.

    All of them have a default, here or in :class:`~fastrnn.layers.computed.Computed`.  A layer
    written in NumPy defines :meth:`call` and :meth:`backward`; a compiled one defines
    :meth:`workspace` instead.
    """

    #: Arguments of Keras that do not change results, with the accepted values.
    harmless: ClassVar[Harmless] = {
        "unroll": ((bool,), "one compiled loop runs sequences of every length"),
        "implementation": ((0, 1, 2), "there is one implementation, with the same results"),
        "consume_less": ((str,), "there is one implementation, with the same results"),
        "use_cudnn": (("auto", False), "there is no GPU to use"),
        "time_major": ((False,), "arrays are (batch, time, features)"),
        "zero_output_for_mask": ((False,), "a step that is masked has the output before it"),
        "autocast": ((True,), "a layer computes in its dtype"),
        "dynamic": ((False,), "layers are compiled"),
        "lora_rank": ((None,), "there is no low-rank adaptation"),
        "lora_alpha": ((None,), "there is no low-rank adaptation"),
        "quantization_config": ((None,), "weights are float32 or float64"),
        "noise_shape": ((None,), "every number is dropped by itself"),
        "sparse": ((None, False), "arrays are dense"),
        "ragged": ((None, False), "pad sequences, and mask the padding"),
        "optional": ((False,), "a model wants all of its inputs"),
        "batch_shape": ((None,), "give shape and batch_size"),
        "input_tensor": ((None,), "use the result of Input"),
        "data_format": ((None, "channels_last"), "features come last"),
        "fused": ((bool, None), "there is one way to compute it"),
        "renorm": ((False,), "batches are normalized by their own mean and variance"),
        "renorm_clipping": ((None,), "there is no renormalization"),
        "renorm_momentum": ((0.99,), "there is no renormalization"),
        "synchronized": ((False,), "every process normalizes its own rows"),
    }

    # Attributes that Layer sets.
    parameters: list[Parameter]
    built: bool
    stored: Callable[[str, tuple[int, ...]], Array] | None
    _is_building: bool
    _built_for: int | None
    _rng: np.random.Generator | None
    _first_weights: Sequence[Any] | None = None
    activity_regularizer: Regularizer | None = None

    #: Whether it initializes weights itself; False if its weights are those of a layer inside.
    draws_weights: ClassVar[bool] = True

    #: Indices of the inputs that are tokens: integers (None, time), inputs of the model.
    token_inputs: tuple[int, ...] = ()
    #: Whether the last extent of an input may be unknown until there are data: (None, time).
    takes_open_extents: ClassVar[bool] = False
    #: Size of the vocabulary: tokens are 0 to ``token_count - 1``.
    token_count: int = 0
    #: Whether its input is (None, time, features), and not (None, features).
    reads_sequences: ClassVar[bool] = False
    #: Requirements on the inputs: an :class:`~fastrnn.layers.InputSpec`, or a list of them.
    input_spec: Any = None
    #: Whether it is called on a list; `build`, `call` and other methods then get lists.
    takes_several: bool = False
    #: Whether it handles masks; if not, its output has no mask, and a warning says so.
    supports_masking: bool = False
    #: Whether it computes each step independently, so that `TimeDistributed` changes nothing.
    is_per_step: bool = False
    #: Whether the output for a sample depends on other samples of the batch in training, so that a
    #: batch cannot be split over processes.
    couples_samples: bool = False
    #: Advice in the error message if its gradient cannot be computed.
    gradient_advice: ClassVar[str] = "define backward(self, gradient), which says it"
    #: Whether it draws random numbers in training; see :meth:`reseed`.
    is_random: bool = False
    #: Whether a batch starts from the final states of the previous batch.
    stateful: bool = False
    #: Which fraction of a larger batch, split over processes, the next batches are.
    share_of_batch: float = 1.0

    @property
    def name(self) -> str:
        """Name of the layer."""
        raise NotImplementedError

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace all weights."""
        raise NotImplementedError

    @property
    def stem(self) -> str:
        """The prefix of a generated name."""
        raise NotImplementedError

    @property
    def inner_layers(self) -> tuple[Contract, ...]:
        """The layers inside this one."""
        raise NotImplementedError

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The weights that training changes."""
        raise NotImplementedError

    @property
    def kind(self) -> str:
        """Its name in tables: the class."""
        return type(self).__name__

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the computation."""
        raise NotImplementedError

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "compute_mask" in cls.__dict__ and "supports_masking" not in cls.__dict__:
            cls.supports_masking = True
        if not cls.__module__.startswith("fastrnn."):
            cls.takes_open_extents = cls.__dict__.get("takes_open_extents", not cls.reads_sequences)
        if "build" in cls.__dict__:
            cls.build = _once(cls.__dict__["build"])  # type: ignore[method-assign]

    @_once
    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs of `input_shape`, (None, time, features); once only.

        A layer calls :meth:`add_weight` here for each of its weights.
        """

    def call(self, inputs: Any, *others: Any, **named: Any) -> Any:
        """Return what the layer computes.

        Parameters
        ----------
        inputs : ndarray of shape (batch, time, ..., features) or (batch, features)
            Read-only.  A list of arrays with ``takes_several``.
        training : bool
            Whether this is a training step.  This and the following arguments are passed only if
            the signature names them.
        mask : ndarray of shape (batch, time), bool, or None
            Which steps count.
        kept : dict
            For values that :meth:`backward` and :meth:`update` need from this call.  Do not store
            them in the layer: a model may run in several threads at once.

        Returns
        -------
        ndarray, or list of ndarray
        """
        raise NotImplementedError(f"{type(self).__name__} defines neither call nor workspace")

    def backward(self, gradient: Any, *others: Any, **named: Any) -> Any:
        """Return the gradients of the inputs, and compute those of the weights.

        Parameters
        ----------
        gradient : ndarray
            Of the loss at the output, in its shape.  A list for several outputs.
        inputs, output, mask, kept :
            The arguments and the result of `call`, passed only if the signature names them.

        Returns
        -------
        ndarray in the shape of the input, or list of ndarray
            A list with ``takes_several``.  Write the gradients of weights to ``weight.gradient``,
            which is zero initially.

        Notes
        -----
        Without it, a layer is differentiated automatically, operation by operation, if `call` uses
        operations of NumPy or :mod:`fastrnn.backend`.  This is slower than a `backward` written by
        hand.
        """
        raise TypeError(f"{self.name} has no gradient: it defines neither call nor backward")

    @property
    def differentiates_itself(self) -> bool:
        """Whether the class defines :meth:`backward`."""
        return type(self).backward is not Contract.backward

    def update(self, kept: dict[str, Any]) -> None:
        """Update values that are not trained by gradients, such as moving means, after a step.

        `kept` is the dict of :meth:`call`.  Not called if the step was abandoned.
        """

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output shape for `input_shape`, batch first; a list for several outputs.

        By default, `call` is tried on ones.
        """
        raise NotImplementedError

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the output, (batch, time), given that of the input.

        Called only if :meth:`carries_mask` returns True.
        """
        return previous_mask

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask, given which inputs have one."""
        return self.supports_masking and any(masked)

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``.

        Parameters
        ----------
        source : Signal
            Output of the previous layer.
        training : bool
            Whether gradients are wanted.
        *others : Signal
            Further inputs of the layer, such as initial states.
        """
        raise NotImplementedError

    def stages_of(self, sources: list[Stage]) -> list[Stage]:
        """Return the stages that compute the layer in a stream, given those of all its inputs."""
        raise NotImplementedError

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages that compute the layer in a stream; none if it changes nothing.

        Parameters
        ----------
        source : Stage
            The previous stage, with its numbers of features, streams and steps per call.

        Raises
        ------
        ValueError
            If an output of the layer depends on later steps.
        """
        raise NotImplementedError

    def check_tokens(self, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless all tokens (samples, time) are in the vocabulary.

        `argument` is their name in the error message.  Called only for layers that take tokens.
        """

    def check_tokens_at(self, place: int, tokens: Array, argument: str) -> None:
        """Do the same for one of several inputs."""
        self.check_tokens(tokens, argument)

    def reset_states(self) -> None:
        """Reset the states before the next batch; called only for layers with ``stateful``."""

    def get_state(self) -> dict[str, Any]:
        """Return the state besides the weights that resuming a training needs.

        Returns
        -------
        dict of str to object
            Numbers, strings, None, arrays of floats, and lists and dicts of these; copies.
        """
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a state from :meth:`get_state`."""

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless :meth:`set_state` accepts a state; change nothing."""
        if state and type(self).get_state is Contract.get_state:
            raise ValueError(f"it holds {sorted(state)}; there is nothing to remember")

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Reseed the random numbers; called at every epoch for layers with ``is_random``."""

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Set which rows of larger batches the next batches are; called if ``is_random``.

        The layer draws random numbers for all rows and uses its part, so that results do not depend
        on how a batch is split.

        Parameters
        ----------
        rows : (int, int) or None
            The first row, and the number of rows of the larger batch; None for whole batches.
        """

    def attach(self) -> None:
        """Set the regularizers and constraints of the weights."""

    def penalized_workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return :meth:`workspace`, with the penalty of the `activity_regularizer` if it has one.

        Models and wrappers call this instead of :meth:`workspace`.
        """
        raise NotImplementedError

    # Derived from the above ------------------------------------------------------------------

    def prepare(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Build the layer for inputs of these shapes, and return the shapes of all outputs.

        Raises
        ------
        ValueError
            If it does not accept them, or was built for others.
        """
        if not self.built:
            with building:
                return self._prepare(shapes)
        return self._prepare(shapes)

    def _prepare(self, shapes: Sequence[Shape]) -> list[Shape]:
        was_built = self.built
        if not was_built:
            self.build(list(shapes) if self.takes_several else shapes[0])
        elif self.parameters and 0 not in self.token_inputs and shapes[0][-1] != self._built_for:
            raise ValueError(
                f"{self.name} was built for {self._built_for} input features; "
                f"the input has shape {shapes[0]}"
            )
        try:
            return self.output_shapes(shapes)
        except BaseException:
            if not was_built:
                self.parameters.clear()
                self.built = False
            raise

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Return the shapes of all outputs for inputs of these shapes."""
        given = list(shapes) if self.takes_several else shapes[0]
        found = self.compute_output_shape(given)
        return [tuple(shape) for shape in (found if isinstance(found, list) else [found])]

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless the layer accepts inputs of these shapes."""
        if self.input_spec is not None:
            is_list = isinstance(self.input_spec, (list, tuple))
            specs = self.input_spec if is_list else [self.input_spec]
            for spec, shape in zip(specs, shapes, strict=False):
                spec.check(self.name, shape)
        if len(shapes) != 1 and not self.takes_several:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes one")
        if 0 in self.token_inputs and len(shapes[0]) != 2:
            raise ValueError(
                f"{self.name} got an input of shape {shapes[0]}; it takes integers straight from "
                "the data, Input((time,)), where time may be None"
            )
