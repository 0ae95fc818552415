"""How often something is to be done."""

from __future__ import annotations

from typing import Any, Literal

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
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(
            f"{argument} is {value!r}; it should be {', '.join(map(repr, words))} or a number of "
            "steps of at least 1"
        )
    return value
