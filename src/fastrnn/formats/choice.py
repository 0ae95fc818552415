"""Which weights of a file are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastrnn.formats.errors import CheckpointError


@dataclass(frozen=True)
class Choice:
    """What ``load_weights`` was asked for.

    Attributes
    ----------
    by_name : bool
        Whether layers that the file lacks may stay as they are, and the file may have others.
    skipped : list of str, or None
        Takes a sentence for every layer that does not fit, and so stays as it is; None: such a
        layer is an error.
    """

    by_name: bool = False
    skipped: list[str] | None = None

    @contextmanager
    def leaving(self, layer: str) -> Iterator[None]:
        """Leave a layer as it is, if that was asked for, where reading its weights fails."""
        try:
            yield
        except CheckpointError as error:
            if self.skipped is None:
                raise
            self.skipped.append(f"{layer}, since {error}")

    def has_left(self, layer: str) -> bool:
        """Return whether a layer has been left."""
        return any(one.startswith(f"{layer},") for one in self.skipped or ())


#: All weights of the model, and no others.
WHOLE = Choice()
