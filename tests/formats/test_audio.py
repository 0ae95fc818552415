"""JSON of RTNeural, AIDA-X, Neural Amp Modeler and amp models, read and written."""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn import reference
from fastrnn.layers import (
    GRU,
    LSTM,
    Activation,
    Add,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Dropout,
    Input,
    LeakyReLU,
    PReLU,
    SimpleRNN,
    TimeDistributed,
)
from fastrnn.models import CheckpointError, Model, Sequential, load_model

#: Public files that others trained, with the answers of the programs that they are for.
DATA = Path(os.environ.get("FASTRNN_MODELS_DATA", ""))
needs_data = pytest.mark.skipif(
    not (DATA / "rtneural").is_dir(), reason="FASTRNN_MODELS_DATA names no folder of model files"
)

rng = np.random.default_rng(8)


def numbers(*shape):
    return rng.normal(scale=0.5, size=shape).astype(np.float32)


def saved(tmp_path, content, name="model.json"):
    path = tmp_path / name
    path.write_text(json.dumps(content, default=lambda array: array.tolist()))
    return path


def sound(features=1, samples=1, steps=40):
    return np.random.default_rng(9).normal(size=(samples, steps, features)).astype(np.float32)


def rtneural(kind, weights, units, features=2, activation="", **options):
    layer = {"type": kind, "activation": activation, "shape": [None, None, units]}
    return {
        "in_shape": [None, None, features],
        "layers": [{**layer, "weights": weights, **options}],
    }


@needs_data
@pytest.mark.parametrize("name", ["gru", "gru_1d", "lstm", "lstm_1d"])
def test_rtneurals_own_answers(name):
    folder = DATA / "rtneural"
    model = load_model(folder / f"{name}.json")
    x = np.loadtxt(folder / f"{name}_x_python.csv").reshape(1, -1, 1)
    y = np.loadtxt(folder / f"{name}_y_python.csv")
    np.testing.assert_allclose(model.predict(x, verbose=0).ravel(), y, rtol=0, atol=1e-6)
    found = model.stream()(x[0].astype(np.float32)).ravel()
    np.testing.assert_allclose(found, y, rtol=0, atol=1e-6)


@needs_data
def test_real_files_of_other_programs():
    with pytest.warns(UserWarning, match="sample_rate is 48000, which is no part of the model"):
        model = load_model(DATA / "nam" / "lstm.nam")
    weights = np.array(json.loads((DATA / "nam" / "lstm.nam").read_text())["weights"])
    assert model.count_params() == weights.size
    np.testing.assert_array_equal(model.get_weights()[3], weights[60:63].astype(np.float32))
    with pytest.raises(CheckpointError, match=r"weights alone.*load_state_dict"):
        load_model(DATA / "rtneural" / "gru_torch.json")


def test_a_gru_has_keras_order_of_gates_and_both_biases(tmp_path):
    kernel, recurrent, bias = numbers(2, 9), numbers(3, 9), numbers(2, 9)
    model = load_model(saved(tmp_path, rtneural("gru", [kernel, recurrent, bias], 3)))
    for a, b in zip(model.get_weights(), (kernel, recurrent, bias), strict=True):
        np.testing.assert_array_equal(a, b)  # which speak Keras's order as well
    assert model.layers[-1].reset_after


def test_convolutions_see_no_later_step(tmp_path):
    content = rtneural(
        "conv1d", [numbers(3, 2, 4), numbers(4)], 4, kernel_size=[3], dilation=[2], groups=1
    )
    model = load_model(saved(tmp_path, content))
    assert (model.layers[-1].padding, model.layers[-1].dilation_rate) == ("causal", 2)
    # A file whose steps become fewer is of a convolution without a state.
    content["in_shape"] = [None, 20, 2]
    content["layers"][0]["shape"] = [None, 16, 4]
    assert load_model(saved(tmp_path, content)).layers[-1].padding == "valid"


