"""Files of ONNX as models: what was exported comes back, and other programs' graphs are layers."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn.interop.onnx import Session
from fastrnn.layers import (
    ELU,
    GRU,
    LSTM,
    Activation,
    Add,
    AveragePooling1D,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    Input,
    LayerNormalization,
    LeakyReLU,
    MaxPooling1D,
    SimpleRNN,
    Softmax,
    TimeDistributed,
)
from fastrnn.models import CheckpointError, Model, Sequential, load_model
from tests.compare import assert_close
from tests.onnx_oracle import drawn_node, model_of

onnx = pytest.importorskip("onnx")
helper = onnx.helper
node = helper.make_node

TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-7}
CELLS = {"rnn": SimpleRNN, "gru": GRU, "lstm": LSTM}

pytestmark = pytest.mark.filterwarnings("ignore:.*ONNX Runtime.*cannot run it")


def sequences(*shape, dtype=np.float32, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def shake(model, seed=0):
    rng = np.random.default_rng(seed)
    model.set_weights(
        [np.abs(w) + 0.1 if "variance" in weight.name else w + rng.uniform(-0.3, 0.3, w.shape)
         for weight, w in zip(model.weights, model.get_weights(), strict=True)]
    )  # fmt: skip


def listed(answers):
    return answers if isinstance(answers, list) else [answers]


def assert_round_trip(tmp_path, model, *inputs, **options):
    """Export a model, load the file, and hold the answers of both together."""
    shake(model)
    path = tmp_path / "net.onnx"
    model.export(path, **options)
    loaded = load_model(path)
    given = list(inputs) if len(inputs) > 1 else inputs[0]
    found = listed(loaded.predict(given))
    for one, other in zip(found, listed(model.predict(given)), strict=True):
        assert_close(one, other, TOLERANCE)
    return loaded


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_cells(tmp_path, name, last, dtype):
    layers = [
        CELLS[name](6, return_sequences=True),
        GRU(5, reset_after=True, return_sequences=last),
    ]
    model = Sequential([Input((None, 3), dtype=dtype), *layers, Dense(2, activation="tanh")])
    loaded = assert_round_trip(tmp_path, model, sequences(4, 5, 3, dtype=dtype))
    assert kinds(loaded) == ["InputLayer", CELLS[name].__name__, "GRU", "Dense"]
    assert loaded.count_params() >= model.count_params()


@pytest.mark.parametrize("kind", ["relu", "linear", "hard_sigmoid", "hard_sigmoid_keras2", "elu",
                                  "softsign", "softplus", "sigmoid"])  # fmt: skip
def test_activations_of_cells(tmp_path, kind):
    model = Sequential(
        [Input((3, 3)), LSTM(4, activation=kind, recurrent_activation="hard_sigmoid")]
    )
    assert_round_trip(tmp_path, model, sequences(2, 3, 3))


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_both_directions(tmp_path, mode, return_sequences):
    layer = LSTM(4, return_sequences=return_sequences)
    model = Sequential([Input((None, 3)), Bidirectional(layer, merge_mode=mode), Dense(2)])
    loaded = assert_round_trip(tmp_path, model, sequences(2, 5, 3))
    assert kinds(loaded)[1] == "Bidirectional"


def test_states_of_both_directions(tmp_path):
    x = Input((None, 3))
    model = Model(x, Bidirectional(LSTM(4, return_sequences=True, return_state=True))(x))
    assert_round_trip(tmp_path, model, sequences(2, 5, 3))


def test_backwards(tmp_path):
    model = Sequential([Input((None, 3)), GRU(4, go_backwards=True), Dense(2)])
    assert_round_trip(tmp_path, model, sequences(2, 5, 3))
    steps = Sequential([Input((None, 3)), GRU(4, go_backwards=True, return_sequences=True)])
    assert_round_trip(tmp_path, steps, sequences(2, 5, 3))


def test_states_in_and_out(tmp_path):
    x, h, c = Input((None, 3)), Input((6,)), Input((6,))
    model = Model(
        [x, h, c], LSTM(6, return_sequences=True, return_state=True)(x, initial_state=[h, c])
    )
    assert_round_trip(tmp_path, model, sequences(2, 5, 3), sequences(2, 6), sequences(2, 6, seed=2))


def test_states_of_an_export_with_states(tmp_path):
    layers = [GRU(4, return_sequences=True), LSTM(5, return_sequences=True), Dense(2)]
    model = Sequential([Input((None, 3)), *layers])
    shake(model)
    model.export(tmp_path / "net.onnx", states=True)
    loaded = load_model(tmp_path / "net.onnx")
    x, whole = sequences(2, 6, 3), []
    states = [np.zeros((2, n), np.float32) for n in (4, 5, 5)]
    for part in np.split(x, [2, 3], axis=1):
        y, *states = loaded.predict([part, *states])
        whole.append(y)
    assert_close(np.concatenate(whole, axis=1), model.predict(x), TOLERANCE)


def test_a_learned_initial_state(tmp_path):
    model = Sequential([Input((None, 3)), LSTM(4, learn_initial_state=True), Dense(2)])
    assert_round_trip(tmp_path, model, sequences(2, 5, 3))


def test_tokens(tmp_path):
    model = Sequential([Input((None,)), Embedding(9, 3), Dropout(0.4), GRU(4), Dense(2)])
    loaded = assert_round_trip(tmp_path, model, np.array([[3, 2, 0, 0], [0, 8, 1, 5]]))
    assert kinds(loaded) == ["InputLayer", "Embedding", "GRU", "Dense"]


STEPWISE = [
    *(Activation(name) for name in ("relu", "selu", "softmax", "hard_sigmoid", "softsign", "relu6",
      "hard_sigmoid_keras2", "softplus", "exponential", "elu", "tanh", "sigmoid", "leaky_relu",
      "log_softmax")),
    Dense(4, activation="softmax"), LayerNormalization(), LayerNormalization(center=False),
    BatchNormalization(), Conv1D(4, 3), Conv1D(4, 3, padding="same"), LeakyReLU(), ELU(0.7),
    Conv1D(4, 2, padding="same", strides=2), Conv1D(6, 3, groups=3, use_bias=False),
    Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"), MaxPooling1D(2),
    MaxPooling1D(3, strides=2, padding="same"), AveragePooling1D(2), GlobalMaxPooling1D(),
    AveragePooling1D(3, strides=2, padding="same"), GlobalAveragePooling1D(), Flatten(), Softmax(),
    TimeDistributed(Dense(3)),
]  # fmt: skip


@pytest.mark.parametrize("layer", STEPWISE, ids=lambda one: repr(one.get_config())[:60])
def test_layers_without_a_state(tmp_path, layer):
    fresh = type(layer).from_config({**layer.get_config(), "name": None, "dtype": None})
    model = Sequential([Input((7, 6)), fresh])
    assert_round_trip(tmp_path, model, sequences(3, 7, 6))


def test_graphs_that_branch_and_join(tmp_path):
    x = Input((None, 4))
    y = GRU(4, return_sequences=True)(x)
    model = Model(x, [Add()([x, y]), Concatenate()([y, Dense(3)(x)])])
    assert_round_trip(tmp_path, model, sequences(2, 5, 4))


@pytest.mark.filterwarnings("ignore:.*in the file; that of the model is")
def test_gates_of_a_node_stand_in_the_order_of_the_core(tmp_path):
    arrays = drawn_node(np.random.default_rng(0), "GRU", sizes=(3, 2, 2, 3))
    names = ["X", "W", "R", "B"]
    made = model_of(
        [node("GRU", names, ["Y"], linear_before_reset=1), node("Squeeze", ["Y", "one"], ["y"])],
        {"X": arrays["X"]},
        ["y"],
        {**{name: arrays[name] for name in names[1:]}, "one": np.array([1])},
    )
    made.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 2
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    loaded = load_model(path)
    kernel = loaded.get_weights()[0]  # in Keras's order, z r h, which is ONNX's
    np.testing.assert_array_equal(kernel, arrays["W"][0].T)
    (wanted,) = Session(path).run(None, {"X": arrays["X"]})
    assert_close(loaded.predict(arrays["X"].swapaxes(0, 1)), wanted.swapaxes(0, 1), TOLERANCE)


# PyTorch ------------------------------------------------------------------------------------


def torch_export(module, args, path, **options):
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), args, str(path), dynamo=False, **options)


def stack(torch, kind, **options):
    class Stack(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = getattr(torch.nn, kind)(3, 5, batch_first=True, **options)
            width = 10 if options.get("bidirectional") else 5
            self.head = torch.nn.Sequential(torch.nn.Linear(width, 4), torch.nn.ReLU(),
                                            torch.nn.Dropout(), torch.nn.Linear(4, 2))  # fmt: skip

        def forward(self, x):
            return self.head(self.cells(x)[0])

    return Stack()


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_layers": 2},
        {"bidirectional": True},
        {"num_layers": 2, "bidirectional": True, "bias": False},
    ],
)
def test_stacks_of_torch(tmp_path, kind, options):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module, path = stack(torch, kind, **options), tmp_path / "net.onnx"
    x = torch.randn(2, 6, 3)
    axes = {"x": {0: "batch", 1: "time"}, "y": {0: "batch", 1: "time"}}
    torch_export(module, (x,), path, input_names=["x"], output_names=["y"], dynamic_axes=axes)
    loaded = load_model(path)
    with torch.no_grad():
        wanted = module(x).numpy()
    assert_close(loaded.predict(x.numpy()), wanted, TOLERANCE)
    torch_export(module, (x,), path)  # of one shape only
    assert_close(load_model(path).predict(x.numpy()), wanted, TOLERANCE)


def test_the_last_step_of_torch(tmp_path):
    torch = pytest.importorskip("torch")

    class Last(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(11, 3)
            self.cells = torch.nn.LSTM(3, 5, batch_first=True)
            self.head = torch.nn.Linear(5, 2)

        def forward(self, tokens):
            y, _ = self.cells(self.embed(tokens))
            return torch.log_softmax(self.head(y[:, -1]), dim=-1)

    module, path = Last(), tmp_path / "net.onnx"
    tokens = torch.randint(0, 11, (2, 6))
    torch_export(module, (tokens,), path, input_names=["x"], dynamic_axes={"x": {0: "b", 1: "t"}})
    loaded = load_model(path)
    with torch.no_grad():
        wanted = module(tokens).numpy()
    assert_close(loaded.predict(tokens.numpy()), wanted, TOLERANCE)


@pytest.mark.filterwarnings("ignore:.*in the file; that of the model is")
def test_time_first_and_states_of_torch(tmp_path):
    torch = pytest.importorskip("torch")

    class States(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = torch.nn.LSTM(3, 5, num_layers=2)

        def forward(self, x, h, c):
            y, (h, c) = self.cells(x, (h, c))
            return y, h, c

    module, path = States(), tmp_path / "net.onnx"
    x, h, c = torch.randn(6, 2, 3), torch.randn(2, 2, 5), torch.randn(2, 2, 5)
    torch_export(module, (x, h, c), path, input_names=["x", "h", "c"])
    loaded = load_model(path)
    inputs = [layer.name for layer in loaded.layers if type(layer).__name__ == "InputLayer"]
    assert sorted(inputs) == ["c_0", "c_1", "h_0", "h_1", "x"]
    h, c = h.numpy(), c.numpy()
    answers = loaded.predict([x.numpy().swapaxes(0, 1), h[0], c[0], h[1], c[1]])
    with torch.no_grad():
        y, h, c = module(x, torch.tensor(h), torch.tensor(c))
    assert_close(answers[0], y.numpy().swapaxes(0, 1), TOLERANCE)
    for one, other in zip(answers[1:], [*h.numpy(), *c.numpy()], strict=True):
        assert_close(one, other, TOLERANCE)


# What is refused ----------------------------------------------------------------------------


def saved(tmp_path, nodes, x, constants, outputs=("y",)):
    made = model_of(nodes, {"x": x}, list(outputs), constants)
    for axis, extent in enumerate(made.graph.input[0].type.tensor_type.shape.dim):
        if axis == x.ndim - 1:
            extent.dim_value = x.shape[axis]
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def refused():
    arrays = drawn_node(np.random.default_rng(0), "GRU", sizes=(3, 2, 2, 3))
    x, weights = arrays["X"], {name: arrays[name] for name in ("W", "R", "B")}
    cell = drawn_node(np.random.default_rng(0), "LSTM", sizes=(3, 2, 2, 3))
    peep = {**{name: cell[name] for name in ("W", "R", "B")}, "P": np.ones((1, 9), np.float32)}
    yield "clip=3", [node("GRU", ["x", "W", "R", "B"], ["y"], clip=3.0)], x, weights
    yield "sequence_lens", [node("GRU", ["x", "W", "R", "B", "l"], ["y"])], x, {
        **weights, "l": np.array([1, 2], np.int32)}  # fmt: skip
    yield "peepholes", [node("LSTM", ["x", "W", "R", "B", "", "", "", "P"], ["y"])], x, peep
    yield "Cos 'y'", [node("Cos", ["x"], ["y"])], x, {}
    yield "theirs:Odd", [node("Odd", ["x"], ["y"], domain="theirs")], x, {}
    yield "one step", [node("Gather", ["x", "i"], ["y"], axis=1)], x, {"i": np.array(-1)}
    yield "constants of shape", [node("Add", ["x", "c"], ["y"])], x, {
        "c": np.ones((3, 1, 1), np.float32)}  # fmt: skip


@pytest.mark.parametrize(("words", "nodes", "x", "constants"), [*refused()])
def test_nodes_that_are_no_layers_are_named(tmp_path, words, nodes, x, constants):
    path = saved(tmp_path, nodes, x, constants)
    with pytest.raises(CheckpointError, match=words) as caught:
        load_model(path)
    assert "Session" in str(caught.value)


def content():
    model = Sequential([Input((None, 2)), GRU(3, return_sequences=True), Dense(2), LSTM(2)])
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder + "/net.onnx")
        with open(folder + "/net.onnx", "rb") as file:
            return file.read()


_CONTENT = content()


@pytest.mark.parametrize("ending", ["", ".onnx"])
@pytest.mark.parametrize("length", range(6))
def test_the_first_bytes_alone_are_no_model(tmp_path, length, ending):
    path = tmp_path / f"net{ending}"
    path.write_bytes(_CONTENT[:length])
    with pytest.raises(CheckpointError):
        load_model(path)


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_damaged_files_are_refused_or_are_models(tmp_path_factory, data):
    damaged = bytearray(_CONTENT)
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged) - 1)) :]
    for _ in range(data.draw(st.integers(0, 3))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "net.onnx"
    path.write_bytes(damaged)
    try:
        loaded = load_model(path)
    except CheckpointError:
        return
    assert len(loaded.layers) > 1


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_drawn_models(tmp_path_factory, data):
    layers = []
    for _ in range(data.draw(st.integers(1, 3))):
        kind = CELLS[data.draw(st.sampled_from([*CELLS]))]
        options = {"use_bias": data.draw(st.booleans()), "return_sequences": True}
        if kind is GRU:
            options["reset_after"] = data.draw(st.booleans())
        cell = kind(data.draw(st.integers(1, 9)), **options)
        both = data.draw(st.booleans())
        layers.append(Bidirectional(cell) if both else cell)
        layers += data.draw(st.sampled_from([[], [Dense(3)], [LayerNormalization()]]))
    layers = [type(one).from_config({**one.get_config(), "name": None}) for one in layers]
    n_x, m, T = (data.draw(st.integers(1, 5)) for _ in range(3))
    model = Sequential([Input((None, n_x)), *layers, LSTM(2)])
    assert_round_trip(tmp_path_factory.mktemp("drawn"), model, sequences(m, T, n_x))
