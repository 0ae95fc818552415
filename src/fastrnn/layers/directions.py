"""The two layers of a bidirectional layer."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.serialization import serialize

#: How the outputs of the two directions can be merged.
MERGE_MODES = ("concat", "sum", "mul", "ave", None)


def check_given(layer: Any, backward_layer: Any, merge_mode: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless the arguments define two directions."""
    for argument, given in (("layer", layer), ("backward_layer", backward_layer)):
        if not isinstance(given, RecurrentLayer) and (argument == "layer" or given is not None):
            kind = given.__name__ if isinstance(given, type) else type(given).__name__
            raise TypeError(
                f"{argument} of Bidirectional is {kind}; "
                "it should be a recurrent layer such as GRU(64)"
            )
    if merge_mode not in MERGE_MODES:
        raise ValueError(f"merge_mode is {merge_mode!r}; it should be one of {MERGE_MODES}")
    if backward_layer is not None:
        _check_pair(layer, backward_layer, merge_mode)


def _check_pair(one: RecurrentLayer, other: RecurrentLayer, merge_mode: str | None) -> None:
    if one.go_backwards == other.go_backwards:
        raise ValueError(
            f"backward_layer of Bidirectional has go_backwards={other.go_backwards}, and so "
            "has layer; they should differ"
        )
    for argument in ("return_sequences", "return_state", "stateful"):
        if getattr(one, argument) != getattr(other, argument):
            raise ValueError(
                f"backward_layer of Bidirectional has {argument}={getattr(other, argument)}; "
                f"it should have that of layer, {getattr(one, argument)}"
            )
    if one.units != other.units and merge_mode not in ("concat", None):
        raise ValueError(
            f"backward_layer of Bidirectional has {other.units} units and layer {one.units}; "
            f"merge_mode={merge_mode!r} wants equally many"
        )


def copied(layer: RecurrentLayer, **changes: Any) -> RecurrentLayer:
    """Return a new layer with the arguments of another, except for some."""
    made = type(layer).from_config({**layer.get_config(), **changes})
    assert isinstance(made, RecurrentLayer)
    return made


def written(layer: RecurrentLayer, go_backwards: bool, frozen: bool) -> dict[str, Any]:
    """Return a layer, JSON-serializable, as one of the two directions."""
    found = serialize(layer)
    for argument, value, default in (
        ("go_backwards", go_backwards, False),
        ("trainable", not frozen, True),
    ):
        found["config"].pop(argument, None)
        if value is not default:
            found["config"][argument] = value
    return found
