"""Saving models, in the format of the file extension; files are recognized by their content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fastrnn.formats import OWN, Choice, Description, check_ending, format_for, format_of_file
from fastrnn.formats.names import is_weight

Array = NDArray[Any]


def save(path: str, description: Description) -> None:
    """Write a whole model, in the format of the file extension, or as safetensors."""
    check_ending(path, "write")
    (format_for(path, "write") or OWN).write(path, description)


def save_weights(path: str, description: Description) -> None:
    """Write layers and weights, in the format of the file extension, or as safetensors."""
    check_ending(path, "write_weights")
    found = format_for(path, "write_weights")
    if found is None:
        OWN.write(path, description)
    else:
        found.write_weights(path, description)


def read_weights(path: str, description: Description, choice: Choice) -> Mapping[str, Array]:
    """Return the weights in a file, for the model that is described."""
    found = format_of_file(path)
    if "read_weights" in found.ways:
        return found.read_weights(path, description, choice)
    return found.read(path, keep=is_weight).tensors
