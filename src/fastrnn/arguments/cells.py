"""The recurrent cells as the functional API has them: what each computes with and keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from .shapes import Form, form


@dataclass(frozen=True)
class Cell:
    """One kind of recurrent cell; everything that differs from cell to cell is derived from it.

    Attributes
    ----------
    name : str
        The first word of its functions.
    gates : int
        How many gates the rows of its weights are stacked of.
    states : tuple of str
        What it carries from step to step: ``"S"``, and in an LSTM ``"C"``.
    kept : tuple of str
        What else the cache of a step holds for the backward pass.
    held : tuple of float
        What stands for each of `kept` past the end of a sequence: a step that keeps its state.
    options : tuple of str
        What the caches of a sequence hold behind ``X``.
    keeps : (int, int) or None
        The gate that keeps the state, by its place in the rows, and the sign of a bias by which it
        keeps more of it.
    cache : tuple of str
        The entries of the cache of a step.
    step, sequence : Form
        What one step forward, and a sequence of steps, take: inputs, then ``Wx, Ws, bs, bx, Wy,
        by``.
    step_back : Form
        What one step back takes: gradients, the arrays of a cache, ``Wx, Ws``.
    caches : tuple of str
        The entries of the caches of a sequence.
    """

    name: str
    gates: int
    states: tuple[str, ...]
    kept: tuple[str, ...] = ()
    held: tuple[float, ...] = ()
    options: tuple[str, ...] = ()
    keeps: tuple[int, int] | None = None
    cache: tuple[str, ...] = field(init=False)
    caches: tuple[str, ...] = field(init=False)
    step: Form = field(init=False, repr=False)
    sequence: Form = field(init=False, repr=False)
    step_back: Form = field(init=False, repr=False)

    def __reduce__(self) -> str:
        """There is one of a kind: a copy is the cell itself."""
        return self.name.upper()

    def __post_init__(self) -> None:
        ends = [f"{state}t_{end}" for state in self.states for end in ("next", "prev")]
        cache = (*ends, *self.kept, "Xt", "parameters_dict")
        states = len(self.states)
        parameters = ("Wx", "Ws", "bs", "bx", "Wy", "by")
        before = ("Xt", *(f"{state}t_prev" for state in self.states))
        initial = ("X", *(f"{state}_0" for state in self.states))
        gradients = tuple(f"d{state.lower()}_next" for state in self.states)
        derived = {
            "cache": cache,
            "caches": ("steps", "X", *self.options),
            "step": form((*before, *parameters), self.gates, 1 + states),
            "sequence": form((*initial, *parameters), self.gates, 1 + states),
            "step_back": form((*gradients, *cache[:-1], "Wx", "Ws"), self.gates, states),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)


RNN = Cell("rnn", 1, ("S",))
#: ``Ht`` is None in a GRU without ``reset_after``.
GRU = Cell("gru", 3, ("S",), ("Rt", "Zt", "Nt", "Ht"), (0, 1, 0, 0), ("reset_after",), keeps=(1, 1))
LSTM = Cell("lstm", 4, ("S", "C"), ("It", "Ft", "Gt", "Ot"), (0, 1, 0, 0), keeps=(1, 1))
MGU = Cell("mgu", 2, ("S",), ("Ft", "Nt"), (0, 0), keeps=(0, -1))

#: Every cell, in the order in which tests and tables have them.
CELLS = (RNN, GRU, LSTM, MGU)
