"""Models as parts of other models, and on arrays; layers and models that are called twice."""

import copy
import pickle

import numpy as np
import pytest

from fastrnn.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    Layer,
    Masking,
    TimeDistributed,
    concatenate,
    subtract,
)
from fastrnn.models import Model, Sequential, load_model
from fastrnn.models.reading import Reader
from tests.layers.test_gradients import assert_gradients_are_differences, randomised

RNG = np.random.default_rng(9)
X, OTHER, Y = RNG.normal(size=(4, 5, 3)), RNG.normal(size=(4, 5, 3)), RNG.normal(size=(4, 2))


def encoder(name="encoder"):
    return Sequential([Input((None, 3), dtype="float64"), GRU(4), Dense(3, "tanh")], name=name)


def siamese(encode):
    """Return a model whose two inputs go through one encoder."""
    one, other = Input((5, 3), dtype="float64"), Input((5, 3), dtype="float64")
    ends = [encode(one), encode(other)]
    return Model([one, other], Dense(2)(concatenate([*ends, subtract(ends)])))


def test_a_model_called_twice_has_one_set_of_weights_and_the_sum_of_gradients():
    encode = encoder()
    model = randomised(siamese(encode), RNG)
    assert model.get_layer("encoder") is encode
    assert [weight.shape for weight in model.get_weights()].count((4, 3)) == 1
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, [X, OTHER], Y)
    before = encode.predict(X)
    model.fit([X, OTHER], Y, verbose=0)
    assert (encode.predict(X) != before).all()


def test_input_and_output_of_a_layer_are_those_of_its_first_call():
    first, second, layer = Input((5, 3)), Input((7, 3)), GRU(2)
    answer = layer(first)
    layer(second)
    assert layer.input is first
    assert layer.output is answer


def test_it_answers_as_its_parts_do():
    encode = encoder()
    model = randomised(siamese(encode), RNG)
    one, other = encode.predict(X), encode(OTHER)
    kernel, bias = model.layers[-1].get_weights()
    expected = np.concatenate([one, other, one - other], axis=1) @ kernel + bias
    np.testing.assert_allclose(model.predict([X, OTHER]), expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(model([X, OTHER]), model.predict([X, OTHER]))


@pytest.mark.parametrize("way", ["file", "deepcopy", "pickle"])
@pytest.mark.parametrize("name", ["encoder", "sequential"])
def test_copies(way, name, tmp_path):
    model = siamese(encoder(name))
    model.compile("adam", "mse")
    model.train_on_batch([X, OTHER], Y)
    if way == "file":
        model.save(tmp_path / "model")
        twin = load_model(tmp_path / "model")
    else:
        twin = copy.deepcopy(model) if way == "deepcopy" else pickle.loads(pickle.dumps(model))
    assert twin.get_config() == model.get_config()
    for one in (model, twin):
        one.train_on_batch([X, OTHER], Y)
    for one, two in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    lines = []
    twin.summary(print_fn=lines.append)
    assert any("(Sequential)" in line for line in lines)


def test_deeper_still(tmp_path):
    """A model in a model in a wrapper in a model, over tokens of three axes."""
    words = Input((6,), dtype="int32")
    encode = Model(words, GRU(4)(Embedding(9, 3, mask_zero=True, dtype="float64")(words)), "words")
    sentences = Input((3, 6), dtype="int32")
    states = GRU(5, dtype="float64")(TimeDistributed(encode)(sentences))
    whole = Model(sentences, states, name="sentences")
    start = Input((3, 6), dtype="int32")
    model = randomised(Model(start, Dense(2)(Dropout(0.0)(whole(start)))), RNG)
    x = RNG.integers(0, 9, (4, 3, 6))
    rows = np.stack([encode.predict(x[:, sentence]) for sentence in range(3)], axis=1)
    gru = whole.layers[-1]
    np.testing.assert_allclose(whole.predict(x), gru(rows), rtol=1e-12)
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, x, Y)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    with pytest.raises(ValueError, match="token 9"):
        model.predict(x + 1)


def test_masks_and_several_ends_go_through_models():
    a, b = Input((None, 3), dtype="float64"), Input((4,), dtype="float64")
    states, last = LSTM(4, return_sequences=True, return_state=True)(a)[:2]
    inner = Model([a, b], [states, Dense(4)(subtract([last, b]))], name="inner")
    x, y = Input((None, 3), dtype="float64"), Input((4,), dtype="float64")
    sequence, row = inner([Masking()(x), y])
    model = randomised(Model([x, y], [GRU(2)(sequence), row]), RNG)
    data = X.copy()
    data[1, 3:] = data[2, 1:] = 0
    model.compile("sgd", ["mse", "mse"])
    targets = [RNG.normal(size=(4, 2)), RNG.normal(size=(4, 4))]
    assert_gradients_are_differences(model, [data, targets[1]], targets)
    short = model.predict([data[1:2, :3], targets[1][1:2]])
    for one, two in zip(short, model.predict([data, targets[1]]), strict=True):
        np.testing.assert_allclose(one[0], two[1], rtol=1e-12)


