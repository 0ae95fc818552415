"""Models written as ONNX: what other programs answer to them is what fastrnn predicts."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn import activations
from fastrnn.interop.onnx import Session
from fastrnn.layers import (
    ELU,
    GRU,
    LSTM,
    Activation,
    Add,
    ApplyMask,
    Average,
    AveragePooling1D,
    BatchNormalization,
    Bidirectional,
    CategoryEncoding,
    Concatenate,
    Conv1D,
    Conv1DTranspose,
    Cropping1D,
    Dense,
    DepthwiseConv1D,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    GroupNormalization,
    Input,
    Lambda,
    LayerNormalization,
    LeakyReLU,
    Masking,
    Maximum,
    MaxPooling1D,
    Minimum,
    Multiply,
    Permute,
    ReLU,
    RepeatVector,
    Rescaling,
    Reshape,
    RMSNormalization,
    SeparableConv1D,
    SimpleRNN,
    Softmax,
    Subtract,
    TimeDistributed,
    UnitNormalization,
    UpSampling1D,
    ZeroPadding1D,
)
from fastrnn.models import CheckpointError, Model, Sequential
from tests.compare import assert_close

onnx = pytest.importorskip("onnx")

#: Other programs round in other places, a few layers deep.
TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-6}
CELLS = {"rnn": SimpleRNN, "gru": GRU, "lstm": LSTM}


def runtime():
    try:
        import onnxruntime
    except ImportError:
        return None
    return onnxruntime


def ran(path, feeds, only):
    """Return the answers of every program that is here, by name."""
    from onnx.reference import ReferenceEvaluator

    found = {"session": Session(path).run(None, feeds)}
    if only is None or "reference" in only:
        with np.errstate(all="ignore"):
            found["reference"] = ReferenceEvaluator(str(path)).run(None, feeds)
    ort = runtime()
    if ort is not None and all(array.dtype != np.float64 for array in feeds.values()):
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        found["runtime"] = session.run(None, feeds)
    return found


def shake(model, seed=0):
    """Give a model weights that are not those of a beginning."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [np.abs(w) + 0.1 if "variance" in name else w + rng.uniform(-0.3, 0.3, w.shape)
         for name, w in zip(names(model), model.get_weights(), strict=True)]
    )  # fmt: skip


def names(model):
    return [weight.name for weight in model.weights]


def assert_exported(tmp_path, model, *inputs, counts=None, only=None, scale=0.0, **options):
    """Hold every program's answers to the model's; errors are relative to `scale` at least."""
    shake(model)
    path = tmp_path / "net.onnx"
    model.export(path, **options)
    given = list(inputs) if len(inputs) > 1 else inputs[0]
    wanted = model.predict(given)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    feeds = dict(zip([each.name for each in Session(path).get_inputs()], inputs, strict=True))
    for who, answers in ran(path, feeds, only).items():
        for one, other in zip(answers, wanted, strict=False):
            assert (one.dtype, one.shape) == (other.dtype, other.shape), who
            if counts is not None:
                one, other = one[counts], other[counts]
            one, other = (np.append(each, each.dtype.type(scale)) for each in (one, other))
            assert_close(one, other, TOLERANCE, who)
    return path


