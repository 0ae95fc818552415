"""Layers beside the recurrent ones: answers, gradients and five steps of training, as Keras's.

The weights of a case are made by a formula from the shapes, so that nothing is left to chance.
"""

import numpy as np
import pytest

from fastrnn import layers, losses, optimizers
from fastrnn.models import Model, load_model
from fastrnn.models.reading import Reader
from tests import recorded
from tests.keras_oracle import double_precision, gradients, require_keras
from tests.layers.test_gradients import assert_gradients_are_differences
from tests.layers.test_keras_weights import numbers
from tests.tolerances import RECORDED

pytestmark = pytest.mark.filterwarnings("ignore:.*does not support masking")

FILE = "keras_layers"
DTYPES = ["float64", "float32"]


def chain(*makers, shape=(6, 3), masked=False):
    """Return a function that builds a model of layers in a row, with a Dense at both ends.

    The Dense in front lets gradients of the layer's input show; the one behind mixes its output.
    """

    def build(k, model, dtype):
        x = start = k.Input(shape, dtype=dtype)
        if masked:
            x = k.Masking()(x)
        x = k.Dense(4, activation="tanh")(x)
        for make in makers:
            x = make(k)(x)
        return model(start, k.Dense(2)(x))

    return build


def merged(make, shapes=((6, 3), (6, 3)), masked=(False, False), units=(4, 4)):
    """Return a function that builds a model with several inputs."""

    def build(k, model, dtype):
        starts = [k.Input(shape, dtype=dtype) for shape in shapes]
        ends = [k.Masking()(x) if m else x for x, m in zip(starts, masked, strict=True)]
        ends = [k.Dense(n, activation="tanh")(x) for x, n in zip(ends, units, strict=True)]
        x = make(k, ends)
        if len(x.shape) == 3:
            x = k.SimpleRNN(3)(x)
        return model(starts, k.Dense(2)(x))

    return build


def _siamese(k, model, dtype):
    one, two = k.Input((6, 3), dtype=dtype), k.Input((6, 3), dtype=dtype)
    embed, rows = k.LSTM(4), k.Dense(3, activation="tanh")
    ends = [rows(embed(x)) for x in (one, two)]
    return model([one, two], k.Dense(2)(k.Concatenate()([*ends, k.subtract(ends)])))


def _twice_in_a_row(k, model, dtype):
    x = k.Input((6, 3), dtype=dtype)
    step = k.GRU(3, return_sequences=True, reset_after=True)
    return model(x, k.Dense(2)(step(step(x))))


def _nested(k, model, dtype):
    a = k.Input((6, 3), dtype=dtype)
    inner = model(a, k.Dense(3)(k.GRU(4, reset_after=True)(k.Dense(2, activation="tanh")(a))))
    one, two = k.Input((6, 3), dtype=dtype), k.Input((6, 3), dtype=dtype)
    ends = [inner(one), k.Dense(3)(k.LSTM(2)(two)), inner(two)]
    return model([one, two], k.Dense(2)(k.concatenate(ends)))


def _normalized_twice(k, model, dtype):
    x, normalize = k.Input((6, 3), dtype=dtype), k.BatchNormalization(momentum=0.5)
    return model(x, k.Dense(2)(normalize(k.Dense(3, activation="tanh")(normalize(x)))))


