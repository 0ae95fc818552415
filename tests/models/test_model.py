"""Putting models together, looking at them, predicting with them."""

import threading
import time

import numpy as np
import pytest

from fastrnn import seeding
from fastrnn.layers import (
    GRU,
    Activation,
    Dense,
    Dropout,
    Input,
    SimpleRNN,
    TimeDistributed,
    add,
    concatenate,
)
from fastrnn.models import Model, Sequential

from .builders import CLASSES, TIME, shifted, tagger

SUMMARY = """\
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
input_1 (InputLayer)         (None, 101, 1)            0
_________________________________________________________________
gru_1 (GRU)                  (None, 101, 64)           12672
_________________________________________________________________
time_distributed_1 (TimeDist (None, 101, 32)           2080
_________________________________________________________________
activation_1 (Activation)    (None, 101, 32)           0
=================================================================
Total params: 14,752
Trainable params: 14,752
Non-trainable params: 0
_________________________________________________________________
"""


def test_summary_is_that_of_the_seed_document(capsys):
    x = Input((101, 1))
    logits = TimeDistributed(Dense(32))(GRU(units=64, return_sequences=True)(x))
    model = Model(x, Activation("softmax")(logits))
    model.summary()
    assert capsys.readouterr().out == SUMMARY
    lines = []
    model.summary(print_fn=lines.append)
    assert "\n".join(lines) + "\n" == SUMMARY
    assert model.count_params() == 14_752


def test_a_sequential_summary_leaves_out_the_input(capsys):
    Sequential([Input((3,)), Dense(2)]).summary(line_length=80)
    lines = capsys.readouterr().out.splitlines()
    assert not any("InputLayer" in line for line in lines)
    assert max(map(len, lines)) == 80


def test_the_summary_of_a_graph_says_what_is_read_and_fits_80_columns():
    x, other = Input((20,), name="tokens"), Input((4,))
    long = Dense(3, name="a_name_that_is_too_long_for_its_column_and_that_of_the_reader")(x)
    model = Model([x, other], Dense(2, name="end")(concatenate([long, other], name="both")))
    lines = []
    model.summary(print_fn=lines.append)
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert "Connected to" in text
    assert "both (Concatenate)" in text
    # of both names in the row, the one below the other
    start = next(i for i, line in enumerate(lines) if line.startswith("both (Conc"))
    row = lines[start : next(i for i in range(start, len(lines)) if lines[i].startswith("___"))]
    reads = "".join(line[56:].strip() for line in row)
    assert reads == f"{long.layer.name}{other.layer.name}"


def test_the_summary_shows_what_is_asked_for():
    frozen = Dense(4, name="frozen", trainable=False)
    inner = Sequential([Input((5, 3)), frozen, Dropout(0.5, name="dropped")], name="inner")
    model = Sequential([Input((5, 3)), inner, SimpleRNN(2, name="states"), Dense(1, name="last")])

    def shown(**options):
        lines = []
        model.summary(print_fn=lines.append, **options)
        rows = [line.split() for line in lines if "(" in line][1:]
        return lines, rows

    _, rows = shown(expand_nested=True, show_trainable=True)
    assert [row[:2] for row in rows] == [
        ["inner", "(Sequential)"],
        ["└", "frozen"],
        ["└", "dropped"],
        ["states", "(SimpleRNN)"],
        ["last", "(Dense)"],
    ]
    assert [row[-1] for row in rows] == ["Y", "N", "-", "Y", "Y"]
    plain, _ = shown()
    part, rows = shown(layer_range=["inn", "states"])
    assert [row[0] for row in rows] == ["inner", "states"]
    assert part[-4:] == plain[-4:]
    assert shown(layer_range=("states", "inner"))[1] == rows
    for wrong in (["inner"], ["inner", "other"], "ab", ["inner", 3]):
        with pytest.raises(ValueError, match=r"layer_range is .*; it should have two names"):
            shown(layer_range=wrong)
    lines = []
    Sequential([inner, Dense(2)]).summary(print_fn=lines.append, expand_nested=True)
    assert any("└ frozen" in line for line in lines)


@pytest.mark.parametrize("build", ["chain", "graph", "unbuilt"])
def test_a_notebook_shows_the_summary_as_a_table(build):
    x = Input((4,), name="<x>") if build == "graph" else Input((4,))
    y = Dense(3, name="y")
    if build == "graph":
        model = Model(x, add([x, Dense(4, name="z")(x)]), name="g")
    else:
        model = Sequential([y] if build == "unbuilt" else [x, y], name="g")
    html = model._repr_html_()
    assert html.count("<table>") == html.count("</table>") == 1
    rows = html.count("<tr>") - 1
    assert rows == {"chain": 1, "graph": 3, "unbuilt": 1}[build]
    assert ("<th>Connected to</th>" in html) == (build == "graph")
    if build == "graph":
        assert "&lt;x&gt;" in html
        assert "<x>" not in html
    else:
        assert "<td>y</td><td>Dense</td>" in html
    assert Sequential()._repr_html_() is None


