"""From the ends of a chain to all of it."""

from __future__ import annotations

from typing import Any

from fastrnn.layers import InputLayer, SymbolicTensor


def trace(inputs: Any, outputs: Any) -> list[SymbolicTensor]:
    """Return the tensors from `inputs` to `outputs`."""
    start, end = _single(inputs, "inputs"), _single(outputs, "outputs")
    tensors: list[SymbolicTensor] = []
    for tensor in end.history():
        tensors.insert(0, tensor)
        if tensor is start:
            break
    else:
        raise ValueError(
            f"outputs does not follow from inputs: going back from {end!r} one comes to "
            f"{tensors[0]!r}, not to {start!r}"
        )
    if len(tensors) == 1:
        raise ValueError("inputs and outputs are the same tensor; a model needs a layer between")
    if start.source is not None:
        # A part of a longer chain: what came before is data now.
        layer = InputLayer(start.shape[1:], start.dtype)
        tensors[0] = layer.tensor()
    return tensors


def _single(tensor: Any, argument: str) -> SymbolicTensor:
    if isinstance(tensor, (list, tuple)):
        if len(tensor) != 1:
            raise ValueError(
                f"{argument} holds {len(tensor)} tensors; a model is a chain, with one input and "
                "one output"
            )
        tensor = tensor[0]
    if not isinstance(tensor, SymbolicTensor):
        raise TypeError(
            f"{argument} is of type {type(tensor).__name__}; it should be the result of Input(...) "
            "or of a layer"
        )
    return tensor
