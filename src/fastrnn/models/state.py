"""Weights and optimizer of a model as tensors of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.choice import Choice
from fastrnn.formats.description import check, check_names, fill
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.names import is_weight, slot_name, slots_in
from fastrnn.layers.parameter import Parameter
from fastrnn.models.layer_order import listed
from fastrnn.models.names import weight_names
from fastrnn.models.network import Network
from fastrnn.models.training.trainer import Trainer
from fastrnn.optimizers import Optimizer

Array = NDArray[Any]
Tensors = Mapping[str, Array]


def weight_tensors(network: Network) -> dict[str, Array]:
    """Return views of all weights, in their memory layout, by their names in files."""
    return {name: weight.value for name, weight in _weights(network)}


def own_classes(network: Network) -> frozenset[str]:
    """Return the class names of custom layers, also those inside others.

    Not those of classes derived from a layer with gates, whose order Keras's files would not tell.
    """
    found: set[str] = set()
    waiting: list[Any] = list(network._graph.layers)
    while waiting:
        layer = waiting.pop()
        waiting += layer.inner_layers
        kind = type(layer)
        gated = any(parameter.gates is not None for parameter in layer.parameters)
        if not kind.__module__.startswith("fastrnn.") and not gated:
            found.add(kind.__name__)
    return frozenset(found)


def fitting_weights(network: Network, tensors: Tensors, choice: Choice) -> Tensors:
    """Return the tensors of a file that are weights of this model.

    Raises
    ------
    CheckpointError
        If some do not fit, and `choice` does not allow to skip them.
    """
    weights = dict(_weights(network))
    by_layer: dict[str, list[str]] = {name.partition("/")[0]: [] for name in weights}
    for name in [*weights, *(set(tensors) - set(weights))]:
        by_layer.get(name.partition("/")[0], []).append(name)
    known = {name for names in by_layer.values() for name in names}
    extra = sorted(name for name in set(tensors) - known if is_weight(name))
    if choice.skipped is None and not choice.by_name:
        extra = sorted(name for name in set(tensors) - set(weights) if is_weight(name))
    if extra and not choice.by_name:
        raise CheckpointError(
            f"the file holds {', '.join(extra)}, which the model lacks; "
            f"the model has {', '.join(weights)}"
        )
    found: list[str] = []
    for layer, names in by_layer.items():
        is_left = choice.by_name or choice.has_left(layer)
        if is_left and not any(name in tensors for name in names):
            continue
        with choice.leaving(layer):
            for name in names:
                if name not in weights:
                    raise CheckpointError(f"the file holds {name}, which the model lacks")
                check(tensors, name, weights[name].shape, weights[name].value.dtype)
            found += names
    # Access reads a tensor: reading all of them first would need twice the memory.
    return tensors if len(found) == len(weights) else {name: tensors[name] for name in found}


def take_weights(network: Network, tensors: Tensors) -> None:
    """Set the weights from :func:`fitting_weights`; other weights are not changed."""
    for name, weight in _weights(network):
        if name in tensors:
            fill(weight.value, tensors, name)


def slot_tensors(network: Network, optimizer: Optimizer) -> dict[str, Array]:
    """Return the optimizer's slots for each weight, by their names in files.

    They are views. Of a weight that is to be trained, but was not while the others were, they are
    the zeros that it begins with.
    """
    pieces = {weight.key: optimizer.slots_of(weight.key) for weight in network.weights}
    if any(pieces.values()):
        for weight in network.trainable_weights:
            pieces[weight.key] = pieces[weight.key] or dict.fromkeys(
                optimizer.slot_names, np.zeros(weight.value.size, weight.value.dtype)
            )
    return {
        slot_name(slot, name): piece[: weight.value.size].reshape(weight.shape)
        for name, weight in _weights(network)
        for slot, piece in pieces[weight.key].items()
    }


def check_slots(network: Network, optimizer: Optimizer, tensors: Tensors) -> None:
    """Raise ``CheckpointError`` unless a file has the slots of all trained weights.

    It may also have slots of frozen weights that were trained earlier.
    """
    trained = {weight.key for weight in network.trainable_weights}
    known = set()
    for name, weight in _weights(network):
        for slot in optimizer.slot_names:
            title = slot_name(slot, name)
            known.add(title)
            if weight.key in trained or title in tensors:
                check(tensors, title, weight.shape, weight.value.dtype)
    check_names(slots_in(tensors), known, repr(optimizer))


def restore_optimizer(
    network: Network, trainer: Trainer, iterations: int, tensors: Tensors
) -> None:
    """Restore the state of an optimizer from tensors that :func:`check_slots` accepted."""
    optimizer = trainer.optimizer
    optimizer.forget(iterations)
    trainer.look()
    for name, weight in _weights(network):
        titles = {slot: slot_name(slot, name) for slot in optimizer.slot_names}
        found = {slot: title for slot, title in titles.items() if title in tensors}
        pieces = optimizer.slots_of(weight.key)
        if found and not pieces:
            pieces = optimizer.park(weight.key, np.zeros_like(weight.value).reshape(-1))
        for slot, title in found.items():
            view = pieces[slot][: weight.value.size].reshape(weight.shape)
            fill(view, tensors, title)


def iterations_of(compiled: Mapping[str, Any]) -> int:
    """Return the number of optimizer steps that a file states.

    Raises
    ------
    CheckpointError
        If the value is not a count of steps.
    """
    value = compiled.get("iterations")
    is_count = isinstance(value, int) and not isinstance(value, bool)
    if not is_count or not 0 <= value <= 2**53:  # type: ignore[operator]
        raise CheckpointError(f"iterations is {value!r}; it should be a count of steps")
    return int(value)  # type: ignore[arg-type]


def _weights(network: Network) -> Iterator[tuple[str, Parameter]]:
    return zip(weight_names(listed(network._graph)), network.weights, strict=True)
