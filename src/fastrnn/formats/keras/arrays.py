"""The arrays of a layer: conversion between the formats of Keras, cuDNN, Keras 1 and the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.sources import Leaf, own_weights

Array = NDArray[Any]

#: Gates of a layer in Keras's arrays.
GATES = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}
#: The gate that keeps the state, by its place in Keras's arrays; the more of its bias, the longer.
FORGET = {"GRU": 0, "LSTM": 1}
#: Where the core's gates r, z, n stand in Keras's z, r, h, and the other way round.
_GRU = (1, 0, 2)


def to_core(leaf: Leaf, arrays: Sequence[Array]) -> dict[str, Array]:
    """Return the weights of a layer by their names here, the gates in the order of the core.

    Parameters
    ----------
    leaf : Leaf
    arrays : sequence of ndarray
        The arrays of the file, in its order.

    Raises
    ------
    CheckpointError
        If their number is wrong.
    """
    kind, names = leaf.source.ours, own_weights(leaf.source)
    found = list(arrays)
    if kind in GATES:
        found = _joined(kind, found, len(names))
        found = _from_cudnn(leaf, found)
    elif kind == "Conv1D" and found and found[0].ndim == 4 and found[0].shape[1] == 1:
        found[0] = found[0][:, 0]  # of Keras 1
    elif kind == "Normalization":  # whose count is an integer
        found = [a.astype(np.float32) if a.dtype.kind in "iu" else a for a in found]
    if len(found) != len(names):
        raise CheckpointError(
            f"layer {leaf.source.keras_name!r}: the file has {len(found)} arrays; it should have "
            f"{len(names)}: {', '.join(names)}"
        )
    if kind == "GRU":
        found = [_reordered(leaf, array) for array in found]
    return dict(zip(leaf.names, found, strict=True))


def to_keras(leaf: Leaf, tensors: Mapping[str, Array]) -> list[Array]:
    """Return the weights of a layer in Keras's order, its gates too."""
    found = [np.asarray(tensors[name]) for name in leaf.names]
    return [_reordered(leaf, array) for array in found] if leaf.source.ours == "GRU" else found


def _reordered(leaf: Leaf, array: Array) -> Array:
    if array.ndim == 0 or array.shape[-1] % 3:
        raise CheckpointError(
            f"layer {leaf.source.keras_name!r}: an array has the shape {array.shape}; its columns "
            "should be those of three gates"
        )
    blocks = np.split(array, 3, axis=-1)
    return np.concatenate([blocks[gate] for gate in _GRU], axis=-1)


def _joined(kind: str, arrays: list[Array], count: int) -> list[Array]:
    """Concatenate the separate arrays of the gates in Keras 1."""
    gates = GATES[kind]
    if gates == 1 or len(arrays) != 3 * gates or count != 3:
        return arrays
    # A GRU's stood in the order z, r, h; an LSTM's in i, c, f, o.
    order = (0, 1, 2) if kind == "GRU" else (0, 2, 1, 3)
    return [
        np.concatenate([arrays[3 * gate + which] for gate in order], axis=-1) for which in range(3)
    ]


def _from_cudnn(leaf: Leaf, arrays: list[Array]) -> list[Array]:
    """Return cuDNN's matrices and biases as those of the plain layer.

    Its files have transposed matrices for each gate, and the biases of the input and of the state,
    concatenated.
    """
    kind = leaf.source.ours
    if len(arrays) != 3 or kind == "SimpleRNN" or any(array.ndim == 0 for array in arrays):
        return arrays
    kernel, recurrent, bias = arrays
    gates = GATES[kind]
    if bias.shape != (2 * gates * recurrent.shape[0],) or kernel.ndim != 2 or recurrent.ndim != 2:
        return arrays
    if kernel.shape[1] % gates or recurrent.shape[1] % gates:
        return arrays
    if kind == "GRU" and not leaf.source.config.get("reset_after"):
        raise CheckpointError(
            f"layer {leaf.source.keras_name!r}: the weights are those of a CuDNNGRU; reset_after "
            "is False and should be True"
        )
    kernel = np.hstack([k.T.reshape(k.shape, order="F") for k in np.hsplit(kernel, gates)])
    recurrent = np.hstack([k.T for k in np.hsplit(recurrent, gates)])
    halves = np.split(bias, 2)
    bias = np.stack(halves) if kind == "GRU" else halves[0] + halves[1]
    return [kernel, recurrent, bias]