def test_a_frozen_part_keeps_its_bits():
    encode = encoder()
    model = siamese(encode)
    model.compile("adam", "mse")
    encode.trainable = False
    frozen = encode.get_weights()
    model.fit([X, OTHER], Y, verbose=0)
    for one, two in zip(frozen, encode.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert len(model.trainable_weights) == 2
    encode.trainable = True
    model.fit([X, OTHER], Y, verbose=0)
    assert (encode.get_weights()[0] != frozen[0]).any()


def test_moving_means_within():
    inner = Sequential([Input((5, 3)), BatchNormalization(momentum=0.5), Flatten()])
    model = Sequential([Input((5, 3)), inner, Dense(2)])
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    np.testing.assert_allclose(
        inner.layers[0].get_weights()[2], 0.5 * X.mean(axis=(0, 1)), rtol=1e-5
    )


def test_a_sequential_grows_and_shrinks():
    model = Sequential([Input((None, 3)), GRU(4), Dense(2)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert model.input is model.inputs[0]
    assert model.output.shape == (None, 2)
    dense = model.pop()
    assert model.predict(X).shape == (4, 4)
    model.add(Dense(1))
    assert dense not in model.layers
    model.compile("sgd", "mse")
    model.fit(X, Y[:, :1], verbose=0)
    empty = Sequential([GRU(2)])
    empty.pop()
    with pytest.raises(RuntimeError, match="none to take away"):
        empty.pop()
    unbuilt = Sequential([GRU(2)])
    assert unbuilt(X).shape == (4, 2)
    assert Sequential([GRU(2)])(Input((None, 3))).shape == (None, 2)


def test_data_tells_a_sequential_what_it_has_to_know():
    model = Sequential([GRU(4, return_sequences=True), Flatten(), Dense(2)])
    assert model.predict(X).shape == (4, 2)
    assert model.input_shape == (None, 5, 3)
    # Where no layer has to know how many steps there are, any number will do.
    model = Sequential([GRU(4), Dense(2)])
    model.predict(X)
    assert model.input_shape == (None, None, 3)
    model = Sequential([TimeDistributed(LSTM(4)), GRU(2)])
    assert model.predict(RNG.normal(size=(2, 3, 5, 1))).shape == (2, 2)
    model = Sequential([TimeDistributed(Embedding(9, 3)), TimeDistributed(GRU(2))])
    assert model.predict(RNG.integers(0, 9, (2, 3, 4))).shape == (2, 3, 2)
    with pytest.raises(ValueError, match=r"it should be \(None, time, features\)"):
        Sequential([GRU(4)]).predict(X[0])


def test_processes_do_not_share_what_takes_all_samples_together():
    class Two:
        size, rank, is_first = 2, 0, True

    model = Sequential([Input((5, 3)), Sequential([Input((5, 3)), BatchNormalization()])])
    model.compile("sgd", "mse")
    reader = Reader(model, model._setup.objective)
    with pytest.raises(ValueError, match="takes all samples of a batch together"):
        reader.samples(reader.arrays(X, X, None), 2, group=Two())


def test_a_nested_model_in_a_stream():
    inner = Sequential([Input((None, 3)), GRU(4, return_sequences=True)])
    model = Sequential([Input((None, 3)), inner, Dense(2)])
    stream = model.stream()
    x = X.astype("float32")
    np.testing.assert_array_equal(stream(x[0]), model.predict(x)[0])


def test_training_changes_what_is_random_within():
    inner = Sequential([Input((5, 3)), Dropout(0.5, seed=1), Flatten()])
    model = Sequential([Input((5, 3)), inner])
    assert (model(X, training=True) == 0).any()
    assert not (model(X) == 0).any()


def test_errors():
    inner = siamese(encoder())
    with pytest.raises(ValueError, match="the model has inputs of"):
        inner(Input((5, 3), dtype="float64"))
    with pytest.raises(ValueError, match=r"the model has inputs of \[\(None, None, 3\)\]"):
        encoder()(Input((5, 2), dtype="float64"))
    assert isinstance(inner._as_layer(), Layer)
