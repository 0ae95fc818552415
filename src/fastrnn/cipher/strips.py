"""Pictures along a message, a column a step: the states of a network, and what of a key is kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from fastrnn.cipher.memory import Memory

__all__ = ["Strip", "label", "strips_of"]

#: Units that are drawn at most: those that change the most along the message.
MOST_UNITS = 64

#: Steps whose characters stand at the axes in their usual size.
FEW_STEPS = 60


class Strip(NamedTuple):
    """A picture as wide as the page.

    Attributes
    ----------
    height : float
        In inches.
    draw : callable
        Takes the figure and the axes to draw on.
    """

    height: float
    draw: Callable[[Any, Any], None]


def strips_of(memory: Memory) -> list[Strip]:
    """Return the pictures of what a network keeps along a message.

    Parameters
    ----------
    memory : Memory
        Of one message.

    Returns
    -------
    list of Strip
        Its states and, where it is shown a key, how long the state depends on each letter of it.
    """
    units = min(MOST_UNITS, memory.states.shape[1])
    found = [Strip(1.5 + 0.055 * units, partial(_states, memory))]
    if memory.kept is not None:
        found.append(Strip(1.5 + 0.25 * len(memory.kept), partial(_kept, memory)))
    return found


def label(character: str) -> str:
    """Return what stands for a character beside an axis, where $ would begin a formula."""
    shown = character if character.isprintable() else repr(character)[1:-1]
    return shown.replace("$", r"\$")


def _states(memory: Memory, figure: Any, axes: Any) -> None:
    """Draw the units that change the most, those first that are the first to be far from 0."""
    states = memory.states.astype(np.float64)
    most = np.argsort(-states.std(axis=0), kind="stable")[:MOST_UNITS]
    states = states[:, most]
    order = np.argsort(np.abs(states).argmax(axis=0), kind="stable")
    image = axes.imshow(
        states[:, order].T, aspect="auto", cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest"
    )
    of = f"{len(most)} of {memory.states.shape[1]} units"
    axes.set(ylabel=f"{of}, by the step of their peak", yticks=[])
    axes.set_title("state of the network after every step")
    _steps(axes, memory)
    figure.colorbar(image, ax=axes, label="state, -1 to 1", pad=0.01)


def _kept(memory: Memory, figure: Any, axes: Any) -> None:
    """Draw how far the state would be with another letter in the key."""
    assert memory.kept is not None
    image = axes.imshow(memory.kept, aspect="auto", cmap="viridis", vmin=0, interpolation="nearest")
    letters = [f"{place}: {memory.given[place - 1]}" for place in range(1, len(memory.kept) + 1)]
    axes.set_yticks(range(len(letters)), letters)
    axes.set_ylabel("letter of the key")
    axes.set_title("how far the state would be with another letter there: what is kept of the key")
    _steps(axes, memory)
    figure.colorbar(image, ax=axes, label="root mean square over units", pad=0.01)


def _steps(axes: Any, memory: Memory) -> None:
    """Write what goes in below, what comes out above, and mark where the key ends."""
    size = 9 if len(memory.given) <= FEW_STEPS else 6
    given = ["·" if character == " " else label(character) for character in memory.given]
    axes.set_xticks(range(len(given)), given, fontsize=size)
    what = "key (· where it is shorter), then the text" if memory.key_length else "the text"
    axes.set_xlabel(f"step: {what}")
    above = axes.secondary_xaxis("top")
    above.set_xticks(
        [memory.key_length + place for place in range(len(memory.answer))],
        ["·" if character == " " else label(character) for character in memory.answer],
        fontsize=size,
    )
    above.tick_params(length=0)
    above.set_xlabel("answer of the network")
    if memory.key_length:
        axes.axvline(memory.key_length - 0.5, color="black", lw=1.5)