def test_slopes_and_normalizations(tmp_path):
    content = rtneural("prelu", [[[0.5, -0.25]]], 2)
    batch = [numbers(2), numbers(2), numbers(2), np.array([4.0, 9.0])]
    content["layers"] += rtneural("batchnorm", batch, 2, epsilon=5.0)["layers"]
    content["layers"] += rtneural("activation", [], 2, activation="elu")["layers"]
    model, x = load_model(saved(tmp_path, content)), sound(2)
    slopes = np.where(x >= 0, x, x * np.array([0.5, -0.25]))
    normal = (slopes - batch[2]) / np.sqrt(batch[3] + 5) * batch[0] + batch[1]
    wanted = np.where(normal > 0, normal, np.expm1(np.minimum(normal, 0)))
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=1e-5, atol=1e-6)
    stream = model.stream()
    np.testing.assert_allclose(stream(x[0]), wanted[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("features", [1, 3])
def test_gains_and_the_skip_of_aida_x(tmp_path, features):
    content = rtneural("dense", [numbers(features, 1), numbers(1)], 1, features)
    content |= {"in_skip": 1, "in_gain": -6.0, "out_gain": 3.0}
    model, x = load_model(saved(tmp_path, content)), sound(features)
    loud = x.copy()
    loud[..., 0] *= 10 ** (-6 / 20)
    kernel, bias = content["layers"][0]["weights"]
    wanted = (loud @ kernel + bias + loud[..., :1]) * 10 ** (3 / 20)
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=1e-5, atol=1e-6)


def nam(layers=2, n_x=1, units=3, outputs=1):
    count = sum(
        4 * units * ((units if layer else n_x) + units + 1) + 2 * units for layer in range(layers)
    )
    config = {"input_size": n_x, "hidden_size": units, "num_layers": layers}
    if outputs > 1:
        config["out_channels"] = outputs
    weights = numbers(count + outputs * (units + 1))
    return {"version": "0.5.4", "architecture": "LSTM", "config": config, "weights": weights}


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(("n_x", "outputs"), [(1, 1), (2, 3)])
def test_neural_amp_modeler_begins_with_learned_states(tmp_path, layers, n_x, outputs):
    units = 3
    content = nam(layers, n_x, units, outputs)
    model = load_model(saved(tmp_path, content, "amp.nam"))
    x = sound(n_x)
    weights, states = list(content["weights"].astype(float)), x[0].T[:, np.newaxis].astype(float)

    def take(*shape):
        found = np.array(weights[: int(np.prod(shape))]).reshape(shape)
        del weights[: found.size]
        return found

    for _ in range(layers):
        kernels, bias = take(4 * units, len(states) + units), take(4 * units, 1)
        parameters = {"Wx": kernels[:, : len(states)], "Ws": kernels[:, len(states) :], "bs": bias}
        first, cell = take(units, 1), take(units, 1)
        states, _, _, _ = reference.lstm_forward(states, first, parameters, C_0=cell)
    wanted = (take(outputs, units) @ states[:, 0] + take(outputs, 1)).T
    assert not weights
    found = model.predict(x, verbose=0)[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    stream = model.stream()
    np.testing.assert_allclose([stream(step) for step in x[0]], wanted, rtol=1e-5, atol=1e-6)


def amp(unit_type="LSTM", n_x=1, skip=1, layers=1, bias=True, units=4):
    rows = {"LSTM": 4, "GRU": 3, "RNN": 1}[unit_type] * units
    state = {}
    for layer in range(layers):
        state[f"rec.weight_ih_l{layer}"] = numbers(rows, units if layer else n_x)
        state[f"rec.weight_hh_l{layer}"] = numbers(rows, units)
        if bias:
            state |= {f"rec.bias_{which}_l{layer}": numbers(rows) for which in ("ih", "hh")}
    state |= {"lin.weight": numbers(1, units)} | ({"lin.bias": numbers(1)} if bias else {})
    data = {"model": "SimpleRNN", "input_size": n_x, "skip": skip, "output_size": 1}
    data |= {"unit_type": unit_type, "num_layers": layers, "hidden_size": units, "bias_fl": bias}
    return {"model_data": data, "state_dict": state}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("n_x", "skip"), [(1, 1), (2, 1), (2, 0)])
@pytest.mark.parametrize("unit_type", ["LSTM", "GRU", "RNN"])
def test_amp_models_agree_with_pytorch(tmp_path, unit_type, n_x, skip, bias):
    torch = pytest.importorskip("torch", exc_type=ImportError)
    content = amp(unit_type, n_x, skip, 2, bias)
    model, x = load_model(saved(tmp_path, content)), sound(n_x)
    rec = getattr(torch.nn, unit_type)(n_x, 4, 2, batch_first=True, bias=bias)
    lin = torch.nn.Linear(4, 1, bias=bias)
    module = torch.nn.ModuleDict({"rec": rec, "lin": lin})
    module.load_state_dict(
        {name: torch.from_numpy(array) for name, array in content["state_dict"].items()}
    )
    with torch.no_grad():
        source = torch.from_numpy(x)
        wanted = lin(rec(source)[0]) + (source[..., :skip] if skip else 0)
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=1e-5, atol=1e-6)


