"""Files of older Keras, made here as that Keras wrote them."""

import json

import numpy as np
import pytest

from fastrnn.layers import GRU, LSTM, Bidirectional, Dense, Embedding, Input, TimeDistributed
from fastrnn.models import CheckpointError, Model, Sequential, load_model

h5py = pytest.importorskip("h5py")

RNG = np.random.default_rng(7)


def write(path, config, groups, version="2.1.6", kind="Sequential", training=None, state=()):
    """Write an HDF5 file: `groups` has a list of (name, array) for each layer."""
    with h5py.File(path, "w") as file:
        if version is not None:
            file.attrs["keras_version"] = version.encode()
            file.attrs["backend"] = b"tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": kind, "config": config}).encode()
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in groups]
        for name, arrays in groups.items():
            group = weights.create_group(name)
            group.attrs["weight_names"] = [one.encode() for one, _ in arrays]
            for one, array in arrays:
                group.create_dataset(one, data=array)
        if state:
            group = file.create_group("optimizer_weights")
            group.attrs["weight_names"] = [one.encode() for one, _ in state]
            for one, array in state:
                group.create_dataset(one, data=array)


def layer(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}


def arrays(*shapes):
    return [RNG.normal(size=shape).astype(np.float32) * 0.5 for shape in shapes]


def named(name, found, words=("kernel", "recurrent_kernel", "bias")):
    return [(f"{name}/{word}:0", array) for word, array in zip(words, found, strict=False)]


def answers(model, weights, x):
    model.set_weights(weights)
    return model.predict(x)


X = RNG.normal(size=(4, 6, 3)).astype(np.float32)


def test_a_list_of_layers_with_the_defaults_of_its_time(tmp_path):
    """Before 2.2.3 a Sequential was a list; an absent reset_after is False, gates hard sigmoids."""
    gru, dense = arrays((3, 12), (4, 12), (12,)), arrays((4, 2), (2,))
    config = [
        layer("GRU", "gru_1", units=4, batch_input_shape=[None, 6, 3], dtype="float32"),
        layer("Dense", "dense_1", units=2, activation="hard_sigmoid"),
    ]
    groups = {"gru_1": named("gru_1", gru), "dense_1": named("dense_1", dense, ("kernel", "bias"))}
    write(tmp_path / "old", config, groups, "2.0.8")
    same = Sequential(
        [
            Input((6, 3)),
            GRU(4, recurrent_activation="hard_sigmoid_keras2"),
            Dense(2, "hard_sigmoid_keras2"),
        ]
    )
    found = load_model(tmp_path / "old")
    np.testing.assert_array_equal(found.predict(X), answers(same, gru + dense, X))
    assert [one.name for one in found.layers] == ["gru_1", "dense_1"]
    config[0]["config"]["recurrent_activation"] = "hard_sigmoid"
    config[0]["config"]["reset_after"] = False
    write(tmp_path / "said", config, groups, "2.2.4")
    np.testing.assert_array_equal(load_model(tmp_path / "said").predict(X), found.predict(X))


def test_the_gates_default_to_sigmoid_later(tmp_path):
    lstm = arrays((3, 16), (4, 16), (16,))
    config = {"name": "s", "layers": [layer("LSTM", "a", units=4, batch_input_shape=[None, 6, 3])]}
    write(tmp_path / "new", config, {"a": named("a", lstm)}, "2.4.0")
    same = Sequential([Input((6, 3)), LSTM(4)])
    np.testing.assert_array_equal(load_model(tmp_path / "new").predict(X), answers(same, lstm, X))


def cudnn(kernel, recurrent, gates):
    """Return matrices as cuDNN's layers had them: each gate's transposed."""
    # k.T.reshape(k.shape, order="F") undone: the same numbers read along the other axis.
    inverse = [
        part.reshape(part.shape[::-1], order="F").T.copy() for part in np.hsplit(kernel, gates)
    ]
    return np.hstack(inverse), np.hstack([part.T for part in np.hsplit(recurrent, gates)])


@pytest.mark.parametrize(("kind", "gates"), [("CuDNNLSTM", 4), ("CuDNNGRU", 3)])
def test_cudnn_layers(tmp_path, kind, gates):
    kernel, recurrent, bias = arrays((3, gates * 4), (4, gates * 4), (2, gates * 4))
    theirs = [*cudnn(kernel, recurrent, gates), bias.reshape(-1)]
    config = [layer(kind, "a", units=4, batch_input_shape=[None, 6, 3], stateful=False)]
    write(tmp_path / "old", config, {"a": named("a", theirs)})
    ours = LSTM(4) if gates == 4 else GRU(4, reset_after=True)
    weights = [kernel, recurrent, bias.sum(axis=0) if gates == 4 else bias]
    expected = answers(Sequential([Input((6, 3)), ours]), weights, X)
    np.testing.assert_allclose(load_model(tmp_path / "old").predict(X), expected, rtol=1e-5)