def test_arguments_by_keyword_and_in_lists():
    x = Input((TIME, 1))
    y = Dense(3)(x)
    for model in (Model(inputs=x, outputs=y), Model([x], [y]), Model(x, y, name="mine")):
        assert model.input_shape == (None, TIME, 1)
        assert model.output_shape == (None, TIME, 3)
        assert [layer.name for layer in model.layers] == ["input_1", "dense_1"]


X, ELSEWHERE = Input((TIME, 1)), Input((TIME, 1), name="elsewhere")
SHARED = Dense(1)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Model(X, Dense(2)(ELSEWHERE)), ValueError, "does not follow"),
        (lambda: Model([X, X], Dense(2)(X)), ValueError, "there twice"),
        (lambda: Model(X, []), ValueError, "outputs is empty"),
        (lambda: Model(X, X), ValueError, "needs a layer between"),
        (lambda: Model(np.zeros(3), Dense(2)(X)), TypeError, "inputs is of type ndarray"),
        (lambda: Model(X, Dense(2)), TypeError, "outputs is of type Dense"),
        (lambda: Model(X, Dense(1, name="a")(Dense(1, name="a")(X))), ValueError, "called 'a'"),
        (lambda: Sequential([Dense]), TypeError, "layer is Dense"),
        (lambda: Sequential([Dense(2), Input((2,))]), ValueError, "should come first"),
        (lambda: Sequential([SHARED, SHARED]), ValueError, "twice"),
        (lambda: Sequential().summary(), RuntimeError, "no layers"),
        (lambda: Sequential([Dense(2)]).weights, RuntimeError, "shape of the input is unknown"),
        (lambda: tagger().get_layer("gru_2"), ValueError, "it has input_1, gru_1"),
        (lambda: tagger().get_layer(index=9), ValueError, "has 4 layers"),
        (lambda: tagger().get_layer(), ValueError, "name or an index"),
    ],
)
def test_what_is_no_model_says_so(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_a_part_of_a_chain_is_a_model():
    model, (x, _) = tagger(), shifted()
    numbers, states, *_ = (layer.output for layer in model.layers)
    first = Model(numbers, states)
    assert first.predict(x).shape == (50, TIME, 8)
    rest = Model(states, model.layers[-1].output)
    np.testing.assert_allclose(rest.predict(first.predict(x)), model.predict(x), rtol=1e-5)


def test_models_that_share_layers_share_weights_while_either_learns():
    x, y = shifted()
    first = tagger()
    numbers, states, *_ = (layer.output for layer in first.layers)
    second = Model(numbers, Dense(1)(states))
    second.compile("sgd", "mse")
    gru = first.get_layer("gru_1")
    for _ in range(2):
        before = gru.get_weights()[0]
        first.train_on_batch(x, y)
        middle = gru.get_weights()[0]
        second.train_on_batch(x, y[..., np.newaxis])
        assert not np.array_equal(before, middle)
        assert not np.array_equal(middle, gru.get_weights()[0])
        np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])


def test_sequential_in_every_form_is_the_same_model():
    def weights(build):
        import fastrnn.seeding

        fastrnn.seeding.set_seed(1)
        model = build()
        x = np.ones((2, 4, 3))
        return model.predict(x), [layer.name for layer in model.layers]

    def one_by_one():
        model = Sequential()
        model.add(Input((4, 3)))
        model.add(SimpleRNN(5))
        model.add(Dense(2))
        return model

    forms = [
        lambda: Sequential([Input((4, 3)), SimpleRNN(5), Dense(2)]),
        lambda: Sequential([SimpleRNN(5, input_shape=(4, 3)), Dense(2)]),
        lambda: Sequential([SimpleRNN(5), Dense(2)]),
        one_by_one,
    ]
    expected, names = weights(forms[0])
    assert names == ["simple_rnn_1", "dense_1"]
    for form in forms[1:]:
        found, found_names = weights(form)
        np.testing.assert_array_equal(found, expected)
        assert found_names == names


def test_sequential_can_be_built_by_shape():
    model = Sequential([GRU(4, return_sequences=True), Dense(2)])
    model.build((None, None, 3))
    assert model.output_shape == (None, None, 2)
    assert len(model.get_weights()) == 5


def test_predictions_do_not_depend_on_how_data_lies(tmp_path):
    model, (x, _) = tagger(), shifted()
    expected = model.predict(x.astype(np.float32))
    assert expected.shape == (50, TIME, CLASSES)
    assert expected.dtype == np.float32
    assert expected.flags.c_contiguous
    np.testing.assert_allclose(expected.sum(axis=-1), 1, rtol=1e-5)
    path = tmp_path / "x.npy"
    np.save(path, x)
    read_only = x.copy()
    read_only.flags.writeable = False
    for same in (
        x,
        x.tolist(),
        x.astype(">f8"),
        np.asfortranarray(x),
        np.repeat(x, 2, axis=1)[:, ::2],
        x[::-1].copy()[::-1],
        read_only,
        np.load(path, mmap_mode="r"),
    ):
        np.testing.assert_array_equal(model.predict(same), expected)


