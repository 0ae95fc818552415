"""The table of a model's layers."""

from __future__ import annotations

from collections.abc import Sequence

from fastrnn.layers import Layer
from fastrnn.layers.symbolic import Shape

#: Where the second column begins, where the third does, and where the line ends.
COLUMNS = (0.45, 0.85, 1.0)


def table(
    layers: Sequence[Layer], shapes: Sequence[Shape | None], trained: int, width: int = 65
) -> str:
    """Return the table that ``summary`` prints: name, type, output shape, number of weights.

    Parameters
    ----------
    layers : sequence of Layer
    shapes : sequence of tuple
        What each puts out; None where it is not known yet.
    trained : int
        How many of the numbers in the weights trainings change.
    width : int, default 65
        Characters a line; text that is too long for its column is cut.
    """
    rule = "_" * width
    lines = [rule, _row(("Layer (type)", "Output Shape", "Param #"), width), "=" * width]
    for layer, shape in zip(layers, shapes, strict=True):
        title = f"{layer.name} ({layer.kind})"
        size = str(layer.count_params()) if layer.built else "unbuilt"
        lines += [_row((title, "?" if shape is None else str(shape), size), width), rule]
    if layers:
        lines[-1] = "=" * width
    total = sum(layer.count_params() for layer in layers if layer.built)
    lines += [
        f"Total params: {total:,}",
        f"Trainable params: {trained:,}",
        f"Non-trainable params: {total - trained:,}",
        rule,
    ]
    return "\n".join(lines)


def _row(fields: tuple[str, str, str], width: int) -> str:
    ends = [int(width * column) for column in COLUMNS]
    line = ""
    for field, end in zip(fields, ends, strict=True):
        # One blank stays between the columns, however long the field.
        line = (line + field)[: end - 1].ljust(end)
    return line.rstrip()
