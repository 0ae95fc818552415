"""The version of Keras that wrote a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Generation:
    """A version of Keras.

    Attributes
    ----------
    version : str
        The version in the file; empty for Keras 1, which does not write it.
    major, minor : int
    """

    version: str
    major: int
    minor: int

    @property
    def has_new_hard_sigmoid(self) -> bool:
        """Whether ``hard_sigmoid`` is x / 6 + 0.5, and not 0.2 x + 0.5."""
        return self.major >= 3

    @property
    def recurrent_activation(self) -> str:
        """The default recurrent activation of a GRU or LSTM."""
        return "sigmoid" if (self.major, self.minor) >= (2, 3) else "hard_sigmoid"

    @property
    def reset_after(self) -> bool:
        """The default ``reset_after`` of a GRU; older versions have only the other form."""
        return self.major >= 3


def generation_of(version: Any) -> Generation:
    """Return the generation of a version, such as ``"2.2.4-tf"``; without one it is Keras 1."""
    text = version if isinstance(version, str) else ""
    found = re.match(r"(\d{1,4})\.(\d{1,4})", text)
    if found is None:
        found = re.match(r"(\d{1,4})()$", text)
    if found is None:
        return Generation(text, 1, 0)
    return Generation(text, int(found[1]), int(found[2] or 0))