def sequences(*shape, dtype=np.float32, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_cells(tmp_path, name, return_sequences, go_backwards):
    layer = CELLS[name](6, return_sequences=return_sequences, go_backwards=go_backwards)
    assert_exported(tmp_path, Sequential([Input((None, 3)), layer]), sequences(4, 5, 3))


@pytest.mark.parametrize("name", CELLS)
def test_states_that_are_inputs_and_outputs_of_a_layer(tmp_path, name):
    x, h = Input((None, 3)), [Input((6,)) for _ in range(1 + (name == "lstm"))]
    layer = CELLS[name](6, return_sequences=True, return_state=True)
    model = Model([x, *h], layer(x, initial_state=h))
    assert_exported(
        tmp_path, model, sequences(2, 5, 3), *(sequences(2, 6, seed=i) for i in range(len(h)))
    )


def test_the_gru_with_both_biases(tmp_path):
    model = Sequential([Input((7, 3)), GRU(6, reset_after=True, return_sequences=True), GRU(5)])
    assert_exported(tmp_path, model, sequences(4, 7, 3))


def test_no_bias(tmp_path):
    model = Sequential([Input((7, 3)), LSTM(6, use_bias=False), Dense(2, use_bias=False)])
    assert_exported(tmp_path, model, sequences(4, 7, 3))


@pytest.mark.parametrize("kind", ["tanh", "relu", "linear", "hard_sigmoid", "hard_sigmoid_keras2",
                                  "softsign", "softplus", "elu", "sigmoid"])  # fmt: skip
@pytest.mark.parametrize("name", CELLS)
def test_activations_of_cells(tmp_path, name, kind):
    gates = {} if name == "rnn" else {"recurrent_activation": "hard_sigmoid"}
    model = Sequential([Input((3, 3)), CELLS[name](4, activation=kind, **gates)])
    others = {"session", "runtime"}  # onnx.reference takes no notice of them
    assert_exported(tmp_path, model, sequences(2, 3, 3), only=others)


@pytest.mark.parametrize("kind", ["selu", "exponential"])
def test_activations_that_cells_of_onnx_lack_are_refused(tmp_path, kind):
    model = Sequential([Input((3, 3)), GRU(4, activation=kind, name="mine")])
    with pytest.raises(CheckpointError, match=f"activation of mine is '{kind}'"):
        model.export(tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("return_state", [False, True])
def test_both_directions(tmp_path, mode, return_sequences, return_state):
    layer = LSTM(4, return_sequences=return_sequences, return_state=return_state)
    x = Input((None, 3))
    assert_exported(
        tmp_path, Model(x, Bidirectional(layer, merge_mode=mode)(x)), sequences(2, 5, 3)
    )


def test_directions_that_differ(tmp_path):
    back = GRU(4, return_sequences=True, go_backwards=True, activation="relu", use_bias=False)
    layer = Bidirectional(GRU(5, return_sequences=True), backward_layer=back)
    model = Sequential([Input((None, 3)), layer])
    assert_exported(tmp_path, model, sequences(2, 5, 3), only={"session", "runtime"})


def test_initial_states_of_both_directions(tmp_path):
    x, h, g = Input((None, 3)), Input((4,)), Input((4,))
    model = Model([x, h, g], Bidirectional(GRU(4, return_sequences=True))(x, initial_state=[h, g]))
    assert_exported(tmp_path, model, sequences(2, 5, 3), sequences(2, 4), sequences(2, 4, seed=3))


def test_a_learned_initial_state(tmp_path):
    model = Sequential([Input((None, 3)), LSTM(4, learn_initial_state=True), Dense(2)])
    assert_exported(tmp_path, model, sequences(2, 5, 3))
    assert_exported(tmp_path, model, sequences(2, 5, 3), states=True)


MASKS = {
    "behind": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]],
    "in front": [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 0, 0, 1]],
    "anywhere": [[0, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 0, 0, 1]],
}


@pytest.mark.parametrize("where", MASKS)
@pytest.mark.parametrize("layer", [
    GRU(4), LSTM(4), SimpleRNN(4, return_sequences=True), LSTM(4, return_sequences=True),
    GRU(4, go_backwards=True), LSTM(4, go_backwards=True, return_sequences=True),
    Bidirectional(GRU(4, return_sequences=True)), Bidirectional(LSTM(3)),
], ids=str)  # fmt: skip
def test_masks(tmp_path, where, layer):
    mask = np.array(MASKS[where], bool)
    x = sequences(3, 5, 2)
    x[~mask] = 0
    fresh = type(layer).from_config({**layer.get_config(), "name": None})
    model = Sequential([Input((None, 2)), Masking(), fresh])
    counts = mask if model.output_shape[1:-1] else None
    if getattr(fresh, "go_backwards", False) and counts is not None:
        counts = counts[:, ::-1]
    assert_exported(tmp_path, model, x, counts=counts)