CASES = {
    "RepeatVector": chain(
        lambda k: k.RepeatVector(3), lambda k: k.GRU(3, reset_after=False), shape=(3,)
    ),
    "Flatten": chain(lambda k: k.Flatten()),
    "Reshape": chain(lambda k: k.Reshape((3, -1)), lambda k: k.SimpleRNN(3)),
    "Reshape to 4-D": chain(
        lambda k: k.Reshape((2, 3, 4)), lambda k: k.TimeDistributed(k.SimpleRNN(3))
    ),
    "Permute": chain(lambda k: k.Permute((2, 1)), lambda k: k.SimpleRNN(3)),
    "Permute of 4-D": chain(lambda k: k.Permute((3, 1, 2)), lambda k: k.Flatten(), shape=(2, 3, 3)),
    "Conv1D": chain(lambda k: k.Conv1D(5, 3)),
    "Conv1D, same, strides": chain(
        lambda k: k.Conv1D(4, 3, strides=2, padding="same", activation="relu")
    ),
    "Conv1D, same, even": chain(lambda k: k.Conv1D(4, 2, padding="same", activation="softmax")),
    "Conv1D, causal, dilation": chain(
        lambda k: k.Conv1D(4, 3, padding="causal", dilation_rate=2, use_bias=False)
    ),
    "Conv1D, causal, strides": chain(lambda k: k.Conv1D(4, 3, padding="causal", strides=2)),
    "Conv1D, dilation, groups": chain(
        lambda k: k.Conv1D(4, 2, dilation_rate=3, groups=2, activation="gelu")
    ),
    "Conv1D, same, dilation": chain(lambda k: k.Conv1D(3, 3, padding="same", dilation_rate=2)),
    "Conv1DTranspose": chain(lambda k: k.Conv1DTranspose(3, 3)),
    "Conv1DTranspose, strides": chain(lambda k: k.Conv1DTranspose(3, 4, 3, activation="tanh")),
    "Conv1DTranspose, gaps": chain(lambda k: k.Conv1DTranspose(2, 2, 3, use_bias=False)),
    "Conv1DTranspose, same": chain(lambda k: k.Conv1DTranspose(3, 5, 2, "same")),
    "Conv1DTranspose, same, even": chain(lambda k: k.Conv1DTranspose(3, 4, 3, "same")),
    "Conv1DTranspose, same, gaps": chain(lambda k: k.Conv1DTranspose(3, 2, 4, "same")),
    "Conv1DTranspose, dilation": chain(
        lambda k: k.Conv1DTranspose(2, 3, padding="same", dilation_rate=2)
    ),
    "DepthwiseConv1D": chain(lambda k: k.DepthwiseConv1D(3)),
    "DepthwiseConv1D, strides": chain(
        lambda k: k.DepthwiseConv1D(3, 2, "same", depth_multiplier=2, activation="tanh")
    ),
    "DepthwiseConv1D, dilation": chain(
        lambda k: k.DepthwiseConv1D(2, dilation_rate=3, use_bias=False)
    ),
    "SeparableConv1D": chain(lambda k: k.SeparableConv1D(5, 3)),
    "SeparableConv1D, strides": chain(
        lambda k: k.SeparableConv1D(3, 2, 2, "same", depth_multiplier=3, activation="softmax")
    ),
    "SeparableConv1D, dilation": chain(
        lambda k: k.SeparableConv1D(3, 3, dilation_rate=2, use_bias=False)
    ),
    "ZeroPadding1D": chain(lambda k: k.ZeroPadding1D(), lambda k: k.SimpleRNN(3)),
    "ZeroPadding1D of a pair": chain(lambda k: k.ZeroPadding1D((2, 0))),
    "Cropping1D": chain(lambda k: k.Cropping1D(), lambda k: k.SimpleRNN(3)),
    "Cropping1D of a pair": chain(lambda k: k.Cropping1D((0, 2))),
    "UpSampling1D": chain(lambda k: k.UpSampling1D(3), lambda k: k.SimpleRNN(3)),
    "MaxPooling1D": chain(lambda k: k.MaxPooling1D(2)),
    "MaxPooling1D, same": chain(lambda k: k.MaxPooling1D(4, strides=3, padding="same")),
    "AveragePooling1D": chain(lambda k: k.AveragePooling1D(3, strides=1)),
    "AveragePooling1D, same": chain(lambda k: k.AveragePooling1D(4, strides=3, padding="same")),
    "GlobalMaxPooling1D": chain(lambda k: k.GlobalMaxPooling1D()),
    "GlobalMaxPooling1D, keepdims": chain(lambda k: k.GlobalMaxPooling1D(keepdims=True)),
    "GlobalAveragePooling1D": chain(lambda k: k.GlobalAveragePooling1D(), masked=True),
    "GlobalAveragePooling1D, keepdims": chain(
        lambda k: k.GlobalAveragePooling1D(keepdims=True), masked=True
    ),
    "LayerNormalization": chain(lambda k: k.LayerNormalization()),
    "LayerNormalization, axes": chain(
        lambda k: k.LayerNormalization(axis=(1, 2), epsilon=0.01, center=False)
    ),
    "LayerNormalization, axis 1": chain(lambda k: k.LayerNormalization(axis=1, scale=False)),
    "GroupNormalization": chain(lambda k: k.GroupNormalization(2)),
    "GroupNormalization of rows": chain(
        lambda k: k.GroupNormalization(2, epsilon=0.01, scale=False), shape=(3,)
    ),
    "GroupNormalization, axis 1": chain(
        lambda k: k.GroupNormalization(3, axis=1, center=False),
        lambda k: k.SimpleRNN(3),
        masked=True,
    ),
    "GroupNormalization, each": chain(lambda k: k.GroupNormalization(-1)),
    "Normalization": chain(
        lambda k: k.Normalization(mean=[0.1, 0.2, 0.3, -0.4], variance=[1.0, 2.0, 0.3, 0.6])
    ),
    "Normalization of steps": chain(
        lambda k: k.Normalization(axis=1, mean=np.arange(6.0), variance=np.arange(6.0) + 0.5)
    ),
    "Normalization of all, inverted": chain(
        lambda k: k.Normalization(axis=None, mean=0.5, variance=2.5, invert=True),
        lambda k: k.SimpleRNN(3),
        masked=True,
    ),
    "RMSNormalization": chain(lambda k: k.RMSNormalization()),
    "RMSNormalization, axes": chain(lambda k: k.RMSNormalization(axis=[1, 2], epsilon=0.1)),
    "UnitNormalization": chain(
        lambda k: k.UnitNormalization(), lambda k: k.SimpleRNN(3), masked=True
    ),
    "UnitNormalization, axes": chain(lambda k: k.UnitNormalization(axis=[1, 2])),
    "BatchNormalization": chain(lambda k: k.BatchNormalization()),
    "BatchNormalization, axis 1": chain(
        lambda k: k.BatchNormalization(axis=1, momentum=0.7, epsilon=0.01, center=False)
    ),
    "BatchNormalization, masks": chain(
        lambda k: k.BatchNormalization(momentum=0.7, scale=False),
        lambda k: k.SimpleRNN(3),
        masked=True,
    ),
    "BatchNormalization, frozen": chain(
        lambda k: k.BatchNormalization(trainable=False), lambda k: k.Flatten()
    ),
    "BatchNormalization of rows": chain(lambda k: k.BatchNormalization(momentum=0.5), shape=(3,)),
    "BatchNormalization twice": _normalized_twice,
    "ReLU": chain(lambda k: k.ReLU(max_value=0.6, negative_slope=0.1, threshold=0.2)),
    "ReLU, threshold": chain(lambda k: k.ReLU(threshold=0.4)),
    "Identity": chain(lambda k: k.Identity(), lambda k: k.SimpleRNN(3), masked=True),
    "Rescaling": chain(lambda k: k.Rescaling(0.7, [0.1, 0.2, -0.3, 0.5])),
    "Rescaling of features": chain(lambda k: k.Rescaling([0.7, 1, 2, -3]), shape=(3,)),
    "LeakyReLU": chain(lambda k: k.LeakyReLU()),
    "PReLU": chain(lambda k: k.PReLU("random_uniform")),
    "PReLU, shared": chain(lambda k: k.PReLU("random_uniform", shared_axes=[1])),
    "ELU": chain(lambda k: k.ELU(alpha=0.7)),
    "Softmax": chain(lambda k: k.Softmax()),
    "Softmax over the time": chain(lambda k: k.Softmax(axis=1)),
    "Softmax over both": chain(lambda k: k.Softmax(axis=(1, 2))),
    "TimeDistributed Conv1D": chain(
        lambda k: k.TimeDistributed(k.Conv1D(3, 2)),
        lambda k: k.TimeDistributed(k.GlobalMaxPooling1D()),
        shape=(3, 4, 3),
    ),
    "TimeDistributed LSTM": chain(
        lambda k: k.TimeDistributed(k.LSTM(3)), lambda k: k.LSTM(3), shape=(3, 4, 3)
    ),
    "TimeDistributed Bidirectional": chain(
        lambda k: k.TimeDistributed(k.Bidirectional(k.SimpleRNN(2, return_sequences=True))),
        shape=(3, 4, 3),
    ),
    "masks pass": chain(
        lambda k: k.LayerNormalization(),
        lambda k: k.LeakyReLU(0.1),
        lambda k: k.ELU(),
        lambda k: k.SpatialDropout1D(0.0),
        lambda k: k.GaussianNoise(0.0),
        lambda k: k.GaussianDropout(0.0),
        lambda k: k.AlphaDropout(0.0),
        lambda k: k.Rescaling(1.5),
        lambda k: k.GRU(3, reset_after=False),
        masked=True,
    ),
    "add": merged(lambda k, x: k.add(x)),
    "Add, broadcast": merged(lambda k, x: k.Add()(x), shapes=((6, 3), (3,))),
    "Add, masks": merged(lambda k, x: k.Add()(x), masked=(True, True)),
    "Add, a mask": merged(lambda k, x: k.Add()(x), masked=(True, False)),
    "Subtract": merged(lambda k, x: k.subtract(x)),
    "Average": merged(lambda k, x: k.average(x), shapes=((6, 3), (1, 3))),
    "Multiply": merged(lambda k, x: k.multiply(x)),
    "Multiply, masks": merged(lambda k, x: k.multiply(x), masked=(True, True)),
    "Multiply, a mask": merged(lambda k, x: k.multiply(x), masked=(False, True)),
    "Maximum": merged(lambda k, x: k.maximum(x)),
    "Maximum, masks": merged(lambda k, x: k.maximum(x), masked=(True, True)),
    "Minimum, a mask": merged(lambda k, x: k.minimum(x), masked=(False, True)),
    "concatenate": merged(lambda k, x: k.concatenate(x), units=(4, 2)),
    "concatenate, masks": merged(lambda k, x: k.concatenate(x), masked=(True, True)),
    "concatenate, a mask": merged(lambda k, x: k.concatenate(x), masked=(True, False)),
    "concatenate, time": merged(
        lambda k, x: k.concatenate(x, axis=1), shapes=((6, 3), (2, 3)), masked=(True, True)
    ),
    "dot of vectors": merged(lambda k, x: k.dot(x, axes=1), shapes=((3,), (3,))),
    "dot of vectors, normalized": merged(
        lambda k, x: k.Dot(axes=-1, normalize=True)(x), shapes=((3,), (3,))
    ),
    "dot of sequences": merged(lambda k, x: k.dot(x, axes=2), shapes=((6, 3), (2, 3))),
    "dot along pairs": merged(lambda k, x: k.Dot(axes=(1, 2))(x), shapes=((4, 3), (6, 3))),
    "dot of a sequence and a vector": merged(
        lambda k, x: k.Dot(axes=(2, 1), normalize=True)(x), shapes=((6, 3), (3,))
    ),
    "siamese": _siamese,
    "a model in a model": _nested,
    "twice in a row": _twice_in_a_row,
}


