"""``RNN`` around cells: the layer that there is, or several in a row; cells on their own."""

import numpy as np
import pytest

import fastrnn
from fastrnn.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    GRUCell,
    Input,
    LSTMCell,
    Masking,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNN,
    StackedRNNCells,
)
from fastrnn.models import CheckpointError, Model, Sequential, load_model
from tests import recorded
from tests.keras_oracle import double_precision, require_keras
from tests.tolerances import RECORDED

FILE = "keras_features"
N, TIME, FEATURES = 6, 5, 3


def numbers(shape, phase):
    return np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


X, Y = numbers((N, TIME, FEATURES), 0.3), numbers((N, 2), 1.1)
X[::2, 3:] = 0


def one_cell(k):
    cell = k.layers.LSTMCell(2, recurrent_activation="relu", kernel_regularizer="l2")
    return [k.layers.RNN(cell)]


def cells_in_a_row(k):
    l = k.layers  # noqa: E741
    cells = [l.LSTMCell(4), l.GRUCell(3, reset_after=True), l.SimpleRNNCell(2)]
    return [l.Masking(), l.RNN(cells, return_sequences=True), l.RNN(l.StackedRNNCells(
        [l.SimpleRNNCell(3), l.LSTMCell(2)]))]  # fmt: skip


def backwards(k):
    l = k.layers  # noqa: E741
    return [l.RNN([l.GRUCell(3, reset_after=True), l.LSTMCell(2)], go_backwards=True)]


CASES = {"one cell": one_cell, "cells in a row": cells_in_a_row, "backwards": backwards}


