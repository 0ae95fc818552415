"""The HDF5 layout of weights of Keras 1 and 2: a group for each layer, with a list of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.choice import WHOLE, Choice
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arrays import GATES, to_core, to_keras
from fastrnn.formats.keras.sources import Leaf, Source, leaves, number_own, own_weights
from fastrnn.formats.keras.store import Group

Array = NDArray[Any]

#: The group of a model's own arrays.
TOP = "top_level_model_weights"
#: Maximum size in bytes of an attribute.
MOST_NAMES = 64512

_KNOWN = {"kernel", "recurrent_kernel", "bias", "embeddings", "gamma", "beta"}
_KNOWN |= {"moving_mean", "moving_variance"}


def is_by_name(root: Group) -> bool:
    """Return whether a group has this layout."""
    return root.texts("layer_names") is not None


def read_weights(
    root: Group, sources: Sequence[Source], choice: Choice = WHOLE
) -> dict[str, Array]:
    """Return the weights of the layers by their names here.

    Parameters
    ----------
    root : Group
    sources : sequence of Source
    choice : Choice
        Whether to find groups by the names of the layers, and ignore missing ones; otherwise,
        groups with weights are assigned to layers with weights in order.

    Raises
    ------
    CheckpointError
        If the number of layers with weights, or of arrays of a layer, differs from the model's.
    """
    names = [name for name in root.texts("layer_names") or [] if name != TOP]
    groups = {name: _names_in(root.group(name)) for name in names}
    filled = [name for name, arrays in groups.items() if arrays]
    for source in sources:
        _number(source, len(groups.get(source.keras_name, ())))
    having = [s for s in sources if any(leaf.names for leaf in leaves(s, ""))]
    if choice.by_name:
        pairs = [(s, s.keras_name) for s in having if s.keras_name in filled]
    elif {source.keras_name for source in having} == set(filled):
        pairs = [(source, source.keras_name) for source in having]
    elif len(filled) != len(having):
        raise CheckpointError(
            f"the file has weights of {len(filled)} layers: {', '.join(filled)}; the model has "
            f"{len(having)}: {', '.join(source.keras_name for source in having)}"
        )
    else:
        pairs = list(zip(having, filled, strict=True))
    found: dict[str, Array] = {}
    for source, name in pairs:
        with choice.leaving(source.keras_name):
            found.update(_read_layer(root.group(name), source, groups[name]))
    return found


def _number(source: Source, count: int) -> None:
    """Let numbers stand for the weights of custom layers in a group of so many arrays."""
    all_of = list(leaves(source, ""))
    nameless = [leaf for leaf in all_of if leaf.source.weights == []]
    rest = count - sum(len(leaf.names) for leaf in all_of)
    for leaf in nameless:  # several are the directions of one layer
        number_own(leaf, rest // len(nameless))


def _names_in(group: Group) -> list[str]:
    names = group.texts("weight_names")
    if names is None:
        raise CheckpointError(f"the group {group.path} has no list of weight_names")
    return names


def order_of(source: Source) -> list[tuple[Leaf, int]]:
    """Return the arrays of a layer in the order of these files, with trainable ones first.

    Each is a layer, and the name of its weight.
    """
    found = [
        (leaf, place, leaf.is_trained(name))
        for leaf in leaves(source, "")
        for place, name in enumerate(own_weights(leaf.source))
    ]
    if source.trainable:
        found.sort(key=lambda one: not one[2])
    return [(leaf, place) for leaf, place, _ in found]


def _read_layer(group: Group, source: Source, names: list[str]) -> dict[str, Array]:
    arrays = [group.array(name) for name in names]
    order, all_of = order_of(source), list(leaves(source, ""))
    if len(arrays) != len(order):
        return _of_keras_1(source, all_of, arrays)
    for (leaf, place), name in zip(order, names, strict=True):
        written = name.split(":")[0].rpartition("/")[2]
        wanted = own_weights(leaf.source)[place]
        if leaf.source.weights is None and written in _KNOWN and written != wanted:
            raise CheckpointError(
                f"layer {source.keras_name!r}: the file has {name!r} where {wanted} should be"
            )
    split: dict[str, list[Array]] = {
        leaf.prefix: [np.empty(0)] * len(own_weights(leaf.source)) for leaf in all_of
    }
    for (leaf, place), array in zip(order, arrays, strict=True):
        split[leaf.prefix][place] = array
    return {k: v for leaf in all_of for k, v in to_core(leaf, split[leaf.prefix]).items()}


def _of_keras_1(source: Source, all_of: list[Leaf], arrays: list[Array]) -> dict[str, Array]:
    """Return weights with separate gates; those of both directions follow one another."""
    counts = [3 * GATES[leaf.source.ours] if leaf.source.ours in GATES else 0 for leaf in all_of]
    if 0 in counts or sum(counts) != len(arrays):
        expected = [name for leaf in all_of for name in leaf.names]
        raise CheckpointError(
            f"layer {source.keras_name!r}: the file has {len(arrays)} arrays; it should have "
            f"{len(expected)}: {', '.join(expected)}"
        )
    found: dict[str, Array] = {}
    for leaf, count in zip(all_of, counts, strict=True):
        found.update(to_core(leaf, arrays[:count]))
        arrays = arrays[count:]
    return found


def check_nothing_left(root: Group) -> None:
    """Raise an error if groups have arrays that are not in their lists of names."""
    names = root.texts("layer_names") or []
    known = {
        f"{name}/{one}"
        for name in [*names, *([TOP] if root.has(TOP) else [])]
        if root.has(name)
        for one in root.group(name).texts("weight_names") or []
    }
    extra = sorted(set(root.arrays()) - {path.replace("//", "/") for path in known})
    if extra:
        raise CheckpointError(f"the file holds {', '.join(extra)}, which no list of names has")


def write_weights(
    root: Any,
    names: Sequence[str],
    sources: Sequence[Source],
    tensors: Mapping[str, Array],
    version: str,
) -> None:
    """Write the weights of the layers.

    Parameters
    ----------
    root : h5py.Group
    names : sequence of str
        Of all layers in Keras's order, those of inputs too.
    sources : sequence of Source
    tensors : mapping of str to ndarray
        By their names here.
    version : str
        Of Keras.
    """
    write_names(root, "layer_names", names)
    root.attrs["backend"], root.attrs["keras_version"] = b"tensorflow", version.encode()
    by_name = {source.keras_name: source for source in sources}
    for name in sorted(names):
        group = root.create_group(name)
        titles: list[str] = []
        if name in by_name:
            kept = {leaf.prefix: to_keras(leaf, tensors) for leaf in leaves(by_name[name], "")}
            for leaf, place in order_of(by_name[name]):
                title = f"{leaf.path}/{own_weights(leaf.source)[place]}:0"
                titles.append(title)
                group.create_dataset(title, data=np.asarray(kept[leaf.prefix][place], order="C"))
        write_names(group, "weight_names", titles)


def write_names(group: Any, attribute: str, names: Sequence[str]) -> None:
    """Write a list of names as an attribute, split into several if it is too long."""
    data = np.asarray([name.encode() for name in names]) if names else np.empty(0, "S1")
    count = 1
    while any(part.nbytes > MOST_NAMES for part in np.array_split(data, count)):
        count += 1
    if count == 1:
        group.attrs[attribute] = data
    else:
        for number, part in enumerate(np.array_split(data, count)):
            group.attrs[f"{attribute}{number}"] = part
