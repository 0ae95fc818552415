"""Layers, with Keras's names and weight shapes.

A layer is called on the result of :func:`Input` or of another layer; see
:class:`fastrnn.models.Model`.  Arrays are (batch, time, features) outside; inside, layers compute
on time-major buffers that a :class:`~fastrnn.workspace.Workspace` owns.
"""

import sys
from typing import TYPE_CHECKING

from fastrnn._names import also_at, names_of
from fastrnn.layers.activation import Activation, FunctionActivation
from fastrnn.layers.activity_regularization import ActivityRegularization
from fastrnn.layers.apply_mask import ApplyMask
from fastrnn.layers.bidirectional import Bidirectional
from fastrnn.layers.cells.gru_cell import GRUCell
from fastrnn.layers.cells.lstm_cell import LSTMCell
from fastrnn.layers.cells.own import OwnRNN
from fastrnn.layers.cells.rnn import RNN
from fastrnn.layers.cells.simple_rnn_cell import SimpleRNNCell
from fastrnn.layers.cells.stacked_cells import StackedRNNCells
from fastrnn.layers.convolution.conv import Conv1D
from fastrnn.layers.convolution.conv_transpose import Conv1DTranspose
from fastrnn.layers.convolution.depthwise_conv import DepthwiseConv1D
from fastrnn.layers.convolution.separable_conv import SeparableConv1D
from fastrnn.layers.cudnn import CuDNNGRU, CuDNNLSTM
from fastrnn.layers.dense import Dense
from fastrnn.layers.dropout.alpha_dropout import AlphaDropout
from fastrnn.layers.dropout.dropout import Dropout
from fastrnn.layers.dropout.gaussian_dropout import GaussianDropout
from fastrnn.layers.dropout.gaussian_noise import GaussianNoise
from fastrnn.layers.dropout.spatial_dropout import SpatialDropout1D
from fastrnn.layers.elementwise.elu import ELU
from fastrnn.layers.elementwise.identity import Identity
from fastrnn.layers.elementwise.leaky_relu import LeakyReLU
from fastrnn.layers.elementwise.prelu import PReLU
from fastrnn.layers.elementwise.relu import ReLU
from fastrnn.layers.elementwise.rescaling import Rescaling
from fastrnn.layers.elementwise.thresholded_relu import ThresholdedReLU
from fastrnn.layers.embedding import Embedding
from fastrnn.layers.gru import GRU
from fastrnn.layers.input import InputLayer
from fastrnn.layers.input_spec import InputSpec
from fastrnn.layers.input_tensor import Input
from fastrnn.layers.lambda_ import Lambda
from fastrnn.layers.layer import Layer
from fastrnn.layers.lstm import LSTM
from fastrnn.layers.masking import Masking
from fastrnn.layers.merging.add import Add, add
from fastrnn.layers.merging.average import Average, average
from fastrnn.layers.merging.base import Merge
from fastrnn.layers.merging.concatenate import Concatenate, concatenate
from fastrnn.layers.merging.dot import Dot, dot
from fastrnn.layers.merging.maximum import Maximum, maximum
from fastrnn.layers.merging.minimum import Minimum, minimum
from fastrnn.layers.merging.multiply import Multiply, multiply
from fastrnn.layers.merging.older import merge as _merge
from fastrnn.layers.merging.subtract import Subtract, subtract
from fastrnn.layers.mgu import MGU
from fastrnn.layers.normalization.batch_normalization import BatchNormalization
from fastrnn.layers.normalization.group_normalization import GroupNormalization
from fastrnn.layers.normalization.layer_normalization import LayerNormalization
from fastrnn.layers.normalization.normalization import Normalization
from fastrnn.layers.normalization.rms_normalization import RMSNormalization
from fastrnn.layers.normalization.unit_normalization import UnitNormalization
from fastrnn.layers.pooling.average_pooling import AveragePooling1D
from fastrnn.layers.pooling.global_average_pooling import GlobalAveragePooling1D
from fastrnn.layers.pooling.global_max_pooling import GlobalMaxPooling1D
from fastrnn.layers.pooling.max_pooling import MaxPooling1D
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.registry import register
from fastrnn.layers.reshaping.cropping import Cropping1D
from fastrnn.layers.reshaping.flatten import Flatten
from fastrnn.layers.reshaping.permute import Permute
from fastrnn.layers.reshaping.repeat_vector import RepeatVector
from fastrnn.layers.reshaping.reshape import Reshape
from fastrnn.layers.reshaping.up_sampling import UpSampling1D
from fastrnn.layers.reshaping.zero_padding import ZeroPadding1D
from fastrnn.layers.serialization import deserialize, serialize
from fastrnn.layers.simple_rnn import SimpleRNN
from fastrnn.layers.softmax import Softmax
from fastrnn.layers.stacked_rnn import StackedRNN
from fastrnn.layers.symbolic import SymbolicTensor
from fastrnn.layers.time_distributed import TimeDistributed
from fastrnn.layers.tokens import CategoryEncoding
from fastrnn.layers.vocabulary.integer_lookup import IntegerLookup
from fastrnn.layers.vocabulary.string_lookup import StringLookup
from fastrnn.layers.vocabulary.text_vectorization import TextVectorization
from fastrnn.naming import custom_object_scope

__all__ = [
    "AvgPool1D",
    "Convolution1D",
    "Convolution1DTranspose",
    "SeparableConvolution1D",
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
    "Conv1DTranspose",
    "DepthwiseConv1D",
    "SeparableConv1D",
    "GaussianDropout",
    "AlphaDropout",
    "Rescaling",
    "GroupNormalization",
    "Normalization",
    "RMSNormalization",
    "UnitNormalization",
    "Cropping1D",
    "UpSampling1D",
    "ZeroPadding1D",
    "Identity",
    "ThresholdedReLU",
    "SpatialDropout1D",
    "Lambda",
    "GRU",
    "LSTM",
    "MGU",
    "Activation",
    "ActivityRegularization",
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
    "RNN",
    "GRUCell",
    "LSTMCell",
    "SimpleRNNCell",
    "OwnRNN",
    "StackedRNN",
    "StackedRNNCells",
    "SimpleRNN",
    "IntegerLookup",
    "StringLookup",
    "SymbolicTensor",
    "TextVectorization",
    "TimeDistributed",
    "custom_object_scope",
    "deserialize",
    "serialize",
]

# Aliases that Keras has.
AvgPool1D, MaxPool1D, Convolution1D = AveragePooling1D, MaxPooling1D, Conv1D
GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D
Convolution1DTranspose, SeparableConvolution1D = Conv1DTranspose, SeparableConv1D

register(
    FunctionActivation,
    *(
        one
        for one in map(globals().get, __all__)
        if isinstance(one, type)
        and issubclass(one, Layer)
        and one not in (Layer, Merge, RecurrentLayer)
    ),
)

also_at(
    __name__,
    __all__,
    "advanced_activations",
    "convolutional",
    "core",
    "cudnn_recurrent",
    "embeddings",
    "experimental",
    "merge",
    "noise",
    "normalization",
    "pooling",
    "preprocessing",
    "recurrent",
    "recurrent_v2",
    "regularization",
    "rnn",
    "wrappers",
)
also_at(f"{__name__}.experimental", __all__, "preprocessing", advice_of=__name__)

sys.modules[f"{__name__}.merge"].called = _merge  # type: ignore[attr-defined]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
