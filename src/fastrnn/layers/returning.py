"""What a layer that is put together of steps or of other layers returns of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.wrapper import Wrapper
from fastrnn.settings import boolean


class Returning(Wrapper):
    """A layer that returns every step or the last one, and the last states or not.

    Parameters
    ----------
    return_sequences, return_state, go_backwards : bool
        As of :class:`~fastrnn.layers.RecurrentLayer`.
    **options :
        See :class:`~fastrnn.layers.Layer`.
    """

    supports_masking = True
    reads_sequences = True

    def __init__(
        self, return_sequences: bool, return_state: bool, go_backwards: bool, **options: Any
    ) -> None:
        super().__init__(**options)
        self.return_sequences = boolean("return_sequences", return_sequences)
        self.return_state = boolean("return_state", return_state)
        self.go_backwards = boolean("go_backwards", go_backwards)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask: that of the input, if it is a sequence."""
        return masked[0] and self.return_sequences

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        names = ("return_sequences", "return_state", "go_backwards")
        return {**super().get_config(), **{n: True for n in names if getattr(self, n)}}