def test_the_twelve_arrays_of_keras_1(tmp_path):
    parts = {gate: arrays((3, 4), (4, 4), (4,)) for gate in "icfo"}
    theirs = [
        (f"a_{letter}_{gate}", parts[gate][place])
        for gate in "icfo"
        for place, letter in enumerate("WUb")
    ]
    config = [
        layer(
            "LSTM",
            "a",
            output_dim=4,
            inner_activation="hard_sigmoid",
            activation="tanh",
            init="glorot_uniform",
            inner_init="orthogonal",
            forget_bias_init="one",
            dropout_W=0.0,
            dropout_U=0.0,
            W_regularizer=None,
            consume_less="cpu",
            input_dim=3,
            batch_input_shape=[None, 6, 3],
        )
    ]
    write(tmp_path / "old", config, {"a": theirs}, version="1.2.2")
    weights = [
        np.concatenate([parts[gate][place] for gate in "ifco"], axis=-1) for place in range(3)
    ]
    same = Sequential([Input((6, 3)), LSTM(4, recurrent_activation="hard_sigmoid_keras2")])
    expected = answers(same, weights, X)
    np.testing.assert_array_equal(load_model(tmp_path / "old").predict(X), expected)


def test_a_functional_model_with_a_model_that_counts_its_own_call(tmp_path):
    """References to a nested model begin with call 1, since call 0 was its own."""
    lstm, dense = arrays((3, 16), (4, 16), (16,)), arrays((4, 2), (2,))
    start = layer("InputLayer", "in", batch_input_shape=[None, 6, 3], dtype="float32")
    inner = {
        "class_name": "Sequential",
        "config": [layer("LSTM", "lstm_1", units=4, batch_input_shape=[None, 6, 3])],
        "name": "encoder",
        "inbound_nodes": [[["in", 0, 0, {}]]],
    }
    config = {
        "name": "model_1",
        "layers": [
            {**start, "name": "in", "inbound_nodes": []},
            inner,
            {
                **layer("Dense", "out", units=2, activation="softmax"),
                "name": "out",
                "inbound_nodes": [[["encoder", 1, 0, {}]]],
            },
        ],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["out", 0, 0]],
    }
    groups = {
        "in": [],
        "encoder": named("lstm_1", lstm),
        "out": named("out", dense, ("kernel", "bias")),
    }
    write(tmp_path / "old", config, groups, "2.3.1", "Model")
    found = load_model(tmp_path / "old")
    x = Input((6, 3))
    same = Model(x, Dense(2, "softmax")(LSTM(4)(x)))
    np.testing.assert_array_equal(found.predict(X), answers(same, lstm + dense, X))


def test_wrappers_tokens_and_a_time_major_that_is_false(tmp_path):
    table = arrays((9, 3))
    both = arrays((3, 16), (4, 16), (16,)) + arrays((3, 16), (4, 16), (16,))
    dense = arrays((8, 2), (2,))
    config = {
        "name": "s",
        "layers": [
            layer("InputLayer", "i", batch_input_shape=[None, 6], dtype="float32", ragged=False),
            layer("Embedding", "e", input_dim=9, output_dim=3, mask_zero=True, input_length=6),
            layer(
                "Bidirectional",
                "b",
                layer=layer(
                    "LSTM", "l", units=4, return_sequences=True, time_major=False, implementation=1
                ),
                merge_mode="concat",
            ),
            layer("TimeDistributed", "t", layer=layer("Dense", "d", units=2)),
            layer("LSTM", "z", units=2, recurrent_activation="sigmoid"),
        ],
    }
    last = arrays((2, 8), (2, 8), (8,))
    names = [f"b/{way}_l/{w}:0" for way in ("forward", "backward") for w in ("k", "r", "s")]
    groups = {
        "e": [("e/embeddings:0", table[0])],
        "b": list(zip(names, both, strict=True)),
        "t": named("t", dense, ("kernel", "bias")),
        "z": named("z", last),
    }
    write(tmp_path / "old", config, groups, "2.5.0")
    layers = [
        Embedding(9, 3, mask_zero=True),
        Bidirectional(LSTM(4, return_sequences=True)),
        TimeDistributed(Dense(2)),
        LSTM(2),
    ]
    same = Sequential([Input((6,), dtype="int32"), *layers])
    tokens = RNG.integers(0, 9, (4, 6))
    expected = answers(same, table + both + dense + last, tokens)
    np.testing.assert_array_equal(load_model(tmp_path / "old").predict(tokens), expected)


