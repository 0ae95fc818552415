"""The selection of weights of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastrnn.formats.errors import CheckpointError


@dataclass(frozen=True)
class Choice:
    """The options of ``load_weights``.

    Attributes
    ----------
    by_name : bool
        Whether layers that only the model or only the file has are ignored.
    skipped : list of str, or None
        Collects a message for every skipped layer that does not fit; None: such a layer is an
        error.
    """

    by_name: bool = False
    skipped: list[str] | None = None

    @contextmanager
    def leaving(self, layer: str) -> Iterator[None]:
        """Skip a layer if reading its weights fails, if that is allowed."""
        try:
            yield
        except CheckpointError as error:
            if self.skipped is None:
                raise
            self.skipped.append(f"{layer}, since {error}")

    def has_left(self, layer: str) -> bool:
        """Return whether a layer was skipped."""
        return any(one.startswith(f"{layer},") for one in self.skipped or ())


#: All weights of the model, and no others.
WHOLE = Choice()
