"""Models that are no chain: several inputs and outputs, tensors that are used twice."""

import numpy as np
import pytest

from fastrnn.layers import GRU, LSTM, Activation, Dense, Input, SimpleRNN
from fastrnn.models import Model, Sequential, load_model
from tests.layers.test_gradients import assert_gradients_are_differences, randomised

from .builders import tagger

RNG = np.random.default_rng(31)
X, PREFIX = RNG.normal(size=(5, 6, 3)), RNG.normal(size=(5, 4, 2))
STEPS, LAST = RNG.normal(size=(5, 4, 2)), RNG.normal(size=(5, 4))


def encoder_decoder(outputs=1, cell=GRU):
    """Return a model with two inputs, whose decoder begins where the encoder ends."""
    source = Input((None, 3), dtype="float64", name="source")
    prefix = Input((None, 2), dtype="float64", name="prefix")
    _, *state = cell(4, return_state=True)(source)
    decoder = cell(4, return_sequences=True, return_state=True)
    states, *last = decoder(prefix, initial_state=state)
    answers = [Dense(2, name="steps")(states), *last]
    model = Model([source, prefix], answers[:outputs] if outputs > 1 else answers[0])
    return randomised(model, np.random.default_rng(32))


def test_inputs_come_as_lists_or_by_name():
    model = encoder_decoder()
    assert [layer.name for layer in model.layers] == ["source", "prefix", "gru_1", "gru_2", "steps"]
    assert model.input_shape == [(None, None, 3), (None, None, 2)]
    found = model.predict([X, PREFIX])
    assert found.shape == (5, 4, 2)
    np.testing.assert_array_equal(model.predict((X, PREFIX), batch_size=2), found)
    np.testing.assert_array_equal(model.predict({"prefix": PREFIX, "source": X}), found)


@pytest.mark.parametrize("cell", [GRU, LSTM])
def test_gradients_go_through_states(cell):
    model = encoder_decoder(cell=cell)
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, [X, PREFIX], STEPS)


def test_gradients_of_the_last_cells():
    """An LSTM's second state has a loss of its own, alone and beside the others."""
    model = encoder_decoder(outputs=3, cell=LSTM)
    for weights in ([1, 0.5, 2], [0, 0, 1]):
        model.compile("sgd", ["mse"] * 3, loss_weights=weights)
        y = [STEPS, LAST, 3 * LAST]
        gradients = model.compute_gradients([X, PREFIX], y)
        if weights[0]:
            assert_gradients_are_differences(model, [X, PREFIX], y)
        else:
            assert all(np.abs(gradient).max() > 0 for gradient in gradients[:6])
            assert not any(gradient.any() for gradient in gradients[6:])


@pytest.mark.parametrize(
    ("losses", "y"),
    [
        (["mse", None], STEPS),
        ({"steps": "mse"}, STEPS),
        (["mse", "mse"], [STEPS, LAST]),
        ("mse", {"steps": STEPS, "gru_2_1": LAST}),
    ],
)
def test_losses_of_several_outputs(losses, y):
    model = encoder_decoder(outputs=2)
    model.compile("sgd", losses, loss_weights=[1, 0.5])
    assert_gradients_are_differences(model, [X, PREFIX], y)


@pytest.mark.parametrize("weight", [2.5, [2.5]])
def test_the_weight_of_a_single_loss_is_part_of_what_is_reported(weight):
    """As in Keras, and so that the loss is the one that is trained."""
    reported = []
    for options in ({}, {"loss_weights": weight}):
        model = Sequential([Input((3,)), Dense(1, weights=[np.ones((3, 1)), np.ones(1)])])
        model.compile("sgd", "mse", ["mse"], **options)
        x, y = np.eye(3), np.zeros((3, 1))
        found = [model.evaluate(x, y, verbose=0), model.test_on_batch(x, y)]
        history = model.fit(x, y, epochs=1, validation_data=(x, y), verbose=0).history
        reported.append([*np.ravel(found), history["loss"][0], history["mse"][0]])
    factors = [2.5, 1, 2.5, 1, 2.5, 1]
    np.testing.assert_allclose(reported[1], np.multiply(reported[0], factors), rtol=1e-6)


def test_what_several_losses_report():
    model = encoder_decoder(outputs=2)
    model.compile("sgd", "mse", {"steps": ["mse"]}, loss_weights={"gru_2_1": 0.25})
    history = model.fit([X, PREFIX], [STEPS, LAST], batch_size=2, epochs=2, verbose=0).history
    assert list(history) == ["gru_2_1_loss", "loss", "steps_loss", "steps_mse"]
    for whole, one, other in zip(
        history["loss"], history["steps_loss"], history["gru_2_1_loss"], strict=True
    ):
        assert whole == pytest.approx(one + 0.25 * other, rel=1e-12)
    assert history["steps_mse"] == pytest.approx(history["steps_loss"])
    found = model.predict([X, PREFIX])
    values = model.evaluate([X, PREFIX], [STEPS, LAST], verbose=0, return_dict=True)
    assert values["steps_loss"] == pytest.approx(np.square(found[0] - STEPS).mean())
    assert values["gru_2_1_loss"] == pytest.approx(np.square(found[1] - LAST).mean())