@pytest.mark.parametrize("steps", ["iterations:0", "/iterations"], ids=["TensorFlow", "Theano"])
def test_the_optimizer_of_an_old_file(tmp_path, steps):
    """All weights have their first slot before any has its second, and Adam a third of nothing."""
    dense = arrays((3, 2), (2,))
    config = [layer("Dense", "dense_1", units=2, batch_input_shape=[None, 3])]
    m, v = arrays((3, 2), (2,)), [abs(one) for one in arrays((3, 2), (2,))]
    rest = [np.zeros(1, np.float32)] * 2
    state = [(steps, np.int64(7)), *((f"v{n}", a) for n, a in enumerate(m + v + rest))]
    options = {"lr": 0.01, "beta_1": 0.9, "beta_2": 0.999, "decay": 0.0, "epsilon": 1e-8}
    training = {
        "optimizer_config": {"class_name": "Adam", "config": {**options, "amsgrad": False}},
        "loss": "mse",
        "metrics": ["accuracy", "my_own"],
        "sample_weight_mode": None,
        "loss_weights": None,
    }
    groups = {"dense_1": named("dense_1", dense, ("kernel", "bias"))}
    write(tmp_path / "old", config, groups, "2.1.6", training=training, state=state)
    with pytest.warns(UserWarning, match="the metric my_own is left out"):
        model = load_model(tmp_path / "old")
    optimizer = model.optimizer
    assert (optimizer.iterations, optimizer.learning_rate, optimizer.epsilon) == (7, 0.01, 1e-8)
    kept = [optimizer.slots_of(weight.key) for weight in model.weights]
    for weight, slots, one, other in zip(model.weights, kept, m, v, strict=True):
        size = weight.value.size
        np.testing.assert_array_equal(slots["m"][:size].reshape(one.shape), one)
        np.testing.assert_array_equal(slots["v"][:size].reshape(other.shape), other)


REFUSED = {
    "a layer": (layer("Conv2D", "c", filters=3), r"layer 'c' \(Conv2D\): fastrnn has no layer"),
    "a program": (layer("Lambda", "c", function=["4wEA", None, None]), "never runs a program"),
    "time first": (layer("LSTM", "c", units=3, time_major=True), "'c'.*time_major is True"),
    "an activation": (layer("Dense", "c", units=3, activation="mine"), "activation is 'mine'"),
    "an argument": (layer("Dense", "c", units=3, quality=9), "quality is 9; fastrnn's Dense"),
    "half precision": (layer("Dense", "c", units=3, dtype="float16"), "dtype is 'float16'"),
    "a type of units": (layer("Dense", "c", units="3"), "units is '3'; it should hold integers"),
    "no units": (layer("Dense", "c"), r"layer 'c' \(Dense\) has no units"),
    "other features": (
        layer("Conv1D", "c", filters=3, kernel_size=[2], data_format="channels_first"),
        "data_format is 'channels_first'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_represented_is_refused_by_name(tmp_path, name):
    entry, message = REFUSED[name]
    entry["config"]["batch_input_shape"] = [None, 6, 3]
    write(tmp_path / "old", [entry], {"c": []})
    with pytest.raises(CheckpointError, match=message):
        load_model(tmp_path / "old")


def test_regularizers_and_constraints_are_read_and_others_noted(tmp_path):
    dense = arrays((3, 2), (2,))
    penalty = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}
    entry = layer("Dense", "d", units=2, batch_input_shape=[None, 3], kernel_regularizer=penalty)
    entry["config"]["bias_constraint"] = {"class_name": "NonNeg", "config": {}}
    write(tmp_path / "old", [entry], {"d": named("d", dense, ("kernel", "bias"))})
    entry["config"]["bias_regularizer"] = {"class_name": "Mine", "config": {}}
    write(tmp_path / "old", [entry], {"d": named("d", dense, ("kernel", "bias"))})
    with pytest.warns(UserWarning, match=r"d: bias_regularizer Mine.* is left out"):
        model = load_model(tmp_path / "old")
    attached = model.layers[0].attached
    assert set(attached) == {"kernel_regularizer", "bias_constraint"}
    penalty = attached["kernel_regularizer"]
    assert (penalty.l1, penalty.l2) == (0.0, pytest.approx(0.01))


def test_missing_and_left_over_arrays_are_errors(tmp_path):
    dense, entry = arrays((3, 2), (2,)), layer("Dense", "d", units=2, batch_input_shape=[None, 3])
    write(tmp_path / "less", [entry], {"d": named("d", dense[:1], ("kernel",))})
    with pytest.raises(CheckpointError, match=r"'d': the file has 1 arrays; it should have 2"):
        load_model(tmp_path / "less")
    write(
        tmp_path / "more",
        [entry],
        {"d": named("d", dense, ("kernel", "bias")), "e": [("x", dense[0])]},
    )
    with pytest.raises(CheckpointError, match="weights of 2 layers: d, e; the model has 1: d"):
        load_model(tmp_path / "more")
    write(tmp_path / "beside", [entry], {"d": named("d", dense, ("kernel", "bias"))})
    with h5py.File(tmp_path / "beside", "a") as file:
        file["model_weights/d"].create_dataset("other", data=dense[0])
    with pytest.raises(CheckpointError, match="holds d/other, which no list of names has"):
        load_model(tmp_path / "beside")
    write(tmp_path / "turned", [entry], {"d": named("d", dense[::-1], ("bias", "kernel"))})
    with pytest.raises(CheckpointError, match="has 'd/bias:0' where kernel should be"):
        load_model(tmp_path / "turned")
