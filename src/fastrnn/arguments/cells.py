"""The recurrent cells of the functional API: weights, states and caches."""

from __future__ import annotations

from dataclasses import dataclass, field

from .shapes import Form, form


@dataclass(frozen=True)
class Cell:
    """A kind of recurrent cell; everything that differs between cells is derived from it.

    Attributes
    ----------
    name : str
        Prefix of the names of its functions.
    gates : int
        Number of gates whose weights are stacked.
    states : tuple of str
        The states: ``"S"``, and for an LSTM ``"C"``.
    kept : tuple of str
        Further entries of the cache of a step.
    held : tuple of float
        Values of `kept` past the end of a sequence: those of a step that keeps its state.
    options : tuple of str
        Entries of the caches of a sequence after ``X``.
    keeps : (int, int) or None
        Index of the gate that keeps the state, and the sign of a bias that makes it keep more.
    cache : tuple of str
        The entries of the cache of a step.
    step, sequence : Form
        Arguments of a step and of a sequence: inputs, then ``Wx, Ws, bs, bx, Wy, by``.
    step_back : Form
        Arguments of a backward step: gradients, the arrays of a cache, ``Wx, Ws``.
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
        """Copies are the same object."""
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
