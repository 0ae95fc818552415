"""Layers: the steps of a model, with Keras's names and weight shapes.

A layer is called on the result of :func:`Input` or of another layer; see
:class:`fastrnn.models.Model`.  Arrays are (batch, time, features) outside; inside, layers compute
on time-major buffers that a :class:`~fastrnn.workspace.Workspace` owns.
"""

from typing import TYPE_CHECKING

from fastrnn._names import also_at, names_of
from fastrnn.layers.activation import Activation
from fastrnn.layers.batch_normalization import BatchNormalization
from fastrnn.layers.bidirectional import Bidirectional
from fastrnn.layers.convolution import Conv1D
from fastrnn.layers.cudnn import CuDNNGRU, CuDNNLSTM
from fastrnn.layers.dense import Dense
from fastrnn.layers.dropout import Dropout
from fastrnn.layers.elementwise import ELU, LeakyReLU, PReLU, ReLU, Softmax
from fastrnn.layers.embedding import Embedding
from fastrnn.layers.gru import GRU
from fastrnn.layers.input import Input, InputLayer
from fastrnn.layers.input_spec import InputSpec
from fastrnn.layers.joining import Concatenate, Dot, concatenate, dot
from fastrnn.layers.lambda_ import Lambda
from fastrnn.layers.layer import Layer
from fastrnn.layers.lstm import LSTM
from fastrnn.layers.masking import ApplyMask, Masking
from fastrnn.layers.merging import (
    Add,
    Average,
    Maximum,
    Merge,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from fastrnn.layers.mgu import MGU
from fastrnn.layers.noise import GaussianNoise, SpatialDropout1D
from fastrnn.layers.normalization import LayerNormalization
from fastrnn.layers.pooling import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.registry import deserialize, register, serialize
from fastrnn.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from fastrnn.layers.simple_rnn import SimpleRNN
from fastrnn.layers.symbolic import SymbolicTensor
from fastrnn.layers.time_distributed import TimeDistributed
from fastrnn.layers.tokens import CategoryEncoding
from fastrnn.naming import custom_object_scope

__all__ = [
    "AvgPool1D",
    "Convolution1D",
    "CuDNNGRU",
    "CuDNNLSTM",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "MaxPool1D",
    "ELU",
    "LeakyReLU",
    "PReLU",
    "ReLU",
    "Softmax",
    "Add",
    "Average",
    "Maximum",
    "Merge",
    "Minimum",
    "Multiply",
    "Subtract",
    "add",
    "average",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
    "Concatenate",
    "Dot",
    "concatenate",
    "dot",
    "Flatten",
    "Permute",
    "RepeatVector",
    "Reshape",
    "Conv1D",
    "AveragePooling1D",
    "GlobalMaxPooling1D",
    "MaxPooling1D",
    "LayerNormalization",
    "GaussianNoise",
    "SpatialDropout1D",
    "Lambda",
    "GRU",
    "LSTM",
    "MGU",
    "Activation",
    "ApplyMask",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "Dense",
    "Dropout",
    "Embedding",
    "GlobalAveragePooling1D",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "Masking",
    "RecurrentLayer",
    "SimpleRNN",
    "SymbolicTensor",
    "TimeDistributed",
    "custom_object_scope",
    "deserialize",
    "serialize",
]

# Keras's other names of the same layers.
AvgPool1D, MaxPool1D, Convolution1D = AveragePooling1D, MaxPooling1D, Conv1D
GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D

register(
    ELU,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
    Add,
    Average,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    Concatenate,
    Dot,
    Flatten,
    Permute,
    RepeatVector,
    Reshape,
    Conv1D,
    AveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
    LayerNormalization,
    GaussianNoise,
    SpatialDropout1D,
    Lambda,
    Activation,
    ApplyMask,
    BatchNormalization,
    Bidirectional,
    CategoryEncoding,
    Dense,
    Dropout,
    Embedding,
    GlobalAveragePooling1D,
    GRU,
    InputLayer,
    LSTM,
    MGU,
    Masking,
    SimpleRNN,
    TimeDistributed,
)

also_at(
    __name__,
    __all__,
    "advanced_activations",
    "convolutional",
    "core",
    "cudnn_recurrent",
    "embeddings",
    "merge",
    "noise",
    "normalization",
    "pooling",
    "recurrent",
    "wrappers",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
