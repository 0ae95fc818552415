"""The argument for how often a callback saves or writes."""

from __future__ import annotations

from typing import Any, Literal

from fastrnn.settings import integer

Frequency = Literal["epoch"] | int


def checked(argument: str, value: Any, others: tuple[str, ...] = ()) -> Any:
    """Return `value` if it is ``"epoch"``, one of `others`, or a number of steps of at least 1.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    words = ("epoch", *others)
    if isinstance(value, str) and value in words:
        return value
    try:
        return integer(argument, value, least=1)
    except (TypeError, ValueError):
        raise ValueError(
            f"{argument} is {value!r}; it should be {', '.join(map(repr, words))} or a number of "
            "steps of at least 1"
        ) from None