def described(case, k, dtype):
    model = k.Sequential([k.Input((TIME, FEATURES), dtype=dtype), *CASES[case](k)])
    model.set_weights([numbers(w.shape, 0.3 + i) for i, w in enumerate(model.get_weights())])
    model.compile(k.optimizers.SGD(0.1), "mse")
    history = model.fit(X, Y, batch_size=4, epochs=3, verbose=0, shuffle=False).history
    return {"history": history["loss"], "weights": model.get_weights()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_six_steps(case, dtype):
    expected = recorded.load(FILE, f"RNN of {case}, {dtype}")
    recorded.assert_alike(described(case, fastrnn, dtype), expected, 3 * RECORDED[np.dtype(dtype)])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_keras_makes_these_steps(case, dtype):
    keras = require_keras()
    with double_precision():
        keras.config.set_dtype_policy(dtype)
        keras.config.set_floatx(dtype)
        found = described(case, keras, dtype)
        recorded.check(FILE, f"RNN of {case}, {dtype}", found, 3 * RECORDED[np.dtype(dtype)])


def test_one_cell_is_the_layer_of_it():
    layer = RNN(GRUCell(4, reset_after=True, dropout=0.1), return_sequences=True, name="mine")
    assert type(layer) is GRU
    assert (layer.units, layer.reset_after, layer.dropout, layer.name) == (4, True, 0.1, "mine")
    assert type(RNN(SimpleRNNCell(2, "relu"), unroll=True)) is SimpleRNN
    both = Bidirectional(RNN(LSTMCell(3)))
    assert both(Input((TIME, FEATURES))).shape == (None, 6)


def test_a_stack_is_layers_behind_one_another(tmp_path):
    x = Input((TIME, FEATURES), dtype="float64")
    stacked = RNN([LSTMCell(4), GRUCell(3)], return_state=True)
    output, *states = stacked(Masking()(x))
    model = Model(x, [output, *states])
    first, *one = LSTM(4, return_sequences=True, return_state=True)(Masking()(x))
    second, *other = GRU(3, return_state=True)(first)
    apart = Model(x, [second, *one, *other])
    apart.set_weights(model.get_weights())
    for found, expected in zip(model.predict(X), apart.predict(X), strict=True):
        np.testing.assert_array_equal(found, expected)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    for found, expected in zip(model.predict(X), again.predict(X), strict=True):
        np.testing.assert_array_equal(found, expected)
    # From states, in a row or cell by cell.
    begin = [
        Input((4,), dtype="float64"),
        Input((4,), dtype="float64"),
        Input((3,), dtype="float64"),
    ]
    given = [numbers((N, units), 2.0) for units in (4, 4, 3)]
    flat = Model([x, *begin], stacked(x, initial_state=begin)[0]).predict([X, *given])
    nested = Model([x, *begin], stacked(x, initial_state=[begin[:2], begin[2]])[0])
    np.testing.assert_array_equal(nested.predict([X, *given]), flat)
    assert repr(stacked).startswith("StackedRNN([LSTM(")


def test_a_stack_streams_and_keeps_its_states():
    model = Sequential([Input((None, FEATURES)), RNN([GRUCell(4), LSTMCell(2)]), Dense(1)])
    stream = model.stream()
    for step in range(TIME):
        found = stream(X[0, step].astype(np.float32))
    np.testing.assert_array_equal(found, model.predict(X[:1])[0])
    stateful = RNN([GRUCell(4), LSTMCell(2)], stateful=True, batch_input_shape=(N, None, FEATURES))
    whole = Sequential([stateful])
    whole.set_weights(model.get_weights()[:-2])
    expected = whole.predict(X, batch_size=N)
    whole.reset_states()
    whole.predict(X[:, :2], batch_size=N)
    np.testing.assert_allclose(whole.predict(X[:, 2:], batch_size=N), expected, rtol=1e-5)


def test_gradients_are_central_differences():
    layer = RNN([LSTMCell(3), SimpleRNNCell(2)])
    model = Sequential([Input((TIME, FEATURES), dtype="float64"), Masking(), layer])
    model.compile("sgd", "mse")
    weights = model.get_weights()
    for place, gradient in enumerate(model.compute_gradients(X, Y)):
        sides = []
        for side in (1e-6, -1e-6):
            moved = [w.copy() for w in weights]
            moved[place].flat[0] += side
            model.set_weights(moved)
            sides.append(model.evaluate(X, Y, batch_size=N, verbose=0))
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(gradient.flat[0], rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("cell", [SimpleRNNCell(4), GRUCell(4), LSTMCell(4)], ids=repr)
def test_cells_by_themselves_make_the_steps_of_the_layer(cell):
    states, x = cell.get_initial_state(N), X.astype(np.float32)
    for step in range(TIME):
        output, states = cell(x[:, step], states)
    layer = cell.kind(4)
    layer(x)
    layer.set_weights(cell._layer.get_weights())
    np.testing.assert_allclose(output, layer(x), rtol=1e-5, atol=1e-6)
    assert cell.output_size == 4
    assert cell.state_size in (4, [4, 4])
    # On tensors: a loop over steps, with one set of weights.
    tensor = Input((TIME, FEATURES))
    _, after = cell(tensor[:, 0])
    two, _ = cell(tensor[:, 1], after)
    model = Model(tensor, two)
    assert model.count_params() == layer.count_params()
    np.testing.assert_allclose(model.predict(x), layer(x[:, :2]), rtol=1e-5, atol=1e-6)


def test_wrong_cells_are_named():
    class Mine:
        state_size = 3

    with pytest.raises(TypeError, match=r"cell is Mine; it should be a SimpleRNNCell.*from Layer"):
        RNN(Mine())
    with pytest.raises(TypeError, match="cell is GRU; it should be"):
        StackedRNNCells([GRU(3)])
    with pytest.raises(
        TypeError, match="LSTMCell has no argument 'return_sequences'; RNN takes it"
    ):
        LSTMCell(3, return_sequences=True)
    with pytest.raises(TypeError, match="has no argument 'unit'"):
        GRUCell(3, unit=3)
    with pytest.raises(ValueError, match="cells is empty"):
        StackedRNNCells([])
    cell = GRUCell(3)
    RNN(cell)
    with pytest.raises(ValueError, match="has been used already"):
        RNN(cell)
    with pytest.raises(ValueError, match="belongs to a layer RNN"):
        cell(np.ones((2, 3)))
    assert StackedRNNCells([GRUCell(3), LSTMCell(2)]).state_size == [3, [2, 2]]
    assert isinstance(RNN([GRUCell(3)]), StackedRNN)
    assert GRUCell(3).get_config()["units"] == 3


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_rows_of_cells_in_files_of_keras(ending, tmp_path):
    pytest.importorskip("h5py")
    model = Sequential([Input((TIME, FEATURES)), *cells_in_a_row(fastrnn), Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y[:, :1], batch_size=6, verbose=0, shuffle=False)
    model.save(tmp_path / f"model.{ending}")
    again = load_model(tmp_path / f"model.{ending}")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    for one in (model, again):
        one.fit(X, Y[:, :1], batch_size=6, verbose=0, shuffle=False)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    model.save_weights(tmp_path / "model.weights.h5")
    other = Sequential([Input((TIME, FEATURES)), *cells_in_a_row(fastrnn), Dense(1)])
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    start = Input((TIME, FEATURES))
    states = Model(start, RNN([GRUCell(2), GRUCell(3)], return_state=True)(start))
    with pytest.raises(CheckpointError, match="return_state is True"):
        states.save(tmp_path / f"states.{ending}")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_keras_reads_and_writes_rows_of_cells(ending, tmp_path):
    keras = require_keras()
    ours = Sequential([Input((TIME, FEATURES)), *cells_in_a_row(fastrnn)])
    ours.save(tmp_path / f"ours.{ending}")
    theirs = keras.models.load_model(tmp_path / f"ours.{ending}")
    x = X.astype("float32")
    np.testing.assert_allclose(theirs.predict(x, verbose=0), ours.predict(x), rtol=1e-5, atol=1e-6)
    theirs.save(tmp_path / f"theirs.{ending}")
    again = load_model(tmp_path / f"theirs.{ending}")
    np.testing.assert_array_equal(again.predict(x), ours.predict(x))