def test_states_of_masked_layers(tmp_path):
    x = Input((None, 2))
    _, h, c = LSTM(4, return_sequences=True, return_state=True)(Masking()(x))
    model = Model(x, [h, c])
    data = sequences(3, 5, 2)
    data[~np.array(MASKS["anywhere"], bool)] = 0
    others = {"session", "runtime"}  # onnx.reference takes no notice of sequence_lens
    assert_exported(tmp_path, model, data, only=others)


def test_tokens_with_a_mask(tmp_path):
    model = Sequential([Input((None,)), Embedding(9, 3, mask_zero=True), LSTM(4), Dense(2)])
    tokens = np.array([[3, 2, 0, 0], [0, 0, 1, 8], [5, 0, 0, 7]])
    assert_exported(tmp_path, model, tokens)
    encoded = Sequential([Input((None,)), CategoryEncoding(9), GRU(4, return_sequences=True)])
    assert_exported(tmp_path, encoded, tokens)


def test_masks_through_layers(tmp_path):
    x = Input((None, 2))
    a = Masking()(x)
    b = LayerNormalization()(Dense(3, activation="tanh")(a))
    y = Concatenate()([Add()([a, a]), a])
    model = Model(x, [GRU(3)(Dropout(0.5)(b)), GlobalAveragePooling1D()(y), LSTM(2)(y)])
    data = sequences(3, 5, 2)
    data[~np.array(MASKS["anywhere"], bool)] = 0
    assert_exported(tmp_path, model, data)


def test_a_mask_that_is_given(tmp_path):
    x, mask = Input((None, 2)), Input((None,), dtype="bool")
    model = Model([x, mask], GRU(3)(ApplyMask()([x, mask])))
    assert_exported(tmp_path, model, sequences(3, 5, 2), np.array(MASKS["anywhere"], bool))


