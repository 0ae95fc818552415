"""The layers of a described model in Keras's order."""

from __future__ import annotations

from fastrnn.formats.description import Description
from fastrnn.formats.keras.dialect import Dialect
from fastrnn.formats.keras.models_out import check_weights, write_model
from fastrnn.formats.keras.sources import Source


class _Anything(frozenset):  # type: ignore[type-arg]
    """Contains every activation: files of weights have none."""

    def __contains__(self, name: object) -> bool:
        return True


_WEIGHTS = Dialect("Keras's weights", True, _Anything(), has_layers=False)


def sources_of(description: Description) -> list[Source]:
    """Return the layers in Keras's order, with the paths of their weights.

    Raises
    ------
    CheckpointError
        If Keras lacks one of the layers.
    """
    sources = write_model(description.model, _WEIGHTS, description.own).sources
    check_weights(sources, description)
    return sources