def test_a_tensor_that_is_used_twice_gets_both_gradients():
    x = Input((None, 3), dtype="float64")
    states = Dense(4, "tanh")(x)
    _, first = SimpleRNN(4, return_state=True)(states)
    y = SimpleRNN(4)(states, initial_state=first)
    model = randomised(Model(x, [y, Activation("tanh")(states), first]), RNG)
    model.compile("sgd", "mse")
    y = [RNG.normal(size=(5, 4)), RNG.normal(size=(5, 6, 4)), RNG.normal(size=(5, 4))]
    assert_gradients_are_differences(model, X, y)


def test_names_that_were_made_up_step_aside():
    x = Input((3,))
    y = Dense(2, name="dense_2")(x)
    model = Model([x, Input((3,)), extra := Input((3,))][::2], [Dense(1)(x), y, Dense(2)(extra)])
    assert [layer.name for layer in model.layers] == [
        "input_1",
        "input_2",
        "dense_1",
        "dense_2",
        "dense_3",
    ]


def test_a_graph_lives_in_a_file(tmp_path):
    model = encoder_decoder(outputs=2)
    model.compile("adam", ["mse", None], ["mse"])
    model.fit([X, PREFIX], STEPS, verbose=0)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.get_config() == model.get_config()
    for one, two in zip(again.predict([X, PREFIX]), model.predict([X, PREFIX]), strict=True):
        np.testing.assert_array_equal(one, two)
    for one in (model, again):
        one.train_on_batch([X, PREFIX], STEPS)
    for one, two in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_parts_of_a_trained_model_work_alone():
    """The way of inference: encode once, then decode step by step."""
    model = encoder_decoder()
    source, prefix = model.inputs
    encode = Model(source, model.get_layer("gru_1").output[1])
    before = Input((4,), dtype="float64", name="before")
    decoder, steps = model.get_layer("gru_2"), model.get_layer("steps")
    states, after = decoder(prefix, initial_state=before)
    decode = Model([prefix, before], [steps(states), after])
    state, found = encode.predict(X), []
    for step in range(PREFIX.shape[1]):
        answer, state = decode.predict([PREFIX[:, step : step + 1], state])
        found.append(answer)
    expected = model.predict([X, PREFIX])
    np.testing.assert_allclose(np.concatenate(found, axis=1), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda m: m.predict(X), ValueError, "x holds 1 array; it should be a list of 2.*source"),
        (lambda m: m.predict([X, PREFIX, X]), ValueError, "x holds 3 arrays"),
        (lambda m: m.predict({"source": X}), ValueError, r"x has the names \['source'\]"),
        (lambda m: m.predict([X, PREFIX[:3]]), ValueError, r"holds \[5, 3\] samples"),
        (lambda m: m.predict([X, X]), ValueError, r"x\[1\] has shape \(5, 6, 3\)"),
        (lambda m: m.fit([X, PREFIX], STEPS), ValueError, "y holds 1 array; .*each loss: steps"),
        (lambda m: m.fit([X, PREFIX], [STEPS, STEPS]), ValueError, r"y\[1\] has shape"),
        (lambda m: m.compile("sgd", ["mse"]), ValueError, "loss holds 1 entries"),
        (lambda m: m.compile("sgd", {"step": "mse"}), ValueError, "loss names 'step'"),
        (lambda m: m.compile("sgd", [None, None]), ValueError, "loss is None"),
        (lambda m: m.compile("sgd", "mse", loss_weights=2), TypeError, "loss_weights is 2"),
        (
            lambda m: m.compile("sgd", "mse", loss_weights=["a", 1]),
            TypeError,
            "loss_weights of steps is 'a'",
        ),
        (
            lambda m: m.fit([X, PREFIX], [STEPS, LAST], class_weight={0: 1}),
            ValueError,
            "one loss",
        ),
        (
            lambda m: GRU(4)(m.inputs[0], initial_state=m.outputs[0]),
            ValueError,
            r"initial_state of gru has the shapes \[\(None, None, 2\)\].* \(None, 4\)",
        ),
        (
            lambda m: Sequential([Input((None, 3)), GRU(4, return_state=True)]),
            ValueError,
            "has 2 outputs",
        ),
        (lambda m: Dense(2).output, AttributeError, "call it on one first"),
    ],
)
def test_errors(act, error, message):
    model = encoder_decoder(outputs=2)
    model.compile("sgd", "mse")
    with pytest.raises(error, match=message):
        act(model)


def test_an_array_in_a_list_is_an_array():
    model, x = tagger(), np.zeros((2, 6, 1))
    np.testing.assert_array_equal(model.predict([x]), model.predict(x))


def test_an_input_that_no_output_follows_from_is_read_and_left(tmp_path):
    x, unused = Input((5, 3), name="x"), Input((2,), name="unused")
    model = Model([x, unused], GRU(2)(x))
    model.compile("sgd", "mse")
    data = [np.ones((4, 5, 3)), np.ones((4, 2))]
    alone = Model(x, model.layers[-1](x))
    np.testing.assert_array_equal(model.predict(data), alone.predict(data[0]))
    model.fit({"x": data[0], "unused": data[1]}, np.ones((4, 2)), verbose=0)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(data), model.predict(data))
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    with pytest.raises(ValueError, match=r"unused|input"):
        model.predict(data[:1])