STEPWISE = [
    *(Activation(name) for name in ("relu", "selu", "gelu", "mish", "silu", "relu6", "softmax",
      "leaky_relu", "log_sigmoid", "log_softmax", "hard_sigmoid", "hard_sigmoid_keras2", "softsign",
      "softplus", "exponential", "elu", "tanh", "sigmoid", "linear")),
    Dense(4, activation="softmax"), Dropout(0.5), LayerNormalization(), LayerNormalization(axis=1),
    LayerNormalization(axis=[1, 2], center=False), LayerNormalization(scale=False),
    BatchNormalization(), BatchNormalization(axis=1, scale=False), Conv1D(4, 3),
    Conv1D(4, 3, padding="same"), Conv1D(4, 2, padding="same", strides=2),
    Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"),
    DepthwiseConv1D(3, 2, "same", depth_multiplier=2), DepthwiseConv1D(2, use_bias=False),
    SeparableConv1D(4, 3, depth_multiplier=2, activation="tanh"),
    SeparableConv1D(4, 3, padding="same", dilation_rate=2, use_bias=False),
    ZeroPadding1D((2, 1)), Cropping1D((1, 2)), Cropping1D((2, 0)), UpSampling1D(3),
    Rescaling(0.5, 0.1), Rescaling([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    Conv1D(6, 3, padding="same", dilation_rate=3), Conv1D(6, 3, groups=3, use_bias=False),
    MaxPooling1D(2), MaxPooling1D(3, strides=2, padding="same"), AveragePooling1D(2),
    AveragePooling1D(3, strides=2, padding="same"), AveragePooling1D(3, strides=1, padding="same"),
    GlobalMaxPooling1D(), GlobalMaxPooling1D(keepdims=True), GlobalAveragePooling1D(),
    GlobalAveragePooling1D(keepdims=True), Flatten(), Reshape((3, 14)), Reshape((-1, 7)),
    Permute((2, 1)), ReLU(max_value=1.0), ReLU(negative_slope=0.1), LeakyReLU(),
    ReLU(negative_slope=0.1, threshold=0.5, max_value=2.0), ELU(0.7), Softmax(), Softmax(axis=1),
    TimeDistributed(Dense(3)), TimeDistributed(LayerNormalization()),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layer", STEPWISE, ids=lambda one: repr(one.get_config())[:60])
@pytest.mark.filterwarnings("ignore:.*ONNX Runtime.*cannot run it")
def test_layers_without_a_state(tmp_path, layer, dtype):
    config = {**layer.get_config(), "name": None, "dtype": None}
    fresh = type(layer).from_config(config)
    model = Sequential([Input((7, 6), dtype=dtype), fresh])
    assert_exported(tmp_path, model, sequences(3, 7, 6, dtype=dtype))


def test_every_layer_that_is_written_is_tried():
    from fastrnn.formats.onnx.write_layers import WRITERS

    tried = {type(layer).__name__ for layer in STEPWISE}
    elsewhere = {"Embedding", "CategoryEncoding", "Masking", "ApplyMask", "RepeatVector", "Add",
                 "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
                 "AlphaDropout", "GaussianDropout", "GaussianNoise",
                 "SpatialDropout1D"}  # fmt: skip
    assert set(WRITERS) == (tried | elsewhere) - {"TimeDistributed"}
    assert {name for name in vars(activations) if name.islower()} >= {"relu"}


@pytest.mark.parametrize("kind", [Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate])
def test_merging(tmp_path, kind):
    x, y = Input((5, 3)), Input((5, 3))
    count = 2 if kind is Subtract else 3
    model = Model([x, y], kind()([x, y, x][:count]))
    assert_exported(tmp_path, model, sequences(2, 5, 3), sequences(2, 5, 3, seed=2))


def test_merging_of_other_ranks(tmp_path):
    x, y = Input((5, 3)), Input((3,))
    model = Model([x, y], [Add()([x, y]), Concatenate(axis=1)([x, RepeatVector(2)(y)])])
    assert_exported(tmp_path, model, sequences(2, 5, 3), sequences(2, 3))


def test_a_layer_at_every_step(tmp_path):
    x = Input((None, 4, 3))
    model = Model(x, GRU(5)(TimeDistributed(LSTM(6))(TimeDistributed(Conv1D(2, 2))(x))))
    assert_exported(tmp_path, model, sequences(2, 3, 4, 3))


def test_models_in_models_and_layers_called_twice(tmp_path):
    inner = Sequential([Input((None, 3)), GRU(3, return_sequences=True), Dense(3)])
    x, y = Input((None, 3)), Input((None, 3))
    shared = Dense(2)
    model = Model([x, y], [shared(inner(x)), shared(inner(inner(y)))])
    path = assert_exported(tmp_path, model, sequences(2, 4, 3), sequences(2, 4, 3, seed=4))
    weights = [each.name for each in onnx.load(path).graph.initializer]
    assert sum("kernel" in name for name in weights) == 2, weights


@pytest.mark.parametrize("name", CELLS)
def test_steps_with_states(tmp_path, name):
    layers = [CELLS[name](4, return_sequences=True), Dense(3), GRU(5, return_sequences=True)]
    model = Sequential([Input((None, 3)), *layers, Dense(2)])
    x = sequences(2, 7, 3)
    path = assert_exported(tmp_path, model, x, states=True)
    session = Session(path)
    ort = runtime()
    sessions = [session] + ([] if ort is None else [
        ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])])  # fmt: skip
    for one in sessions:
        (name_x,) = [each.name for each in one.get_inputs()]
        states = [each.name for each in one.get_overridable_initializers()]
        ends = [each.name for each in one.get_outputs()][1:]
        assert ends == [f"{state}_next" for state in states]
        feeds, steps = {}, []
        for part in np.split(x, [1, 2, 5], axis=1):
            y, *last = one.run(None, {name_x: part, **feeds})
            feeds = dict(zip(states, last, strict=True))
            steps.append(y)
        assert_close(np.concatenate(steps, axis=1), model.predict(x), TOLERANCE)


def test_float64(tmp_path):
    with pytest.warns(UserWarning, match="ONNX Runtime") if runtime() else _nothing():
        layers = [GRU(4, return_sequences=True), LSTM(3), Dense(2, activation="gelu")]
        model = Sequential([Input((None, 3), dtype="float64"), *layers])
        assert_exported(tmp_path, model, sequences(2, 5, 3, dtype=np.float64))


def _nothing():
    import contextlib

    return contextlib.nullcontext()


def one_more(x):
    return x + 1


@pytest.mark.parametrize(
    ("layers", "options", "words"),
    [
        ([Lambda(one_more, name="mine")], {}, "mine is a Lambda"),
        ([Bidirectional(GRU(3), name="mine")], {"states": True}, "mine is Bidirectional"),
        ([GRU(3, go_backwards=True, name="mine")], {"states": True}, "go_backwards of mine"),
        ([Softmax(axis=[1, 2], name="mine")], {}, "axis of mine"),
        ([Conv1DTranspose(2, 3, name="mine")], {}, "mine is a Conv1DTranspose"),
        ([GroupNormalization(3, name="mine")], {}, "mine is a GroupNormalization"),
        ([RMSNormalization(name="mine")], {}, "mine is a RMSNormalization"),
        ([UnitNormalization(name="mine")], {}, "mine is a UnitNormalization"),
    ],
)
def test_what_onnx_cannot_say_is_refused(tmp_path, layers, options, words):
    model = Sequential([Input((4, 3)), *layers])
    with pytest.raises(CheckpointError, match=words):
        model.export(tmp_path / "net.onnx", **options)
    assert list(tmp_path.iterdir()) == []


def test_options_that_are_none(tmp_path):
    model = Sequential([Input((4, 3)), GRU(3)])
    with pytest.raises(TypeError, match="opset"):
        model.export(tmp_path / "net.onnx", opset=11)
    with pytest.raises(TypeError, match="states is 3"):
        model.export(tmp_path / "net.onnx", states=3)


def test_a_stateful_layer_needs_states(tmp_path):
    model = Sequential([Input((4, 3), batch_size=2), GRU(3, stateful=True, name="mine")])
    with pytest.raises(CheckpointError, match="stateful of mine"):
        model.export(tmp_path / "net.onnx")
    model.export(tmp_path / "net.onnx", states=True)


def test_what_a_file_says_of_itself(tmp_path):
    model = Sequential([Input((None, 3), name="x"), GRU(4, name="gru"), Dense(2, name="y")])
    path = assert_exported(tmp_path, model, sequences(2, 4, 3))
    proto = onnx.load(path)
    assert [each.version for each in proto.opset_import] == [17]
    session = Session(path)
    assert [(each.name, each.shape) for each in session.get_inputs()] == [
        ("x", ["batch", "time", 3])
    ]
    assert [each.shape for each in session.get_outputs()] == [["batch", 2]]
    onnx.checker.check_model(proto, full_check=True)


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_drawn_models(tmp_path_factory, data):
    """Whatever recurrent stack it is: ONNX Runtime, onnx.reference and a session agree with it."""
    layers = []
    for _ in range(data.draw(st.integers(1, 3))):
        kind = CELLS[data.draw(st.sampled_from([*CELLS]))]
        options = {"use_bias": data.draw(st.booleans()), "return_sequences": True}
        if kind is GRU:
            options["reset_after"] = data.draw(st.booleans())
        cell = kind(data.draw(st.integers(1, 9)), **options)
        between = data.draw(st.sampled_from(["one", "both", "dense", "norm", "conv"]))
        layers.append(Bidirectional(cell) if between == "both" else cell)
        if between == "dense":
            layers += [Dense(3, activation=data.draw(st.sampled_from(["relu", "tanh", "gelu"])))]
        if between == "norm":
            layers += [LayerNormalization(), Dropout(0.3)]
        if between == "conv":
            layers += [Conv1D(4, 2, padding="causal")]
    layers += data.draw(st.sampled_from([[], [GlobalMaxPooling1D()], [LSTM(3)], [Softmax()]]))
    n_x, m, T = (data.draw(st.integers(1, 5)) for _ in range(3))
    model = Sequential([Input((None, n_x)), *layers])
    # States are up to 1, and the last sum may be a small difference of them.
    assert_exported(tmp_path_factory.mktemp("drawn"), model, sequences(m, T, n_x), scale=1.0)
