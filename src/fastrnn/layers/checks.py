"""Checks of the arguments of layers, and of the shapes of their inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.contract import Contract
from fastrnn.layers.shapes import Shape
from fastrnn.scanning import find
from fastrnn.settings import integer, number
from fastrnn.workspace import Array


def require_rank(layer: Contract, shape: Shape, rank: int, should: str) -> None:
    """Raise ``ValueError`` unless a shape, including the batch, has `rank` axes."""
    if len(shape) != rank:
        raise ValueError(f"{layer.name} got an input of shape {shape}; it should be {should}")


def channels_last(layer: Contract, data_format: Any) -> None:
    """Raise ``ValueError`` unless `data_format` is "channels_last" or None."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"data_format of {type(layer).__name__} is {data_format!r}; it should be "
            "'channels_last': use Permute to move the features to the end"
        )


def axis_of(layer: Contract, axis: Any) -> int:
    """Return an axis as an int; raise ``TypeError`` if it is none."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis of {type(layer).__name__} is {axis!r}; it should be an integer")
    return int(axis)


def positive(layer: Contract, argument: str, value: int) -> int:
    """Return an argument as a positive int; raise an error if it is none."""
    title = f"{argument} of {type(layer).__name__}"
    try:
        return integer(title, value, least=1)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{title} is {value!r}; it should be a positive integer") from None


def not_negative(layer: Contract, argument: str, value: Any) -> float:
    """Return an argument as a float of zero or more; raise an error if it is none."""
    known = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not known or not 0 <= value < np.inf:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {value!r}; it should be 0 or more"
        )
    return float(value)


def share_of_one(layer: Contract, argument: str, value: Any) -> float:
    """Return an argument as a float from 0 to 1; raise an error if it is none."""
    known = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not known or not 0 <= value <= 1:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {value!r}; it should be from 0 to 1"
        )
    return float(value)


def rate_of(layer: Contract, argument: str, rate: Any) -> float:
    """Return a rate as a float from 0 to 1; raise an error if it is none."""
    title = f"{argument} of {type(layer).__name__}"
    try:
        found = number(title, rate)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{title} is {rate!r}; it should be a number from 0 to 1") from None
    if not 0 <= found <= 1:
        raise ValueError(f"{title} is {rate!r}; it should be a number from 0 to 1")
    return found


def check_range(tokens: Array, count: int, argument: str, limit: str) -> None:
    """Raise ``ValueError`` unless all tokens are from 0 to `count` − 1, as `limit` demands."""
    place = find(tokens, lambda part: (part < 0) | (part >= count))
    if place is not None:
        raise ValueError(
            f"{argument} holds the token {tokens[place]} at {list(place)}; {limit} is {count}, "
            f"so tokens should be whole numbers of 0 to {count - 1}"
        )
