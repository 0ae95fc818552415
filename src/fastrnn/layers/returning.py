"""The outputs of layers that consist of cells or of other recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.wrapper import Wrapper
from fastrnn.settings import boolean


class Returning(Wrapper):
    """A layer that returns every step or the last one, optionally with the final states.

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
        """Return whether the output has a mask: if it is a sequence and the input has one."""
        return masked[0] and self.return_sequences

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        names = ("return_sequences", "return_state", "go_backwards")
        return {**super().get_config(), **{n: True for n in names if getattr(self, n)}}
