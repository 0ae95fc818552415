"""The base of recurrent layers: states, masks, shapes, streaming."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import initializers
from fastrnn._core.stage import Stage
from fastrnn.layers.dropout.random import DropoutRandom
from fastrnn.layers.initial_state import initial_states
from fastrnn.layers.recurrent_weights import RecurrentWeights, cell_activation
from fastrnn.layers.recurrent_workspace import RecurrentWorkspace
from fastrnn.layers.shapes import Shape, one_or_all
from fastrnn.layers.states import check_states, fit, read_states, states_of, wanted
from fastrnn.layers.symbolic import SymbolicTensor
from fastrnn.workspace import Signal, Workspace

Array = NDArray[Any]


class RecurrentLayer(RecurrentWeights):
    """Base of the recurrent layers.

    Called on a sequence, optionally with ``initial_state=``.

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    activation : str or function, default "tanh"
        Of the candidate state, and of the cell of an LSTM: one of "tanh", "sigmoid", "relu",
        "linear", "hard_sigmoid", "hard_sigmoid_keras2" (that of Keras 1 and 2), "softsign", "elu",
        "selu", "softplus", "exponential"; None is linear.
    use_bias : bool, default True
    kernel_initializer, recurrent_initializer, bias_initializer : str or Initializer
        For the kernel (n_x, G·n_s), the recurrent kernel (n_s, G·n_s), and the bias.
    return_sequences : bool, default False
        Whether the output is the state at every step, (batch, time, units), or the last one,
        (batch, units).
    return_state : bool, default False
        Whether a call returns a list: the output, then the last state (two with an LSTM).
    go_backwards : bool, default False
        Whether to process the steps from last to first.  The output is in the order of processing.
    stateful : bool, default False
        Whether each sample of a batch starts from the final state of the same sample in the
        previous batch.  All batches must have the same size.  :meth:`reset_states` resets the
        states.
    dropout : float, default 0
        Fraction of the input features that is set to zero in training, the same ones at every step
        of a sequence.
    recurrent_dropout : float, default 0
        Fraction of the state that is set to zero in training as the input of the recurrent
        products: the same units at every step of a sequence, different ones for each gate.  Other
        uses of the state, such as z ⊙ s in a GRU, are not affected.
    seed : int, optional
        Of the dropout; derived from :func:`fastrnn.set_seed` if left out.
    learn_initial_state : bool, default False
        Whether the initial states are trained weights, the same for all samples, instead of zeros:
        ``initial_state`` and, of an LSTM, ``initial_cell``, each (units,).  They are the last
        weights, and initially zero.  States given to a call, and those of a stateful layer, take
        precedence.
    name, dtype, input_shape :
        See :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    At a masked step the state does not change, the output is that state, and gradients are zero.

    Examples
    --------
    >>> issubclass(GRU, RecurrentLayer)
    True
    """

    supports_masking = True
    reads_sequences = True

    @property
    def sizes(self) -> list[int]:
        """Sizes of the states."""
        return [self.units] * self.state_count

    def get_state(self) -> dict[str, Any]:
        """Return the state of the random generator, and the states of a stateful layer."""
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
        if not fit(states, self.sizes):
            raise ValueError(f"the states should be {wanted(self.sizes)}")

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a state from :meth:`get_state`."""
        if "random" in state:
            self.random.state = state["random"]
        if "states" in state:
            self.states = state["states"]

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Reseed the random numbers, combined with the layer's own seed if it has one."""
        self.random.reseed(seed)

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Set which rows of larger batches the next batches are; None: whole batches."""
        self.random.rows = rows

    def __call__(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = None,
        initial_state: Any = None,
    ) -> Any:
        """Call the layer on symbolic tensors, or compute it on arrays.

        Parameters
        ----------
        inputs : SymbolicTensor or ndarray
            (None, time, features); or a list of the sequence and all initial states.
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
        """Raise ``ValueError`` unless these are a sequence, optionally with all initial states."""
        check_states(self, shapes[1:], self.sizes)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask: if it is a sequence and the input has one."""
        return masked[0] and self.return_sequences

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return (None, time, units), or (None, units) without ``return_sequences``.

        With ``return_state`` a list: the output, then (None, units) for every state.
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

    def reset_states(self, states: ArrayLike | Sequence[ArrayLike] | None = None) -> None:
        """Reset the states to the initial ones, or to `states`.

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
        self.states = read_states(self.name, states, self.sizes, self.dtype)

    reset_state = reset_states

    @property
    def state_size(self) -> int | list[int]:
        """Size of the state; a list if there are several."""
        size: int | list[int] = one_or_all(self.sizes)
        return size

    def get_initial_state(self, batch_size: Any) -> list[Array]:
        """Return states of zeros.

        Parameters
        ----------
        batch_size : int or ndarray
            The number of samples, or the input, as in Keras 2.
        """
        if isinstance(batch_size, SymbolicTensor):
            raise TypeError(f"{self.name} begins with zeros: leave out initial_state")
        samples = np.shape(batch_size)[0] if np.ndim(batch_size) else int(batch_size)
        return [np.zeros((samples, size), self.dtype) for size in self.sizes]

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages that compute the layer in a stream, from its initial state.

        The output is the state after each step, even without `return_sequences`.
        """
        if self.go_backwards or self.return_state:
            option = "go_backwards" if self.go_backwards else "return_state"
            raise ValueError(
                f"{self.name} cannot run in a stream: it has {option}=True, and the last step of "
                "a stream is not known"
            )
        wx, ws = (self.parameter(name).value.T for name in ("kernel", "recurrent_kernel"))
        weights = (wx, ws, *self.columns_of(self.bias_or_zeros()))
        stage = self.core().stage(weights, source.streams, source.steps, self.dtype)
        stage.begin_with([parameter.value for parameter in initial_states(self)])
        return [stage]

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return RecurrentWorkspace(self, source, training, others)


class GatedLayer(RecurrentLayer):
    """Base of the recurrent layers whose gates have a separate activation.

    Parameters
    ----------
    recurrent_activation : str or function, default "sigmoid"
        Of the gates: one of those that `activation` may be.
    units, activation, use_bias, **options :
        See :class:`RecurrentLayer`; `recurrent_activation` is inserted after `activation`.
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        recurrent_initializer: initializers.Identifier = "orthogonal",
        bias_initializer: initializers.Identifier = "zeros",
        return_sequences: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            return_sequences,
            **options,
        )
        self.recurrent_activation = cell_activation(
            self, "recurrent_activation", recurrent_activation
        )
