"""The slots of an optimizer, in the order of Keras's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arrays import to_core, to_keras
from fastrnn.formats.keras.sources import Leaf, Source, all_leaves, own_weights
from fastrnn.formats.names import slot_name

Array = NDArray[Any]


_OTHERS = {
    "Adagrad": ["accumulator"],
    "Adadelta": ["accumulated_grad", "accumulated_delta"],
    "Adamax": ["m", "u"],
    "Lion": ["m"],
}


def slots_of(optimizer: Mapping[str, Any]) -> list[list[str]]:
    """Return fastrnn's names of the slots, as Keras orders them.

    Slots in one list are adjacent for each weight; the lists follow one another.
    """
    name, config = optimizer["class_name"], optimizer["config"]
    if name in ("Adam", "AdamW", "Nadam"):
        return [["m", "v"]] + [["v_hat"]] * bool(config.get("amsgrad"))
    if name == "RMSprop":
        found = [["velocity"]]
        found += [["momentum"]] * bool(config.get("momentum"))
        return found + [["average_gradient"]] * bool(config.get("centered"))
    if name in _OTHERS:
        return [_OTHERS[name]]
    return [["velocity"]] if config.get("momentum") else []


class _Trained:
    """The trainable weights, in Keras's order."""

    def __init__(self, sources: Sequence[Source], trainable: bool, by_name: bool = False) -> None:
        self.leaves = all_leaves(sources, trainable)
        #: For each: the layer, the weight, and its name here.
        self.weights: list[tuple[Leaf, int, str]] = [
            (leaf, place, leaf.prefix + name)
            for leaf in self.leaves
            for place, name in enumerate(own_weights(leaf.source))
            if leaf.is_trained(name)
        ]
        if by_name:
            self.weights.sort(key=lambda one: f"{one[0].path}/{own_weights(one[0].source)[one[1]]}")


def read_slots(
    arrays: Sequence[Array],
    optimizer: Mapping[str, Any],
    model: tuple[Sequence[Source], bool],
    weights: Mapping[str, Array],
    side_by_side: bool,
    by_name: bool = False,
) -> tuple[int, dict[str, Array]]:
    """Return the count of steps, and the slots by their names here.

    Parameters
    ----------
    arrays : sequence of ndarray
        The arrays of the file: the count of steps, in newer files the rate, then the slots.
    optimizer : mapping
    model : (sequence of Source, bool)
        The layers, and whether the model is trainable.
    weights : mapping of str to ndarray
        The weights of the model, for their shapes.
    side_by_side : bool
        Whether the slots of a weight are adjacent; in older files, the first slots of all weights
        precede the second ones.
    by_name : bool
        Whether the weights are sorted by their names in the file, as in Keras 2.0.

    Raises
    ------
    CheckpointError
        If they do not fit the optimizer and the weights.
    """
    rest = list(arrays)
    scalars: list[Array] = []
    while rest and rest[0].ndim == 0 and len(scalars) < 2:
        scalars.append(rest.pop(0))
    steps = int(scalars[0]) if scalars else 0
    wanted = slots_of(optimizer)
    if wanted and not rest:
        return 0, {}  # it has made no step
    if not side_by_side:
        wanted = [[name] for group in wanted for name in group]
    found: dict[str, dict[str, Array]] = {}
    _tell_untrained(model, len(rest) // max(1, sum(map(len, wanted))))
    trained = _Trained(*model, by_name)
    count = len(trained.weights)
    for group in wanted:
        if len(rest) < count * len(group):
            raise CheckpointError(
                f"it has {len(arrays)} arrays, too few for {optimizer['class_name']} and "
                f"{count} weights"
            )
        for number, (_, _, name) in enumerate(trained.weights):
            for place, slot in enumerate(group):
                found.setdefault(slot, {})[name] = rest[number * len(group) + place]
        rest = rest[count * len(group) :]
    # Old versions of Adam have a slot with one number for unused slots, SGD for its momentum.
    unused = all(array.size == 1 for array in rest) or (
        optimizer["class_name"] == "SGD" and len(rest) == count
    )
    if rest and not unused:
        raise CheckpointError(f"it has {len(rest)} arrays too many")
    tensors: dict[str, Array] = {}
    for slot, arrays_of in found.items():
        tensors |= _slot_to_core(trained, slot, arrays_of, weights)
    return steps, tensors


def _tell_untrained(model: tuple[Sequence[Source], bool], count: int) -> None:
    """Let the last weights of a custom layer be untrained, if a file has slots of `count` weights.

    A file does not tell which they are; with several custom layers that stays open.
    """
    trained = _Trained(*model)
    own = [leaf for leaf in trained.leaves if leaf.source.weights and leaf.trainable]
    extra = len(trained.weights) - count
    if len(own) == 1 and 0 < extra < len(own[0].names):
        source = own[0].source
        assert source.weights is not None
        source.untrained = source.untrained or frozenset(source.weights[-extra:])


def _slot_to_core(
    trained: _Trained, slot: str, found: Mapping[str, Array], weights: Mapping[str, Array]
) -> dict[str, Array]:
    tensors: dict[str, Array] = {}
    for leaf in trained.leaves:
        names = leaf.names
        if not any(name in found for name in names):
            continue
        given = [found.get(name, np.zeros_like(weights[name])) for name in names]
        for name, array in to_core(leaf, given).items():
            if name not in found:
                continue
            if array.shape != weights[name].shape:
                raise CheckpointError(
                    f"the {slot} of {name} has shape {array.shape}; it should be "
                    f"{weights[name].shape}"
                )
            tensors[slot_name(slot, name)] = array.astype(weights[name].dtype)
    return tensors


def written_slots(
    optimizer: Mapping[str, Any],
    model: tuple[Sequence[Source], bool],
    tensors: Mapping[str, Array],
    side_by_side: bool,
) -> list[tuple[str, Array]]:
    """Return the slots in one of the orders of :func:`read_slots`, each with a name."""
    trained = _Trained(*model)
    wanted = slots_of(optimizer)
    if not side_by_side:
        wanted = [[name] for group in wanted for name in group]
    if not wanted or not trained.weights:
        return []
    if any(slot_name(wanted[0][0], name) not in tensors for _, _, name in trained.weights):
        return []
    kept: dict[tuple[str, str], Array] = {}
    for slot in (slot for group in wanted for slot in group):
        for leaf in trained.leaves:
            given = {
                name: np.asarray(tensors.get(slot_name(slot, name), tensors[name]))
                for name in leaf.names
            }
            for name, array in zip(leaf.names, to_keras(leaf, given), strict=True):
                kept[slot, name] = array
    return [
        (f"{name}/{slot}", kept[slot, name])
        for group in wanted
        for _, _, name in trained.weights
        for slot in group
    ]
