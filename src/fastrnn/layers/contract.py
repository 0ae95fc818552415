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
    """Return a `build` that creates the weights at its first call, all of them or none."""

    @functools.wraps(create)
    def build(self: Contract, input_shape: Any) -> None:
        with building:
            if self.built:
                return
            if self._is_building:  # by way of super().build(...)
                create(self, input_shape)
            else:
                _build(self, create, input_shape)

    return build


def _build(self: Contract, create: Callable[[Any, Any], None], input_shape: Any) -> None:
    for shape in input_shape if self.takes_several else [input_shape]:
        if 0 not in self.token_inputs and (len(shape) < 2 or shape[-1] is None):
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
    """What a kind of layer defines; :class:`~fastrnn.layers.Layer` documents the whole.

    All of it has a default, here or in :class:`~fastrnn.layers.computed.Computed`.  A layer that is
    written in NumPy defines :meth:`call` and :meth:`backward`, and the package does the rest; one
    that is compiled defines :meth:`workspace` in their place.
    """

    #: Keras's arguments without an effect on what fastrnn computes, at their defaults.
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
        "renorm": ((False,), "batches are normalized by their own mean and variance"),
        "renorm_clipping": ((None,), "there is no renormalization"),
        "renorm_momentum": ((0.99,), "there is no renormalization"),
        "synchronized": ((False,), "every process normalizes its own rows"),
    }

    # What Layer has.
    parameters: list[Parameter]
    built: bool
    stored: Callable[[str, tuple[int, ...]], Array] | None
    _is_building: bool
    _built_for: int | None
    _rng: np.random.Generator | None
    _first_weights: Sequence[Any] | None = None
    activity_regularizer: Regularizer | None = None

    #: Whether it draws weights of its own; not where they are those of a layer inside.
    draws_weights: ClassVar[bool] = True

    #: Which of the things it is called on are integers, (None, time), straight from the data.
    token_inputs: tuple[int, ...] = ()
    #: How many tokens it knows: they are 0 to ``token_count - 1``.
    token_count: int = 0
    #: Whether what it reads is (None, time, features), and not (None, features).
    reads_sequences: ClassVar[bool] = False
    #: What the inputs should be: an :class:`~fastrnn.layers.InputSpec`, or a list of them.
    input_spec: Any = None
    #: Whether it is called on a list; `build`, `call` and the others get lists then.
    takes_several: bool = False
    #: Whether it knows what to do with a mask; if not, the mask ends here, with a warning.
    supports_masking: bool = False
    #: Whether it does the same to the features of every step: `TimeDistributed` changes nothing.
    is_per_step: bool = False
    #: Whether a training's answer to a sample depends on the others of its batch, which several
    #: processes would have to share.
    couples_samples: bool = False
    #: What to do where its gradient cannot be found.
    gradient_advice: ClassVar[str] = "define backward(self, gradient), which says it"
    #: Whether a training draws random numbers; see :meth:`reseed`.
    is_random: bool = False
    #: Whether a batch begins with what the one before ended with.
    stateful: bool = False

    @property
    def name(self) -> str:
        """Name of the layer."""
        raise NotImplementedError

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace all weights."""
        raise NotImplementedError

    @property
    def stem(self) -> str:
        """What the name begins with where it is made up."""
        raise NotImplementedError

    @property
    def inner_layers(self) -> tuple[Contract, ...]:
        """The layers inside this one."""
        raise NotImplementedError

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The weights that trainings change."""
        raise NotImplementedError

    @property
    def kind(self) -> str:
        """What tables call it: its class."""
        return type(self).__name__

    @property
    def dtype(self) -> np.dtype:
        """What the layer computes in."""
        raise NotImplementedError

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "compute_mask" in cls.__dict__ and "supports_masking" not in cls.__dict__:
            cls.supports_masking = True
        if "build" in cls.__dict__:
            cls.build = _once(cls.__dict__["build"])  # type: ignore[method-assign]

    @_once
    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs of `input_shape`, (None, time, features); once only.

        A layer with weights calls :meth:`add_weight` here for each.
        """

    def call(self, inputs: Any, *others: Any, **named: Any) -> Any:
        """Return what the layer computes.

        Parameters
        ----------
        inputs : ndarray of shape (batch, time, ..., features) or (batch, features)
            Cannot be written.  A list of them with ``takes_several``.
        training : bool
            Whether this is a step of a training.  This and the following arguments are for those
            who name them in their signature.
        mask : ndarray of shape (batch, time), bool, or None
            Which steps count.
        kept : dict
            For what :meth:`backward` and :meth:`update` want to know of this call.  Nothing else
            may be kept: a model may run in many threads at once.

        Returns
        -------
        ndarray, or list of ndarray
        """
        raise NotImplementedError(f"{type(self).__name__} defines neither call nor workspace")

    def backward(self, gradient: Any, *others: Any, **named: Any) -> Any:
        """Return the gradient of the loss at the inputs, and fill that of each weight.

        Parameters
        ----------
        gradient : ndarray
            Of the loss at the output, in its shape.  A list for several outputs.
        inputs, output, mask, kept :
            What `call` was given and returned, for those who name them in their signature.

        Returns
        -------
        ndarray in the shape of the input, or list of ndarray
            A list with ``takes_several``.  Gradients of weights go to ``weight.gradient``, which is
            zero before.

        Notes
        -----
        A layer without it is differentiated operation by operation, if `call` is made of NumPy's or
        of :mod:`fastrnn.backend`'s: correct, and slower than what is written by hand.
        """
        raise TypeError(f"{self.name} has no gradient: it defines neither call nor backward")

    @property
    def differentiates_itself(self) -> bool:
        """Whether :meth:`backward` says what the gradients are."""
        return type(self).backward is not Contract.backward

    def update(self, kept: dict[str, Any]) -> None:
        """End a training step: change what no gradient trains, such as moving means.

        `kept` is what :meth:`call` left.  Not called where the step was given up.
        """

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape, batch first, that comes out for `input_shape`; a list if several do.

        If it is not defined, `call` is tried on ones.
        """
        raise NotImplementedError

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return which steps of the output count, (batch, time), by those of the input.

        Asked only where :meth:`carries_mask` says that there is a mask.
        """
        return previous_mask

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask, by which of the inputs have one."""
        return self.supports_masking and any(masked)

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

    def stages_of(self, sources: list[Stage]) -> list[Stage]:
        """Return what computes the layer in a stream, on all that it is called on."""
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
        raise NotImplementedError

    def check_tokens(self, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless all of the integers (samples, time) are what it can take.

        `argument` is what the error calls them.  Only asked of layers that take tokens.
        """

    def check_tokens_at(self, place: int, tokens: Array, argument: str) -> None:
        """Do the same for one of several inputs."""
        self.check_tokens(tokens, argument)

    def reset_states(self) -> None:
        """Reset the states before the next batch; called only for layers with ``stateful``."""

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

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless :meth:`set_state` can take a state; nothing changes."""
        if state and type(self).get_state is Contract.get_state:
            raise ValueError(f"it holds {sorted(state)}; there is nothing to remember")

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

    def attach(self) -> None:
        """Give the weights regularizers and constraints; see :class:`~fastrnn.layers.Layer`."""

    def penalized_workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return :meth:`workspace`, with the penalty of the `activity_regularizer` if it has one.

        Whatever places a layer in a model calls this.
        """
        raise NotImplementedError

    # What follows from that ------------------------------------------------------------------

    def prepare(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Return the shapes of all outputs for inputs of these shapes; build the layer for them.

        Raises
        ------
        ValueError
            If it cannot take them, or was built for others.
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
        """Raise ``ValueError`` unless the layer can take inputs of these shapes."""
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
