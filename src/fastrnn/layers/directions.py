"""The two layers of a bidirectional layer."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.cells.own import OwnRNN
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.serialization import serialize
from fastrnn.naming import custom_object_scope

#: A layer that may be one of two directions.
Direction = RecurrentLayer | OwnRNN

#: How the outputs of the two directions can be merged.
MERGE_MODES = ("concat", "sum", "mul", "ave", None)


def check_given(layer: Any, backward_layer: Any, merge_mode: Any) -> None:
    """Raise ``TypeError`` or ``ValueError`` unless the arguments define two directions."""
    for argument, given in (("layer", layer), ("backward_layer", backward_layer)):
        if not isinstance(given, (RecurrentLayer, OwnRNN)) and (
            argument == "layer" or given is not None
        ):
            kind = given.__name__ if isinstance(given, type) else type(given).__name__
            raise TypeError(
                f"{argument} of Bidirectional is {kind}; "
                "it should be a recurrent layer such as GRU(64)"
            )
    if merge_mode not in MERGE_MODES:
        raise ValueError(f"merge_mode is {merge_mode!r}; it should be one of {MERGE_MODES}")
    if backward_layer is not None:
        _check_pair(layer, backward_layer, merge_mode)


def _check_pair(one: Direction, other: Direction, merge_mode: str | None) -> None:
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
    units, others = (getattr(layer, "units", None) for layer in (one, other))
    if units != others and merge_mode not in ("concat", None):
        raise ValueError(
            f"backward_layer of Bidirectional has {others} units and layer {units}; "
            f"merge_mode={merge_mode!r} wants equally many"
        )


def copied(layer: Direction, **changes: Any) -> Any:
    """Return a new layer with the arguments of another, except for some."""
    inside = {type(one).__name__: type(one) for one in layer.inner_layers}
    with custom_object_scope(inside):
        return type(layer).from_config({**layer.get_config(), **changes})


def written(layer: Direction, go_backwards: bool, frozen: bool) -> dict[str, Any]:
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
