"""What the recurrent layers share: their arguments, their shapes, their state buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import activations, initializers, seeding
from fastrnn._core.memory import aligned_empty, aligned_zeros
from fastrnn._core.recurrence import ACTIVATIONS, Recurrence
from fastrnn._core.stage import Stage
from fastrnn.arguments import as_array
from fastrnn.layers.dropout import (
    DropoutRandom,
    DropoutWorkspace,
    RecurrentDropout,
    rate_of,
)
from fastrnn.layers.layer import Layer, positive
from fastrnn.layers.passing import Reversed
from fastrnn.layers.symbolic import Shape
from fastrnn.settings import boolean
from fastrnn.workspace import Signal, Workspace, empty, zeros

Array = NDArray[Any]


class RecurrentLayer(Layer):
    """Base of the layers that carry a state through time.

    Called on a sequence, and with ``initial_state=`` on states to begin with.

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    activation : str or function, default "tanh"
        Of the candidate for the next state, and of an LSTM's cell: one of "tanh", "sigmoid",
        "relu", "linear", "hard_sigmoid", "hard_sigmoid_keras2" (that of Keras 1 and 2), "softsign",
        "elu", "selu", "softplus", "exponential"; None is linear.
    use_bias : bool, default True
    kernel_initializer, recurrent_initializer, bias_initializer : str or Initializer
        For the kernel (n_x, G·n_s), the recurrent kernel (n_s, G·n_s), and the bias.
    return_sequences : bool, default False
        Whether the output is the state at every step, (batch, time, units), or the last one,
        (batch, units).
    return_state : bool, default False
        Whether a call returns a list: the output, then the last state (two with an LSTM).
    go_backwards : bool, default False
        Whether to read the steps from last to first.  The output then stands in the order in which
        the steps were read.
    stateful : bool, default False
        Whether a batch begins with the states that the one before ended with, sample by sample:
        every batch is of one size then.  :meth:`reset_states` begins anew.
    dropout : float, default 0
        Share of the input's features that a training sets to zero, the same ones at every step of a
        sequence.
    recurrent_dropout : float, default 0
        Share of the state that a training sets to zero where a gate's recurrent product reads it,
        the same units at every step of a sequence, others for each gate.  What carries the state
        on beside the products, as z ⊙ s in a GRU, reads all of it.
    seed : int, optional
        Of the dropout; drawn from :func:`fastrnn.set_seed` if left out.
    name, dtype, input_shape :
        See :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    A step that a mask says is padding leaves the state as it was, and the output at it is that
    state; its gradients are zero.
    """

    #: How many gates the kernels hold side by side, G.
    gates: ClassVar[int] = 1
    #: Which of them stands at each place in Keras's arrays; None: they stand alike.
    keras_gates: ClassVar[tuple[int, ...] | None] = None
    #: How many states it carries: the output, and an LSTM's cell.
    state_count: ClassVar[int] = 1
    supports_masking = True
    reads_sequences = True

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        recurrent_initializer: initializers.Identifier = "orthogonal",
        bias_initializer: initializers.Identifier = "zeros",
        return_sequences: bool = False,
        *,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = positive(self, "units", units)
        self.activation = cell_activation(self, "activation", activation)
        self.use_bias = boolean("use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.return_sequences = boolean("return_sequences", return_sequences)
        self.return_state = boolean("return_state", return_state)
        self.go_backwards = boolean("go_backwards", go_backwards)
        self.stateful = boolean("stateful", stateful)
        self.dropout = rate_of(self, "dropout", dropout)
        self.recurrent_dropout = rate_of(self, "recurrent_dropout", recurrent_dropout)
        self.seed = seeding.checked_seed(seed)
        self.random = DropoutRandom(seed)
        #: Of a stateful layer: what the last batch ended with, each (batch, units); None: zeros.
        self.states: list[Array] | None = None

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (self.gates * self.units,)

    @property
    def first_bias(self) -> initializers.Initializer:
        """What the bias begins with."""
        return self.bias_initializer

    @property
    def is_random(self) -> bool:  # type: ignore[override]
        """Whether a training draws random numbers."""
        return self.dropout > 0 or self.recurrent_dropout > 0

    def get_state(self) -> dict[str, Any]:
        """Return where the random numbers are, and the states of a stateful layer."""
        state: dict[str, Any] = {"random": self.random.state} if self.is_random else {}
        if self.stateful:
            kept = self.states
            state["states"] = None if kept is None else [array.copy() for array in kept]
        return state

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless a state fits the layer."""
        if set(state) != set(self.get_state()):
            raise ValueError(f"it holds {sorted(state)}; it should hold {sorted(self.get_state())}")
        if "random" in state:
            DropoutRandom.check_state(state["random"])
        states = state.get("states")
        if states is None:
            return
        fit = isinstance(states, list) and all(
            isinstance(array, np.ndarray) and array.ndim == 2 and array.shape[1] == self.units
            for array in states
        )
        if not fit or len(states) != self.state_count or len({len(one) for one in states}) != 1:
            raise ValueError(f"there should be {self.state_count} states (batch, {self.units})")

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        if "random" in state:
            self.random.state = state["random"]
        if "states" in state:
            self.states = state["states"]

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Draw from `seed` from now on, or from what the layer's own seed makes of it."""
        self.random.reseed(seed)

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Draw for rows of larger batches, or for whole ones."""
        self.random.rows = rows

    def __call__(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = None,
        initial_state: Any = None,
    ) -> Any:
        """Put this layer behind `inputs`, or compute it on arrays.

        Parameters
        ----------
        inputs : SymbolicTensor or ndarray
            (None, time, features); or a list of it and all initial states.
        mask, training :
            See :class:`~fastrnn.layers.Layer`.
        initial_state : SymbolicTensor or ndarray, or sequence of them, optional
            (None, units), one for each state; zeros if left out.

        Returns
        -------
        SymbolicTensor or ndarray, or list of them
            The output; with ``return_state`` a list of the output and the last states.
        """
        return self._called(inputs, states_of(initial_state), mask, training)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence and, or not, all initial states."""
        check_states(self, shapes[1:], [self.units] * self.state_count)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask: that of the input, if it is a sequence."""
        return masked[0] and self.return_sequences

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return (None, time, units), or (None, units) without ``return_sequences``.

        With ``return_state`` a list: of the output, and (None, units) for every state.
        """
        if len(input_shape) != 3:
            hint = (
                "; the layer before may want return_sequences=True" if len(input_shape) == 2 else ""
            )
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; "
                f"it should be (None, time, features){hint}"
            )
        batch, time, _ = input_shape
        last: Shape = (batch, self.units)
        output: Shape = (batch, time, self.units) if self.return_sequences else last
        return [output, *[last] * self.state_count] if self.return_state else output

    def build(self, input_shape: Shape) -> None:
        """Create kernel, recurrent kernel and bias."""
        n_x, columns = input_shape[-1], self.gates * self.units
        assert n_x is not None
        shapes: dict[str, tuple[tuple[int, ...], initializers.Initializer]] = {
            "kernel": ((n_x, columns), self.kernel_initializer),
            "recurrent_kernel": ((self.units, columns), self.recurrent_initializer),
        }
        if self.use_bias:
            shapes["bias"] = (self.bias_shape, self.first_bias)
        for name, (shape, initializer) in shapes.items():
            self.add_parameter(name, shape, initializer, self.keras_gates)

    def reset_states(self, states: ArrayLike | Sequence[ArrayLike] | None = None) -> None:
        """Let the next batch begin with zeros, or with `states`.

        Parameters
        ----------
        states : array_like of shape (batch, units), or sequence of them, optional
            One for each state.

        Raises
        ------
        ValueError
            If the layer is not stateful, or `states` do not fit.
        """
        if not self.stateful:
            raise ValueError(f"{self.name} keeps no state; give it stateful=True")
        if states is None:
            self.states = None
            return
        title = f"states of {self.name}"
        is_list = isinstance(states, (list, tuple))
        if not is_list or self.state_count == 1:
            whole = as_array(title, states)
            given: Sequence[Any] = [whole] if whole.ndim == 2 else list(whole)
        else:
            given = states  # type: ignore[assignment]
        arrays = [as_array(title, state) for state in given]
        for array in arrays:
            if array.dtype.kind not in "biuf":
                raise TypeError(f"{title} are of type {array.dtype}; they should be real numbers")
        arrays = [np.array(array, self.dtype) for array in arrays]
        shapes = {array.shape for array in arrays}
        if (
            len(arrays) != self.state_count
            or len(shapes) != 1
            or any(len(shape) != 2 or shape[1] != self.units for shape in shapes)
        ):
            raise ValueError(
                f"states of {self.name} have the shapes {[array.shape for array in arrays]}; "
                f"there should be {self.state_count} of shape (batch, {self.units})"
            )
        self.states = arrays

    def stages(self, source: Stage) -> list[Stage]:
        """Return what computes the layer step after step, from zeros as its state.

        The output is the state after each step, with `return_sequences` and without.
        """
        if self.go_backwards or self.return_state:
            option = "go_backwards" if self.go_backwards else "return_state"
            raise ValueError(
                f"{self.name} cannot run in a stream: it has {option}=True, and the last step of "
                "a stream is not known"
            )
        wx, ws = (self.parameter(name).value.T for name in ("kernel", "recurrent_kernel"))
        weights = (wx, ws, *self.columns_of(self._bias_or_zeros()))
        return [self.core().stage(weights, source.streams, source.steps, self.dtype)]

    #: The name of the compiled cell.
    cell: str

    #: What the gates apply; a layer with gates has an argument for it.
    recurrent_activation: activations.Kernel = activations.SIGMOID

    def core(self, recurrent_dropout: bool = False) -> Recurrence:
        """Return the compiled cell that computes this layer."""
        names = self.activation.name, self.recurrent_activation.name
        return Recurrence(self.cell, *names, recurrent_dropout=recurrent_dropout)

    def columns_of(self, bias: Array) -> tuple[Array, ...]:
        """Return a bias, or its gradient, as the core has it: a column (G·units, 1)."""
        return (bias[:, np.newaxis],)

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return RecurrentWorkspace(self, source, training, others)

    def _bias_or_zeros(self) -> Array:
        if self.use_bias:
            return self.parameter("bias").value
        return aligned_zeros(self.bias_shape, self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        config = {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "return_sequences": self.return_sequences,
        }
        # Only what differs: earlier versions read files that use nothing new.
        options = {
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
            "activation": self.activation.name,
            "recurrent_activation": self.recurrent_activation.name,
        }
        defaults = {
            "dropout": 0.0,
            "recurrent_dropout": 0.0,
            "seed": None,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
        }
        return config | {k: v for k, v in options.items() if v != defaults.get(k, False)}


class RecurrentWorkspace(Workspace):
    """States of a recurrent layer, and what its two passes need beside them.

    An LSTM, whose layer says ``state_count = 2``, has its cells in ``carried[1]``, the gradient at
    its last cell in ``dlast[1]``, and leaves the gradient at its first cell in ``d_initial[1]``.

    Attributes
    ----------
    x : ndarray of shape (time, batch, n_x)
        What is read, in the order in which it is read; without features where tokens are.
    tokens_read : ndarray of shape (time, batch), int64, or None
        In place of `x`, where its rows would be one-hot.
    dx : ndarray of shape (time, batch, n_x), or None
        OUT.  Where the gradient of `x` goes; None where it is not wanted.
    steps_mask : ndarray of shape (time, batch), uint8, or None
        Which steps count, as the core wants it.
    carried : list of ndarray of shape (time + 1, batch, units)
        The states: the first row of each is the initial state, the others those after every step.
        `states` is ``carried[0]``, and the output is a view of it.
    ds : ndarray of shape (time, batch, units)
        Gradient at every state.  Without ``return_sequences`` that of all steps but the last is
        zero, and stays so: what comes after writes to the last one only.
    d_initial : ndarray of shape (states, batch, units)
        OUT.  Gradient at the initial states.
    dlast : list of ndarray of shape (batch, units), or None
        Gradient at the last states, from whoever uses them; the first is part of `ds` already.
    """

    def __init__(
        self, layer: RecurrentLayer, source: Signal, training: bool, initial: Sequence[Signal] = ()
    ) -> None:
        self.layer, self.source, self._initial = layer, source, initial
        self._before = _stages(layer, source, training)
        read = self._before[-1] if self._before else source
        self.tokens_read = read.tokens
        # Tokens stand in place of features.
        self.x: Array = (
            read.output if read.tokens is None else np.empty((*read.tokens.shape, 0), layer.dtype)
        )
        self.dx, self.steps_mask = read.doutput, read.mask
        self.steps, self.batch = self.x.shape[:2]
        self.n_x = source.features if read.tokens is None else 0
        self.features = layer.units

        self.core = core = layer.core(training and layer.recurrent_dropout > 0)
        shape = (self.steps, self.batch, layer.units)
        itemsize = np.dtype(layer.dtype).itemsize
        # Zeros, so that the padding between two gates is never read as a stray NaN.
        self._reserve = aligned_zeros(core.reserve_length(*shape, itemsize), layer.dtype)
        arrays = core.views(self._reserve, *shape)
        self.carried = arrays[: layer.state_count]
        self.states = self.carried[0]
        self.output = self.states[1:] if layer.return_sequences else self.states[self.steps]
        if layer.return_sequences:
            self.mask = self.steps_mask

        kernels = (layer.parameter("kernel"), layer.parameter("recurrent_kernel"))
        bias = layer._bias_or_zeros()
        self._weights = (*(kernel.value.T for kernel in kernels), *layer.columns_of(bias))
        sizes = (self.steps, self.batch, self.n_x, layer.units, itemsize)
        lengths = [core.work_length(*sizes, backward=back) for back in (False, training)]
        self._work = aligned_empty(max(lengths), layer.dtype)
        self._drop = None
        if training and layer.recurrent_dropout:
            self._drop = RecurrentDropout(layer, (core.gates, self.batch, layer.units))
        self.dlast: list[Array] | None = None
        if training:
            self.ds = zeros(shape, layer.dtype)
            self.doutput = self.ds if layer.return_sequences else self.ds[self.steps - 1]
            self.d_initial = empty((layer.state_count, self.batch, layer.units), layer.dtype)
            dbias = layer.parameter("bias").gradient if layer.use_bias else np.empty_like(bias)
            self._gradients = (
                *(kernel.gradient.T for kernel in kernels),
                *layer.columns_of(dbias),
            )
        self._outputs: list[Signal] = [self]
        if layer.return_state:
            ends = [_LastState(carried, layer.units, training) for carried in self.carried]
            self._outputs += ends
            if training:
                self.dlast = [end.doutput for end in ends if end.doutput is not None]

    @property
    def outputs(self) -> Sequence[Signal]:
        """The output, and with ``return_state`` the last states."""
        return self._outputs

    def run(self) -> None:
        """Let the core compute the states from `x` and the initial states."""
        self.core.forward(
            self.x,
            self._weights,
            self._reserve,
            work=self._work,
            mask=self.steps_mask,
            tokens=self.tokens_read,
            drop=None if self._drop is None else self._drop.factors,
        )

    def run_back(self) -> None:
        """Let the core compute all gradients from `ds`."""
        # The core turns the gradient at the last cells into that at the first.
        for index in range(1, len(self.d_initial)):
            np.copyto(self.d_initial[index], 0 if self.dlast is None else self.dlast[index])
        self.core.backward(
            self.ds,
            self.x,
            self._weights,
            self._reserve,
            self._gradients,
            self.d_initial,
            dx=self.dx,
            work=self._work,
            mask=self.steps_mask,
            tokens=self.tokens_read,
            drop=None if self._drop is None else self._drop.factors,
        )

    def forward(self, training: bool) -> None:
        """Run from the initial states, whosever they are, and keep the last of a stateful layer."""
        for stage in self._before:
            stage.forward(training)
        if self._drop is not None:
            self._drop.draw(training)
        self._begin()
        self.run()
        if self.layer.stateful:
            self._keep()

    def _begin(self) -> None:
        n = self.features
        if self._initial:
            for carried, signal in zip(self.carried, self._initial, strict=True):
                np.copyto(carried[0, :, :n], signal.output[:, :n])
        elif self.layer.stateful:
            kept = self.layer.states
            for index, carried in enumerate(self.carried):
                if kept is None:
                    carried[0] = 0
                elif len(kept[index]) != self.batch:
                    raise ValueError(
                        f"{self.layer.name} holds the states of {len(kept[index])} samples, and "
                        f"the batch has {self.batch}; a stateful layer wants batches of one size, "
                        "or reset_states() between"
                    )
                else:
                    np.copyto(carried[0, :, :n], kept[index])

    def _keep(self) -> None:
        last = [carried[-1, :, : self.features] for carried in self.carried]
        if self.layer.states is None:
            self.layer.states = [np.empty_like(state) for state in last]
        for kept, state in zip(self.layer.states, last, strict=True):
            np.copyto(kept, state)

    def backward(self) -> None:
        """Run back, with what comes from the last states, to the input and the initial states."""
        if self.dlast is not None:
            self.ds[-1] += self.dlast[0]
        self.run_back()
        if self.dlast is not None:
            # Nobody writes to the gradient of an output that nobody uses.
            self.ds[-1] = 0
        n = self.features
        for signal, gradient in zip(self._initial, self.d_initial, strict=False):
            if signal.doutput is not None:
                np.copyto(signal.doutput[:, :n], gradient[:, :n])
        for stage in reversed(self._before):
            stage.backward()


class _LastState(Signal):
    """The state after the last step; with a mask, after the last that counts."""

    def __init__(self, carried: Array, units: int, training: bool) -> None:
        self.features = units
        self.output = carried[-1]
        if training:
            self.doutput = zeros((*self.output.shape[:-1], units), carried.dtype)


def _stages(layer: RecurrentLayer, source: Signal, training: bool) -> list[Workspace]:
    """Return what the input goes through before the recurrence."""
    stages: list[Workspace] = []
    if layer.dropout and training:
        source = DropoutWorkspace(source, layer.dropout, layer.random, same_every_step=True)
        stages.append(source)
    if layer.go_backwards:
        stages.append(Reversed(source))
    return stages


def states_of(initial_state: Any) -> list[Any]:
    """Return initial states as a list, empty where there are none."""
    if initial_state is None:
        return []
    return list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]


def check_states(layer: Layer, shapes: Sequence[Shape], units: Sequence[int]) -> None:
    """Raise ``ValueError`` unless there are no initial states, or one of each size."""
    if shapes and [shape[1:] for shape in shapes] != [(size,) for size in units]:
        wanted = ", ".join(f"(None, {size})" for size in units)
        raise ValueError(
            f"initial_state of {layer.name} has the shapes {list(shapes)}; it should have {wanted}"
        )


def cell_activation(layer: Layer, argument: str, given: Any) -> activations.Kernel:
    """Return an activation that the core computes, or say which there are."""
    try:
        kernel = activations.get(given)
    except (TypeError, ValueError):
        kernel = None
    if kernel is None or kernel.name not in ACTIVATIONS:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {given!r}; it should be one of "
            f"{', '.join(map(repr, ACTIVATIONS))}"
        )
    return kernel