#: Where a training computes something else than a prediction.
OTHER_IN_TRAINING = {case for case in CASES if case.startswith("BatchN") and "frozen" not in case}


def data_of(model):
    """Return inputs, in which some steps are zeros, and are masked where a model masks."""
    made = []
    for index, tensor in enumerate(model.inputs):
        x = numbers((3, *tensor.shape[1:]), 0.3 + index)
        if x.ndim == 3 and x.shape[1] > 1:
            x[index, -1] = x[2, : 1 + index] = 0
        made.append(x)
    return made if len(made) > 1 else made[0]


def weights_of(model):
    """Return weights by a formula; a variance is above zero."""
    made = [numbers(weight.shape, index) for index, weight in enumerate(model.get_weights())]
    names = [weight.name for weight in model.weights]
    return [
        abs(array) + 0.1 if name == "moving_variance" else array
        for name, array in zip(names, made, strict=True)
    ]


def described(model, dtype, train):
    """Return what is recorded of a model: answers, and what five steps of a training make of it."""
    shapes = [weight.shape for weight in model.get_weights()]
    model.set_weights(weights_of(model))
    x = data_of(model)
    answers = model.predict(x, verbose=0)
    found = train(model, x, numbers(answers.shape, 2.0).astype(dtype))
    return {"shapes": shapes, "answers": answers, **found, "trained": model.get_weights()}