def change(*path, to):
    def made(content):
        inner = content
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to
        return content

    return made


BAD = {
    "a layer of another type": (change("layers", 0, "type", to="conv2d"), r"layer 0 \(conv2d\)"),
    "an activation": (change("layers", 0, "activation", to="gelu"), r"activation .*'gelu'"),
    "a shape": (change("layers", 0, "shape", to=[None, None, 4]), r"weights\[0\] of layer 0"),
    "no shape": (change("layers", 0, "shape", to="3"), "shape of layer 0"),
    "a text as weight": (change("layers", 0, "weights", 0, to=[["a", 1, 2]] * 2), "no number"),
    "a truth as weight": (change("layers", 0, "weights", 0, to=[[True, 1, 2]] * 2), "no number"),
    "ragged lists": (change("layers", 0, "weights", 0, to=[[1, 2, 3], [1]]), "different lengths"),
    "NaN": (change("layers", 0, "weights", 1, to=[float("nan")] * 3), "NaN is no number"),
    "too large a number": (change("layers", 0, "weights", 1, to=[10**400] * 3), "too large"),
    "one for float64 alone": (change("layers", 0, "weights", 1, to=[1e300] * 3), "dense_1/bias"),
    "one weight too many": (change("layers", 0, "weights", to=[[[1]]] * 4), "4 arrays"),
    "no weights": (change("layers", 0, "weights", to=None), "weights of layer 0"),
    "another argument": (change("layers", 0, "alpha", to=1), "alpha, which is unknown"),
    "no layers": (change("layers", to=[]), "layers is"),
    "a layer that is none": (change("layers", 0, to=3), "layer 0 has no type"),
    "no features": (change("in_shape", to=[None, None, None]), "in_shape is"),
    "a skip of two": (change("in_skip", to=2), "in_skip is '2'"),
    "a gain that is none": (change("in_gain", to="loud"), "in_gain is 'loud'"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(tmp_path, case):
    damage, message = BAD[case]
    weights = [numbers(2, 3).tolist(), numbers(3).tolist()]
    content = damage(rtneural("dense", weights, 3))
    with pytest.raises(CheckpointError, match=message):
        load_model(saved(tmp_path, content))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change("architecture", to="WaveNet"), "architecture is 'WaveNet'; fastrnn reads 'LSTM'"),
        (change("weights", to=[0.5] * 70), r"weights has shape \(70,\); it should be \("),
        (change("config", "hidden_size", to=10**9), "hidden_size is"),
        (change("config", "num_layers", to=1 << 19), "weights has shape"),
        (change("config", "head", to=3), "config has head"),
        (change("config", to=None), "config is 'None'"),
    ],
)
def test_what_is_wrong_in_a_nam_is_named(tmp_path, damage, message):
    with pytest.raises(CheckpointError, match=message):
        load_model(saved(tmp_path, damage(nam()), "amp.nam"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change("model_data", "model", to="RecNet"), "model is 'RecNet'"),
        (change("model_data", "unit_type", to="LSTMP"), "unit_type is 'LSTMP'"),
        (change("model_data", "skip", to=2), "skip is 2"),
        (change("model_data", "hidden_size", to=5), "rec.weight_ih_l0 has shape"),
        (change("model_data", "bias_fl", to=False), "holds rec.bias_hh_l0, rec.bias_ih_l0"),
        (change("model_data", "gate", to=False), "model_data has gate"),
        (change("state_dict", "lin.scale", to=[1]), "state_dict holds lin.scale"),
        (change("state_dict", to=[]), "no model_data and state_dict"),
    ],
)
def test_what_is_wrong_in_an_amp_model_is_named(tmp_path, damage, message):
    with pytest.raises(CheckpointError, match=message):
        load_model(saved(tmp_path, damage(amp())))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"a": 1, "a": 2}', "{", "{}"])
def test_json_that_cannot_be_read_gives_one_error(tmp_path, text):
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(CheckpointError):
        load_model(path)


# Writing -----------------------------------------------------------------------------------

