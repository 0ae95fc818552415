"""Reading untrusted JSON files, and arrays in them."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError

Array = NDArray[Any]

#: Maximum number of dimensions of an array.
MOST_DIMENSIONS = 8


def read_object(path: str) -> dict[str, Any]:
    """Return the JSON object that a file holds.

    Raises
    ------
    OSError
        As :func:`open` does.
    CheckpointError
        If it is not JSON (NaN and infinity are not allowed), has a duplicate name, or is not an
        object.
    """
    with open(path, "rb") as file:
        content = file.read(os.fstat(file.fileno()).st_size)
    return parse_object(content, path)


def parse_object(content: bytes, path: str) -> dict[str, Any]:
    """Return the JSON object that is the content of a file; see :func:`read_object`."""
    try:
        found = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise CheckpointError(f"{path} is not JSON that can be read: {words}") from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} holds a JSON {type(found).__name__}; it should be an object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def array_of(value: Any, title: str) -> Array:
    """Return nested lists of numbers as an array of float64.

    Parameters
    ----------
    value : number or list
    title : str
        What errors call it.

    Raises
    ------
    CheckpointError
        If it contains anything but finite numbers, or lists of different lengths.
    """
    shape: list[int] = []
    level: list[Any] = [value]
    while level and isinstance(level[0], list):
        length = len(level[0])
        if any(not isinstance(part, list) or len(part) != length for part in level):
            raise CheckpointError(f"{title} has lists of different lengths, which are no array")
        shape.append(length)
        if len(shape) > MOST_DIMENSIONS:
            raise CheckpointError(f"{title} has more than {MOST_DIMENSIONS} dimensions")
        level = [item for part in level for item in part]
    for item in level:
        if isinstance(item, bool) or not isinstance(item, (int, float)):
            raise CheckpointError(f"{title} holds {str(item)[:40]!r}, which is no number")
    try:
        found = np.array(level, np.float64)
    except OverflowError as error:
        raise CheckpointError(f"{title} holds a number that is too large") from error
    if not np.isfinite(found).all():
        raise CheckpointError(f"{title} holds a number that is too large")
    return found.reshape(shape)
