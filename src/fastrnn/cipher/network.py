"""The model that deciphers: a recurrent layer and, at every step, a choice among characters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import initializers, layers
from fastrnn.models import Model

__all__ = [
    "ANSWER",
    "CELLS",
    "EMBEDDED",
    "GATED",
    "INPUTS",
    "LETTERS",
    "ONE_HOT",
    "SCALAR",
    "answering",
    "build",
    "encoded",
    "input_shape",
    "states_of",
    "weight_shapes",
]

#: The recurrent layers by the names of the command line.
CELLS = {"gru": "GRU", "rnn": "SimpleRNN", "lstm": "LSTM"}

#: How many times as many columns as units their kernels have.
GATES = {"gru": 3, "rnn": 1, "lstm": 4}

#: Those with a gate that keeps the state.
GATED = tuple(cell for cell, columns in GATES.items() if columns > 1)

#: How a character goes in: a feature for each character, its number as one feature, or as many
#: features as `EMBEDDING` says, which are learned.
ONE_HOT, SCALAR, EMBEDDED = INPUTS = ("one-hot", "scalar", "embedding")

EMBEDDING = 32

#: The name of the layer that answers, where there are other outputs.
ANSWER = "answer"

#: Letters that a window may show.
LETTERS = 26

#: Substitutions of a readout: an Enigma's are two of each rotor but the left one, and that one's
#: with the reflector.
STAGES = 5


def build(
    cell: str,
    units: int,
    length: int | None,
    symbols: int,
    classes: int,
    input: str = ONE_HOT,
    forget_bias: float | None = None,
    readout: int | None = None,
    windows: int = 0,
) -> Model:
    """Return a new model, with random weights.

    Parameters
    ----------
    cell : str
        A name in `CELLS`.
    units : int
        The size of the recurrent layer's state.
    length : int or None
        Steps of a sentence; None for sentences of any length, as long as those beside them.
    symbols, classes : int
        Characters that go in, and those to choose from, padding included.
    input : str
        One of `INPUTS`.
    forget_bias : float, optional
        What the bias of the gate that keeps the state begins with; the layer's default where left
        out.
    readout : int, optional
        The size of the layers between state and answer, see `_substituted`; none where 0 or left
        out.
    windows : int
        With `readout`, the windows of the machine whose cipher it is. The states then tell what
        each of them shows, and these layers are given the probabilities of its letters in place of
        the states. A network must tell apart many thousand positions of an Enigma's rotors, and
        learns the substitution of each much sooner by letters than by states.

    Returns
    -------
    Model
        From what `encoded` returns to the probabilities of the characters to choose from,
        (sentences, length, classes), and to those of the letters in each of the windows,
        (sentences, length, `LETTERS`).
    """
    assert readout or not windows, "only a readout is given what windows show"
    numbers = layers.Input(input_shape(length, input))
    features = numbers
    if input == ONE_HOT:
        features = layers.CategoryEncoding(symbols)(numbers)
    elif input == EMBEDDED:
        features = layers.Embedding(symbols, EMBEDDING)(numbers)
    recurrent = getattr(layers, CELLS[cell])
    first: dict[str, Any] = {}
    if forget_bias is not None:
        first = {"bias_initializer": initializers.ForgetBias(forget_bias)}
    if windows and input == ONE_HOT:
        # To count from a letter of the key on, the state has to tell the letters well apart.
        first["kernel_initializer"] = initializers.RandomNormal(stddev=1.0)
    states = recurrent(units, return_sequences=True, **first)(features)
    shown = [_choice(states, LETTERS, f"window_{number + 1}") for number in range(windows)]
    if windows:
        states = layers.Concatenate()(shown) if windows > 1 else shown[0]
    if readout:
        states = _substituted(states, features, readout, windows)
    return Model(numbers, [_choice(states, classes, ANSWER if shown else None), *shown])


def _choice(states: Any, classes: int, name: str | None) -> Any:
    """Return probabilities of so many classes at each step, of a layer with this name."""
    logits = layers.TimeDistributed(layers.Dense(classes))(states)
    return layers.Activation("softmax", name=name)(logits)


def _substituted(states: Any, features: Any, size: int, windows: int) -> Any:
    """Return what the states make of the characters that go in, by several substitutions in turn.

    Each of the `STAGES` multiplies a vector by a projection of the states, so that these choose
    which linear map it undergoes. A rotor machine is such a product of maps, of which each depends
    on a part of the key; a network that adds what states and characters say would have to learn
    all their pairs one by one.
    """
    first = initializers.RandomNormal(stddev=1.0)
    vector = layers.TimeDistributed(layers.Dense(size, kernel_initializer=first))(features)
    # Of windows, as many of the features that go in are 1 as there are windows.
    spread: dict[str, Any] = {}
    if windows:
        spread["kernel_initializer"] = initializers.RandomNormal(stddev=windows**-0.5)
    for _ in range(STAGES):
        chosen = layers.TimeDistributed(layers.Dense(size, **spread))(states)
        product = layers.LayerNormalization(epsilon=1e-5)(layers.Multiply()([chosen, vector]))
        vector = layers.TimeDistributed(layers.Dense(size))(product)
    return vector


def answering(model: Model) -> Model:
    """Return the part of such a model that answers, without its windows: its weights are shared."""
    return model if len(model.outputs) == 1 else Model(model.inputs, model.outputs[0])


def states_of(model: Model) -> Model:
    """Return the part of such a model that ends with the recurrent layer: its weights are shared.

    Its answers are the states after every step, (sentences, length, units).
    """
    source, *inner = model.layers
    assert isinstance(source, layers.InputLayer)
    signal = numbers = layers.Input(source.shape[1:], dtype=source.dtype)
    for layer in inner:
        signal = layer(signal)
        if type(layer).__name__ in CELLS.values():
            break
    return Model(numbers, signal)


def weight_shapes(
    cell: str,
    units: int,
    symbols: int,
    classes: int,
    input: str,
    readout: int | None = None,
    windows: int = 0,
) -> list[tuple[int, ...]]:
    """Return the shapes of what ``get_weights`` returns of such a model, without making one."""
    columns = GATES[cell] * units
    table = [(symbols, EMBEDDING)] if input == EMBEDDED else []
    features = {ONE_HOT: symbols, SCALAR: 1, EMBEDDED: EMBEDDING}[input]
    shapes: list[tuple[int, ...]] = [*table, (features, columns), (units, columns), (columns,)]
    shapes += windows * [(units, LETTERS), (LETTERS,)]
    if readout:
        chosen, normalized = [(windows * LETTERS or units, readout), (readout,)], 2 * [(readout,)]
        dense: list[tuple[int, ...]] = [(readout, readout), (readout,)]
        shapes += [*chosen, (features, readout), (readout,), *normalized]
        shapes += [*(STAGES - 1) * [*chosen, *dense, *normalized], *dense]
    last = readout or units
    return [*shapes, (last, classes), (classes,)]


def input_shape(length: int | None, input: str) -> tuple[int | None, ...]:
    """Return the shape of what goes in for one sentence of `length` steps."""
    return (length, 1) if input == SCALAR else (length,)


def encoded(numbers: NDArray[np.int32], input: str) -> NDArray[Any]:
    """Return the numbers of characters as the model takes them.

    Parameters
    ----------
    numbers : ndarray of int32, shape (sentences, length)
        As `Vocabulary.numbers` returns them.
    input : str
        One of `INPUTS`.

    Returns
    -------
    ndarray of float32, shape (sentences, length, 1), or `numbers` itself
        For a scalar, or for the others.
    """
    return numbers[..., np.newaxis].astype(np.float32) if input == SCALAR else numbers