LAYERS = st.sampled_from(
    [
        lambda n: Dense(n, "tanh"),
        lambda n: Dense(n, use_bias=False),
        lambda n: TimeDistributed(Dense(n, "softmax")),
        lambda n: GRU(n, reset_after=True, return_sequences=True),
        lambda n: GRU(n, reset_after=True, return_sequences=True, use_bias=False),
        lambda n: LSTM(n, return_sequences=True, dropout=0.2),
        lambda n: LSTM(n, return_sequences=True, use_bias=False),
        lambda n: Conv1D(2 * n, 3, padding="causal", dilation_rate=2, activation="elu"),
        lambda n: BatchNormalization(),
        lambda n: BatchNormalization(center=False, epsilon=0.1),
        lambda n: PReLU("uniform", shared_axes=[1]),
        lambda n: LeakyReLU(0.1),
        lambda n: Activation("relu"),
        lambda n: Dropout(0.5),
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.integers(1, 3), st.integers(1, 4))
def test_what_is_written_is_read_again(tmp_path_factory, kinds, features, units):
    model = Sequential([Input((None, features)), *(kind(units) for kind in kinds), Dense(2)])
    draw = np.random.default_rng(units)
    model.set_weights([draw.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    path = tmp_path_factory.mktemp("written") / "model.json"
    model.export(path)
    x = sound(features, 2, 9)
    found = load_model(path).predict(x, verbose=0)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-6, atol=1e-6)


def test_a_residual_connection_is_written_for_aida_x(tmp_path):
    x = Input((None, 1))
    model = Model(x, Add()([Dense(1)(LSTM(3, return_sequences=True)(x)), x]))
    with pytest.warns(UserWarning, match="in_skip"):
        model.export(tmp_path / "model.json")
    again = load_model(tmp_path / "model.json")
    wanted = model.predict(sound(), verbose=0)
    np.testing.assert_array_equal(again.predict(sound(), verbose=0), wanted)


def test_returned_states_that_are_not_read_are_exported(tmp_path):
    x = Input((None, 1))
    states, *_ = LSTM(3, return_sequences=True, return_state=True)(x)
    model = Model(x, Dense(1)(states))
    model.export(tmp_path / "model.json")
    again, wanted = load_model(tmp_path / "model.json"), model.predict(sound(), verbose=0)
    np.testing.assert_array_equal(again.predict(sound(), verbose=0), wanted)


REFUSED = {
    "SimpleRNN": (SimpleRNN(2, return_sequences=True), "simple_rnn_1 is a SimpleRNN"),
    "Bidirectional": (Bidirectional(LSTM(2, return_sequences=True)), "is a Bidirectional"),
    "the other GRU": (GRU(2, return_sequences=True), "reset_after of gru_1 is False"),
    "the last state alone": (LSTM(2), "return_sequences of lstm_1 is False"),
    "an activation": (LSTM(2, "relu", return_sequences=True), "activation of lstm_1 is 'relu'"),
    "an activation of gates": (
        LSTM(2, recurrent_activation="hard_sigmoid", return_sequences=True),
        "recurrent_activation of lstm_1 is 'hard_sigmoid'",
    ),
    "backwards": (LSTM(2, return_sequences=True, go_backwards=True), "go_backwards of lstm_1"),
    "a state": (LSTM(2, return_sequences=True, learn_initial_state=True), "learn_initial_state"),
    "gelu": (Dense(2, "gelu"), "activation of dense_1 is 'gelu'"),
    "steps that come later": (Conv1D(2, 3, padding="same"), "padding of conv1_d_1 is 'same'"),
    "fewer steps": (Conv1D(2, 3), "padding of conv1_d_1 is 'valid'"),
    "longer strides": (Conv1D(2, 3, padding="causal", strides=2), "strides of conv1_d_1 is 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_is_named(tmp_path, case):
    layer, message = REFUSED[case]
    again = type(layer).from_config(layer.get_config() | {"name": None})
    model = Sequential([Input((None, 1)), again])
    with pytest.raises(CheckpointError, match=message):
        model.export(tmp_path / "model.json")
    assert not (tmp_path / "model.json").exists()


def test_damaged_files_give_one_kind_of_error(tmp_path):
    draw, refused = np.random.default_rng(10), 0
    contents = [nam(), amp(), rtneural("dense", [numbers(2, 3), numbers(3)], 3)]
    texts = [saved(tmp_path, content).read_bytes() for content in contents]
    for round_ in range(200):
        text = bytearray(texts[round_ % 3])
        at = int(draw.integers(len(text)))
        if round_ % 2:
            del text[at : at + int(draw.integers(1, 40))]
        else:
            text[at] = int(draw.integers(256))
        path = tmp_path / "damaged.json"
        path.write_bytes(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                load_model(path)
            except CheckpointError:
                refused += 1
    assert refused > 50
