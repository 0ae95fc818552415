"""Dropout: only in trainings, the same for the same seed, and with right gradients."""

import numpy as np
import pytest

from fastrnn import layers, seeding
from fastrnn.layers import GRU, Bidirectional, Dense, Dropout, Input, SimpleRNN
from fastrnn.layers.dropout.random import DropoutRandom
from fastrnn.models import Model, Sequential, load_model
from fastrnn.models.source import Data
from tests import recorded
from tests.compare import assert_same_bits
from tests.keras_oracle import double_precision, require_keras
from tests.tolerances import RECORDED

from .recurrent import RECURRENT

RNG = np.random.default_rng(71)
X, Y = RNG.normal(size=(24, 6, 3)), RNG.normal(size=(24, 2))


def model_of(*layers, dtype="float64"):
    model = Sequential([Input((6, 3), dtype=dtype), *layers])
    model.compile("sgd", "mse")
    return model


def forward_in_training(model, x, y):
    """Return what a training's forward pass puts out."""
    batch = model._setup.trainer(model).batches.for_data([x])
    batch.load([x], [y], [None])
    batch.forward(True)
    return batch.outputs[0].copy()


def test_it_drops_its_share_and_scales_up_the_rest():
    model = model_of(Dropout(0.3, seed=4))
    x = np.ones((200, 6, 3))
    found = forward_in_training(model, x, x)
    assert set(np.unique(found)) == {0, 1 / 0.7}
    assert (found == 0).mean() == pytest.approx(0.3, abs=0.03)
    assert not np.array_equal(forward_in_training(model, x, x), found)
    np.testing.assert_array_equal(model.predict(x), x)
    assert model.evaluate(x, x, verbose=0) == 0


@pytest.mark.parametrize(("rate", "expected"), [(0, X), (1, 0 * X)])
def test_rates_at_the_ends(rate, expected):
    model = model_of(Dropout(rate))
    np.testing.assert_array_equal(forward_in_training(model, X, X), expected)
    np.testing.assert_array_equal(model.predict(X), X)


def test_a_recurrent_layer_drops_features_of_a_whole_sequence():
    model = model_of(SimpleRNN(4, dropout=0.5, seed=2, use_bias=False))
    seen = []
    batch = model._setup.trainer(model).batches.for_data([X])
    batch.load([X], [Y @ np.ones((2, 4))], [None])
    batch.forward(True)
    dropped = batch._wiring._steps[0].x[..., :3].transpose(1, 0, 2)
    seen = dropped != 0
    np.testing.assert_array_equal(dropped, np.where(seen, X * 2, 0))
    assert (seen == seen[:, :1]).all()
    assert 0.2 < seen.mean() < 0.8


@pytest.mark.parametrize(
    "row",
    [
        [Dense(4), Dropout(0.4, seed=1), SimpleRNN(3), Dropout(0.4, seed=2), Dense(2)],
        [Dense(4), GRU(3, dropout=0.4, seed=3, return_sequences=True), GRU(2, dropout=0.4, seed=1)],
        [Dense(4), Bidirectional(GRU(3, dropout=0.4, seed=3)), Dense(2)],
        [Dense(4), layers.GaussianDropout(0.4, seed=1), Dense(3), layers.AlphaDropout(0.4, seed=2)],
        [Dense(4), layers.GaussianNoise(0.4, seed=1), Dense(2)],
    ],
)
def test_gradients_go_where_numbers_went(row):
    """With the same draws on both sides of every difference."""
    model = model_of(*row)
    y = np.zeros((len(X), *model.output_shape[1:]))
    trainer, data = model._setup.trainer(model), Data([X], [y + 0.3], [None])

    def loss():
        trainer.begin_epoch(np.random.SeedSequence(5))
        total, count, *_ = trainer.gradients(data)
        return total / count

    loss()
    found = [view.copy() for view in trainer.vector.views(trainer.vector.gradients)]
    for weight, gradient in zip(model.weights, found, strict=True):
        for index in list(np.ndindex(weight.shape))[::3]:
            values = []
            for step in (1e-5, -1e-5):
                weight.value[index] += step
                values.append(loss())
                weight.value[index] -= step
            expected = (values[0] - values[1]) / 2e-5
            assert gradient[index] == pytest.approx(expected, rel=1e-6, abs=1e-8)