def test_predictions_of_nothing():
    assert tagger().predict(np.zeros((0, TIME, 1))).shape == (0, TIME, CLASSES)


def test_any_length_where_time_is_open():
    model = Sequential([Input((None, 2)), GRU(3, return_sequences=True)])
    x = np.random.default_rng(1).normal(size=(4, 9, 2))
    np.testing.assert_array_equal(model.predict(x)[:, :5], model.predict(x[:, :5]))


def test_a_nan_stays_in_its_sample_from_its_step_on():
    model, (x, _) = tagger(), shifted()
    clean = model.predict(x)
    spoiled = x.astype(float)
    spoiled[3, 2] = np.nan
    found = model.predict(spoiled)
    assert np.isnan(found[3, 2:]).all()
    found[3, 2:] = clean[3, 2:]
    np.testing.assert_array_equal(found, clean)


def predicted_by_threads(model, data, times):
    """Return what sixteen threads get that begin together, a list for each of `data`."""
    start, found = threading.Barrier(len(data)), [[] for _ in data]

    def work(index):
        start.wait()
        for _ in range(times):
            found[index].append(model.predict(data[index], batch_size=16))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(data))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def assert_same_bits(found, expected, times):
    for results, one in zip(found, expected, strict=True):
        assert len(results) == times
        for result in results:
            np.testing.assert_array_equal(result, one)


def test_sixteen_threads_predict_the_bits_of_one():
    model = tagger(units=33)
    rng = np.random.default_rng(5)
    data = [rng.normal(size=(40 + i, TIME, 1)) for i in range(16)]
    expected = [model.predict(x, batch_size=16) for x in data]
    assert_same_bits(predicted_by_threads(model, data, 5), expected, 5)


class SlowToBuild(Dense):
    """Lets the other threads run where a layer is half built."""

    def create_parameters(self, input_shape):
        time.sleep(0.01)
        super().create_parameters(input_shape)
        time.sleep(0.01)


@pytest.mark.parametrize("first", [SlowToBuild, Dense])
def test_sixteen_threads_build_a_model_once(first):
    def unbuilt():
        seeding.set_seed(11)
        return Sequential([first(9, "tanh"), GRU(33, return_sequences=True), SlowToBuild(4)])

    rng = np.random.default_rng(6)
    data = [rng.normal(size=(20 + i, TIME, 3)) for i in range(16)]
    serial = unbuilt()
    expected = [serial.predict(x, batch_size=16) for x in data]
    model = unbuilt()
    found = predicted_by_threads(model, data, 2)
    assert [layer.name for layer in model.layers] == [layer.name for layer in serial.layers]
    for one, two in zip(model.get_weights(), serial.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert_same_bits(found, expected, 2)


def test_set_weights_changes_all_or_nothing():
    model, other = tagger(seed=1), tagger(seed=2)
    before = model.get_weights()
    wrong = other.get_weights()
    wrong[-1] = wrong[-1][:-1]
    with pytest.raises(ValueError, match=r"time_distributed_1/bias was given shape \(4,\)"):
        model.set_weights(wrong)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.set_weights(other.get_weights())
    np.testing.assert_array_equal(model.predict(shifted()[0]), other.predict(shifted()[0]))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros((3, TIME - 1)), ValueError, r"\(3, 5\); it should be \(samples, 6, 1\)"),
        (np.zeros((3, TIME + 1, 1)), ValueError, r"it should be \(samples, 6, 1\)"),
        (np.zeros((3, TIME, 2)), ValueError, r"x has shape \(3, 6, 2\)"),
        (np.zeros((3, TIME, 1), np.float16), TypeError, "float16"),
        (np.zeros((3, TIME, 1), complex), TypeError, "complex"),
        (np.full((3, TIME, 1), "a"), TypeError, "x is of type <U1"),
        (np.full((3, TIME, 1), None), TypeError, "object"),
        (None, TypeError, "x is None"),
        ([[[1]], [[1], [2]]], ValueError, "pad_sequences"),
        (3.0, ValueError, r"x has shape \(\)"),
    ],
)
def test_bad_inputs_are_named(x, error, message):
    with pytest.raises(error, match=message):
        tagger().predict(x)
    with pytest.raises(error, match=message):
        tagger().fit(x, np.zeros((3, TIME), int), verbose=0)


def test_steps_of_no_length_are_refused():
    with pytest.raises(ValueError, match="one step or more"):
        Sequential([Input((None, 2)), GRU(3)]).predict(np.zeros((3, 0, 2)))
