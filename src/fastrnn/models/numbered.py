"""Names of the weights of custom layers, for files that only number them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.description import check
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.names import (
    is_weight,
    numbered,
    prefix_of_numbered,
    slot_name,
    slot_of,
    weight_of,
)
from fastrnn.layers.parameter import Parameter
from fastrnn.models.names import weight_names
from fastrnn.models.network import Network

Array = NDArray[Any]


def named(network: Network, tensors: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return the tensors of a file, with the names of weights where it has numbers.

    Raises
    ------
    CheckpointError
        If a custom layer has another number of weights, or weights of other shapes.
    """
    counts: dict[str, int] = {}
    for name in tensors:
        prefix = prefix_of_numbered(name)
        if prefix is not None:
            counts[prefix] = counts.get(prefix, 0) + 1
    if not counts:
        return tensors
    weights = dict(zip(weight_names(network._graph.layers), network.weights, strict=True))
    names: dict[str, str] = {}
    for prefix, count in counts.items():
        own = sorted(
            (name for name in weights if name.startswith(prefix)),
            key=lambda name: not weights[name].trainable,
        )
        if len(own) != count:
            raise CheckpointError(
                f"the file holds {count} arrays for {prefix.rstrip('/')}, whose class makes "
                f"{len(own)}: {', '.join(own) or 'none'}"
            )
        names.update((prefix + numbered(place), name) for place, name in enumerate(own))
    found: dict[str, Array] = {}
    for title, array in tensors.items():
        name = names.get(title if is_weight(title) else weight_of(title), "")
        if not name:
            found[title] = array
        elif is_weight(title):
            found[name] = array
            check(found, name, weights[name].shape, weights[name].value.dtype)
            found[name] = _in_order(weights[name], array)
        else:
            found[slot_name(slot_of(title), name)] = _in_order(weights[name], array)
    return found


def _in_order(weight: Parameter, array: Array) -> Array:
    """Return an array of Keras with the gates in the order of the core."""
    return weight.from_keras(np.asarray(array))