def trained(seed, *spans, own=None, dtype="float32"):
    """Return the weights after a training in pieces, each with the same seed."""
    seeding.set_seed(seed)
    model = model_of(
        GRU(4, dropout=0.2, return_sequences=True, seed=own),
        Dropout(0.5, seed=own),
        SimpleRNN(3),
        Dense(2),
        dtype=dtype,
    )
    for start, end in spans:
        seeding.set_seed(seed)
        model.fit(X, Y, batch_size=7, initial_epoch=start, epochs=end, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("own", [None, 3])
def test_a_seed_decides_and_a_training_can_go_on(own):
    whole = trained(1, (0, 3), own=own)
    assert_same_bits(trained(1, (0, 3), own=own), whole)
    assert_same_bits(trained(1, (0, 1), (1, 3), own=own), whole)
    assert not np.array_equal(trained(2, (0, 3), own=own)[0], whole[0])
    assert not np.array_equal(trained(1, (0, 3), own=7)[0], whole[0])


def test_without_shuffling_too():
    def weights():
        seeding.set_seed(5)
        model = model_of(Dropout(0.5), SimpleRNN(3), Dense(2))
        model.fit(X, Y, shuffle=False, epochs=2, verbose=0)
        return model.get_weights()

    assert_same_bits(weights(), weights())


def test_a_layer_of_its_own_seed_draws_alike_for_every_seed_of_the_program():
    def output(seed):
        seeding.set_seed(seed)
        return forward_in_training(model_of(Dropout(0.5, seed=8)), X, X)

    np.testing.assert_array_equal(output(1), output(2))


@pytest.mark.parametrize("cell", RECURRENT)
def test_they_live_in_files(tmp_path, cell):
    model = model_of(
        RECURRENT[cell](4, dropout=0.25, seed=6, go_backwards=True), Dropout(0.5, seed=1), Dense(2)
    )
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.layers[0].dropout == 0.25
    assert again.layers[1].rate == 0.5


def test_behind_a_tensor_with_two_uses():
    data = Input((6, 3), dtype="float64")
    states = SimpleRNN(3, return_sequences=True)(data)
    model = Model(data, [Dropout(0.5, seed=1)(states), states])
    one, other = model.predict(X)
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Dropout(1.5), ValueError, "rate of Dropout is 1.5; it should be a number from 0"),
        (lambda: Dropout("0.5"), TypeError, "rate of Dropout is '0.5'"),
        (lambda: Dropout(0.5, seed=-1), ValueError, "seed is -1"),
        (lambda: GRU(2, dropout=-0.1), ValueError, "dropout of GRU is -0.1"),
        (lambda: GRU(2, recurrent_dropout=1.1), ValueError, "recurrent_dropout of GRU is 1.1"),
        (lambda: SimpleRNN(2, recurrent_dropout="x"), TypeError, "recurrent_dropout of SimpleRNN"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()


#: The layers whose draws can be given to Keras too.
NOISES = {
    "GaussianNoise": lambda k: k.GaussianNoise(0.4),
    "GaussianDropout": lambda k: k.GaussianDropout(0.3),
    "AlphaDropout": lambda k: k.AlphaDropout(0.3),
}


def draws(shape):
    """Return numbers from 0 to 1 in place of random ones, batch first."""
    return np.abs(np.sin(1.0 + np.arange(np.prod(shape)))).reshape(shape)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", NOISES)
def test_noise_is_keras_s(case, dtype, monkeypatch):
    def fill(self, out, normal=False):
        time, batch, features = out.shape
        out[...] = draws((batch, time, features)).swapaxes(0, 1)

    monkeypatch.setattr(DropoutRandom, "fill", fill)
    model = model_of(Dense(2, "tanh"), NOISES[case](layers), dtype=dtype)
    model.set_weights([np.sin(np.arange(6.0)).reshape(3, 2), [0.1, -0.2]])
    x, y = draws((4, 6, 3)) - 0.5, draws((4, 6, 2))
    found = {
        "answers": forward_in_training(model, x, y),
        "gradients": model.compute_gradients(x, y),
    }
    # The draws are float32 in both types.
    recorded.assert_alike(found, recorded.load("keras_layers", case), RECORDED[np.dtype("float32")])


@pytest.mark.slow
@pytest.mark.parametrize("case", NOISES)
def test_keras_says_so_of_noise(case, monkeypatch):
    keras = require_keras()
    from keras.src import backend

    def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
        return keras.ops.convert_to_tensor(mean + stddev * draws(tuple(shape)))

    monkeypatch.setattr(backend.random, "normal", normal)
    monkeypatch.setattr(
        backend.random,
        "uniform",
        lambda shape, *others, **options: keras.ops.convert_to_tensor(draws(tuple(shape))),
    )
    with double_precision():
        import jax

        dense, noise = keras.layers.Dense(2, activation="tanh"), NOISES[case](keras.layers)
        x, y = draws((4, 6, 3)) - 0.5, draws((4, 6, 2))
        dense.build(x.shape)
        weights = [np.sin(np.arange(6.0)).reshape(3, 2), np.array([0.1, -0.2])]

        def answers(weights):
            hidden, _ = dense.stateless_call(weights, [], x)
            return noise(hidden, training=True)

        def loss(weights):
            return ((answers(weights) - y) ** 2).mean()

        found = {"answers": answers(weights), "gradients": jax.grad(loss)(weights)}
        recorded.check("keras_layers", case, found, RECORDED[np.dtype("float64")])
