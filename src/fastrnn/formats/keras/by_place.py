"""The HDF5 layout of weights of Keras 3: ``layers/lstm/cell/vars/0``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.choice import WHOLE, Choice
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arrays import to_core, to_keras
from fastrnn.formats.keras.sources import Source, all_leaves, leaves, number_own, placed
from fastrnn.formats.keras.store import Group

Array = NDArray[Any]

#: The name of the folder of layers in the first versions of this layout.
_OLD_FOLDER = "_layer_checkpoint_dependencies"
#: Folders of a file without weights.
_BESIDE = ("optimizer/", "metrics/", "compile_metrics/", "_metrics/")


def is_by_place(root: Group) -> bool:
    """Return whether a file has this layout."""
    return root.has("layers") or root.has(_OLD_FOLDER)


def read_weights(
    root: Group, sources: Sequence[Source], choice: Choice = WHOLE
) -> dict[str, Array]:
    """Return the weights of the layers by their names here.

    Raises
    ------
    CheckpointError
        If there are missing or superfluous arrays.
    """
    if choice.by_name:
        raise CheckpointError(
            "by_name is True, and the file has no names of layers, only their classes and counts; "
            "leave it out, or save the weights as .h5 or in fastrnn's own format"
        )
    found: dict[str, Array] = {}
    read: set[str] = set()
    old = not root.has("layers")
    for leaf in all_leaves(sources):
        place = leaf.place
        if old:
            place = "/".join(_OLD_FOLDER if w == "layers" else w for w in place.split("/"))
        with choice.leaving(leaf.source.keras_name):
            arrays = [root.array(path) for path in variables(root, place)]
            read.update(variables(root, place))
            number_own(leaf, len(arrays))
            found.update(to_core(leaf, arrays))
    extra = [
        path
        for path in root.arrays()
        if path not in read and not path.startswith(_BESIDE) and not is_seed(path)
    ]
    if extra:
        raise CheckpointError(f"the file holds {', '.join(extra)}, which the model lacks")
    return found


def is_seed(path: str) -> bool:
    """Return whether an array is the random state of a layer, which is not read.

    Keras's Dropout stores it with its weights.
    """
    return "seed_generator" in path.split("/")


def variables(root: Group, place: str) -> list[str]:
    """Return the paths of the numbered arrays in a folder, in order."""
    folder = f"{place}/vars"
    if not root.has(folder):
        return []
    names = root.group(folder).names()
    if sorted(names) != sorted(map(str, range(len(names)))):
        raise CheckpointError(f"the group {folder} holds {names}; it should hold numbers")
    return [f"{folder}/{number}" for number in range(len(names))]


def write_weights(root: Any, sources: Sequence[Source], tensors: Mapping[str, Array]) -> None:
    """Write the weights of the layers.

    Parameters
    ----------
    root : h5py.Group
    sources : sequence of Source
    tensors : mapping of str to ndarray
        By their names here.
    """
    root.create_group("vars")
    for source, place in placed(sources, "layers"):
        _named_group(root, place, source.keras_name)
        for leaf in leaves(source, place):
            group = _named_group(root, leaf.place, leaf.source.keras_name)
            for number, array in enumerate(to_keras(leaf, tensors)):
                group.create_dataset(str(number), data=np.asarray(array, order="C"))


def _named_group(root: Any, place: str, name: str) -> Any:
    group = root.require_group(f"{place}/vars")
    group.attrs["name"] = name
    return group


def write_variables(root: Any, place: str, name: str, arrays: Sequence[Array]) -> None:
    """Write numbered arrays to a folder."""
    group = _named_group(root, place, name)
    for number, array in enumerate(arrays):
        group.create_dataset(str(number), data=array)
