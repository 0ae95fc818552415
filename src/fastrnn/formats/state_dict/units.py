"""The modules of PyTorch that a state dictionary has, as far as names and shapes tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastrnn.formats.state_dict.stored import StoredTensor

_RECURRENT = re.compile(
    r"(weight_(?:ih|hh|hr)|bias_(?:ih|hh)|initial_(?:state|cell))(?:_l(\d+))?(_reverse)?"
)
_KINDS = {1: "RNN", 3: "GRU", 4: "LSTM"}
#: How many batches a BatchNorm1d has seen: it changes nothing.
COUNTER = "num_batches_tracked"


@dataclass
class Unit:
    """What goes to one layer: a module, or a layer of a stacked one.

    Attributes
    ----------
    prefix : str
        What stands before the names of the module's tensors; empty for a module alone.
    layer : int or None
        Which layer of a recurrent module it is, None for a cell or another module.
    parts : dict of str to StoredTensor
        ``weight_ih``, ``weight_hh_reverse``, ``weight``, ``bias``...
    names : dict of str to str
        What the state dictionary calls each.
    """

    prefix: str
    layer: int | None
    parts: dict[str, StoredTensor] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The module that it most likely is, for people."""
        shapes = {name: tensor.shape for name, tensor in self.parts.items()}
        weight = shapes.get("weight", ())
        if "weight_hh" in shapes and len(shapes["weight_hh"]) == 2:
            rows, units = shapes["weight_hh"]
            kind = _KINDS.get(rows // units if units and rows % units == 0 else 0, "recurrent")
            if self.layer is None:
                return kind + "Cell"
            return f"bidirectional {kind}" if "weight_hh_reverse" in shapes else kind
        if "running_mean" in shapes:
            return "BatchNorm1d"
        if len(weight) == 2:
            return "Linear" if "bias" in shapes else "Linear or Embedding"
        return {3: "Conv1d", 1: "LayerNorm"}.get(len(weight), "module")

    @property
    def title(self) -> str:
        """What errors call it."""
        name = self.prefix or "the module"
        layer = f" layer {self.layer}" if self.layer is not None else ""
        shapes = ", ".join(f"{name} {tensor.shape}" for name, tensor in self.parts.items())
        return f"{name}{layer} ({self.kind}: {shapes})"

    @property
    def stem(self) -> str:
        """The name with its numbers left out, for modules that are told apart by them alone."""
        return re.sub(r"\d+", "#", self.prefix)

    @property
    def natural(self) -> tuple[object, ...]:
        """Sorts "2" before "10", and the layers of a module by their numbers."""
        words = re.split(r"(\d+)", self.prefix)
        return (*((int(w), "") if w.isdigit() else (-1, w) for w in words), (self.layer or 0, ""))


def units_of(names: Iterable[str], tensors: dict[str, StoredTensor]) -> list[Unit]:
    """Return the modules in the order in which they are first named.

    Parameters
    ----------
    names : iterable of str
    tensors : dict of str to StoredTensor
    """
    found: dict[tuple[str, int | None], Unit] = {}
    for name in names:
        prefix, _, last = name.rpartition(".")
        match = _RECURRENT.fullmatch(last)
        layer, part = None, last
        if match is not None:
            part, number, reverse = match.groups()
            layer = None if number is None else int(number)
            part += reverse or ""
        unit = found.setdefault((prefix, layer), Unit(prefix, layer))
        unit.parts[part] = tensors[name]
        unit.names[part] = name
    # The layers of a module stand behind one another, whatever order their names had.
    order = {prefix: place for place, (prefix, _) in reversed([*enumerate(found)])}
    return sorted(found.values(), key=lambda unit: (order[unit.prefix], unit.layer or 0))
