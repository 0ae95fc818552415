"""The model that deciphers: a recurrent layer and, at every step, a choice among characters."""

from __future__ import annotations

from fastrnn import layers
from fastrnn.cipher.errors import SettingsError
from fastrnn.models import Model

__all__ = ["CELLS", "build", "check_cell"]

#: The recurrent layers by the names of the command line.
CELLS = {"gru": "GRU", "rnn": "SimpleRNN", "lstm": "LSTM"}


def check_cell(cell: str) -> None:
    """Check that there is a layer for `cell`.

    Parameters
    ----------
    cell : str
        A name in `CELLS`.

    Raises
    ------
    SettingsError
        The name is unknown, or this version has no such layer.
    """
    available = [name for name, layer in CELLS.items() if hasattr(layers, layer)]
    if cell not in available:
        raise SettingsError(
            f"cell: {cell!r}, but it should be one of {', '.join(available)} in this version"
        )


def build(cell: str, units: int, length: int, classes: int) -> Model:
    """Return a new model, with random weights.

    Parameters
    ----------
    cell : str
        A name in `CELLS`.
    units : int
        The size of the recurrent layer's state.
    length : int
        Steps of a sentence.
    classes : int
        Characters to choose from, padding included.

    Returns
    -------
    Model
        From the numbers of cipher characters, (sentences, length, 1), to the probabilities of
        plain characters, (sentences, length, classes).
    """
    recurrent = getattr(layers, CELLS[cell])
    numbers = layers.Input((length, 1))
    states = recurrent(units, return_sequences=True)(numbers)
    logits = layers.TimeDistributed(layers.Dense(classes))(states)
    return Model(numbers, layers.Activation("softmax")(logits))
