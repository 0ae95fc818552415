"""Layers: the steps of a model, with Keras's names and weight shapes.

A layer is called on the result of :func:`Input` or of another layer; see
:class:`fastrnn.models.Model`.  Arrays are (batch, time, features) outside; inside, layers compute
on time-major buffers that a :class:`~fastrnn.workspace.Workspace` owns.
"""

from typing import Any

from fastrnn.layers.activation import Activation
from fastrnn.layers.bidirectional import Bidirectional
from fastrnn.layers.dense import Dense
from fastrnn.layers.dropout import Dropout
from fastrnn.layers.embedding import Embedding
from fastrnn.layers.gru import GRU
from fastrnn.layers.input import Input, InputLayer
from fastrnn.layers.layer import Layer
from fastrnn.layers.lstm import LSTM
from fastrnn.layers.masking import ApplyMask, Masking
from fastrnn.layers.pooling import GlobalAveragePooling1D
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.simple_rnn import SimpleRNN
from fastrnn.layers.symbolic import SymbolicTensor
from fastrnn.layers.time_distributed import TimeDistributed
from fastrnn.layers.tokens import CategoryEncoding

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "ApplyMask",
    "Bidirectional",
    "CategoryEncoding",
    "Dense",
    "Dropout",
    "Embedding",
    "GlobalAveragePooling1D",
    "Input",
    "InputLayer",
    "Layer",
    "Masking",
    "RecurrentLayer",
    "SimpleRNN",
    "SymbolicTensor",
    "TimeDistributed",
    "deserialize",
    "serialize",
]

_CLASSES: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Activation,
        ApplyMask,
        Bidirectional,
        CategoryEncoding,
        Dense,
        Dropout,
        Embedding,
        GlobalAveragePooling1D,
        GRU,
        InputLayer,
        LSTM,
        Masking,
        SimpleRNN,
        TimeDistributed,
    )
}


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer, without its weights, as a dict that JSON can hold."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(
    config: dict[str, Any], custom_objects: dict[str, type[Layer]] | None = None
) -> Layer:
    """Return a new layer from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class, optional
        Layers of one's own, by name.

    Raises
    ------
    ValueError
        If there is no layer of that name.
    """
    classes = {**_CLASSES, **(custom_objects or {})}
    name = config.get("class_name")
    if name not in classes:
        raise ValueError(f"layer is {name!r}; it should be one of {sorted(classes)}")
    return classes[name].from_config(dict(config["config"]))