def train_ours(model, x, y):
    model.compile(optimizers.SGD(0.1), "mse")
    found = model.compute_gradients(x, y)
    found = [g for g, w in zip(found, model.weights, strict=True) if w in model.trainable_weights]
    steps = [model.train_on_batch(x, y) for _ in range(5)]
    return {"gradients": found, "losses": steps}


def train_theirs(keras):
    def train(model, x, y):
        def mean_square(y, answers):
            return ((y - answers) ** 2).mean()

        _, found = gradients(model, x, y, mean_square)
        model.compile(keras.optimizers.SGD(0.1), mean_square)
        steps = [float(model.train_on_batch(x, y)) for _ in range(5)]
        return {"gradients": found, "losses": steps}

    return train


def model_of(case, dtype="float64"):
    return CASES[case](layers, Model, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_numbers_are_keras_s(case, dtype):
    found, expected = described(model_of(case, dtype), dtype, train_ours), recorded.load(FILE, case)
    if dtype == "float32" or case in OTHER_IN_TRAINING:
        # What was promised of float32 is losses and weights after some steps.
        del found["gradients"], expected["gradients"]
    recorded.assert_alike(found, expected, RECORDED[np.dtype(dtype)], case)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_keras_says_so_itself(case):
    keras = require_keras()
    with double_precision():
        model = CASES[case](keras.layers, keras.Model, "float64")
        found = described(model, "float64", train_theirs(keras))
        recorded.check(FILE, case, found, RECORDED[np.dtype("float64")])


@pytest.mark.parametrize("case", CASES)
def test_gradients(case):
    model = model_of(case)
    x = data_of(model)
    model.set_weights(weights_of(model))
    model.compile("sgd", losses.MeanSquaredError())
    y = numbers(model.predict(x).shape, 2.0)
    if case not in OTHER_IN_TRAINING:
        trained = [weight for weight in model.weights if weight.trainable]
        assert trained
        if len(trained) == len(model.weights):
            assert_gradients_are_differences(model, x, y)
        return
    trainer = model._setup.trainer(model)
    data = Reader(model, model._setup.objective).arrays(x, y, None)
    for weight, gradient in zip(model.weights, model.compute_gradients(x, y), strict=True):
        for index in np.ndindex(weight.shape) if weight.trainable else ():
            losses_there = []
            for sign in (1, -1):
                weight.value[index] += sign * 1e-5
                total, count, *_ = trainer.gradients(data)
                weight.value[index] -= sign * 1e-5
                losses_there.append(total / count)
            expected = (losses_there[0] - losses_there[1]) / 2e-5
            assert gradient[index] == pytest.approx(expected, rel=1e-5, abs=1e-8), (weight, index)


@pytest.mark.parametrize("case", CASES)
def test_files_and_configurations(case, tmp_path):
    model = model_of(case)
    model.compile("adam", "mse")
    x = data_of(model)
    y = numbers(model.predict(x).shape, 2.0)
    model.train_on_batch(x, y)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    for one in (model, again):
        one.train_on_batch(x, y)
    for one, two in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert "Total params" in _summary(model)


def _summary(model):
    lines = []
    model.summary(print_fn=lines.append)
    return "\n".join(lines)
