"""Both directions: how they are put together, with masks and states."""

import numpy as np
import pytest

from fastrnn.layers import GRU, LSTM, Bidirectional, Dense, Input, Masking, SimpleRNN
from fastrnn.models import Model, Sequential, load_model

from .recurrent import RECURRENT
from .test_gradients import assert_gradients_are_differences, randomised
from .test_masks import LENGTHS, ragged

MODES = {
    "concat": lambda one, other: np.concatenate([one, other], axis=-1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda one, other: (one + other) / 2,
}
RNG = np.random.default_rng(51)
X, COUNTS = ragged(RNG)


def both(cell, mode, sequences, masked=True, **options):
    """Return a bidirectional model, and one of each direction with its weights."""
    data = Input((None, 3), dtype="float64")
    read = Masking()(data) if masked else data
    options["return_sequences"] = sequences
    layer = Bidirectional(RECURRENT[cell](4, **options), mode)
    model = randomised(Model(data, layer(read)), RNG)
    one, other = (RECURRENT[cell](4, go_backwards=back, **options) for back in (False, True))
    models = [Model(data, made(read)) for made in (one, other)]
    half = len(model.get_weights()) // 2
    one.set_weights(model.get_weights()[:half])
    other.set_weights(model.get_weights()[half:])
    return model, models


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sequences", [True, False])
def test_it_is_two_layers_put_together(cell, mode, sequences):
    model, (one, other) = both(cell, mode, sequences)
    forwards, backwards = one.predict(X), other.predict(X)
    if sequences:
        backwards = backwards[:, ::-1]
    expected = MODES[mode](forwards, backwards)
    if sequences:
        expected[~COUNTS] = 0
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sequences", [True, False])
def test_gradients(mode, sequences):
    model = Sequential(
        [
            Input((None, 3), dtype="float64"),
            Masking(),
            Bidirectional(SimpleRNN(2, return_sequences=True), mode),
            Bidirectional(GRU(3, return_sequences=True), mode),
            Bidirectional(LSTM(2, return_sequences=sequences), mode),
            Dense(2),
        ]
    )
    model.compile("sgd", "mse")
    y = RNG.normal(size=(len(LENGTHS), 7, 2))
    assert_gradients_are_differences(randomised(model, RNG), X, y if sequences else y[:, 0])


def test_both_outputs_as_they_are():
    data = Input((None, 3), dtype="float64")
    layer = Bidirectional(GRU(4, return_sequences=True), merge_mode=None)
    one, other = layer(Masking()(data))
    assert [one.shape, other.shape] == [(None, None, 4)] * 2
    model = randomised(Model(data, [one, other]), RNG)
    found = model.predict(X)
    assert not found[0][~COUNTS].any()
    assert not found[1][~COUNTS].any()
    merged = Bidirectional(GRU(4, return_sequences=True))
    together = Model(data, merged(Masking()(data)))
    together.set_weights(model.get_weights())
    np.testing.assert_array_equal(np.concatenate(found, axis=-1), together.predict(X))
    model.compile("sgd", "mse")
    y = [RNG.normal(size=(len(LENGTHS), 7, 4)) for _ in range(2)]
    assert_gradients_are_differences(model, X, y)


@pytest.mark.parametrize("cell", RECURRENT)
def test_states_in_and_out(cell):
    data = Input((None, 3), dtype="float64")
    plain = RECURRENT[cell](3)
    count = plain.state_count
    begins = [Input((3,), dtype="float64", name=f"begin_{i}") for i in range(2 * count)]
    layer = Bidirectional(RECURRENT[cell](3, return_state=True))
    outputs = layer(data, initial_state=begins)
    model = randomised(Model([data, *begins], outputs), RNG)
    states = [RNG.normal(size=(len(LENGTHS), 3)) for _ in begins]
    found = model.predict([X, *states])
    one, other = found[1], found[1 + count]
    np.testing.assert_array_equal(found[0], np.concatenate([one, other], axis=1))
    alone = Model([data, *begins[:count]], plain(data, initial_state=begins[:count]))
    plain.set_weights(layer.forward_layer.get_weights())
    np.testing.assert_array_equal(alone.predict([X, *states[:count]]), one)
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, [X, *states], found[:1] + [f * 0 for f in found[1:]])


def test_a_backward_layer_of_its_own():
    layer = Bidirectional(GRU(4), backward_layer=SimpleRNN(3, go_backwards=True))
    layer(Input((None, 2)))
    assert [w.shape for w in layer.get_weights()] == [(2, 12), (4, 12), (12,), (2, 3), (3, 3), (3,)]
    assert layer.output.shape == (None, 7)


def test_it_lives_in_a_file(tmp_path):
    model = Sequential(
        [
            Input((None, 3)),
            Bidirectional(GRU(4, return_sequences=True, name="inner", reset_after=True), "ave"),
            Bidirectional(GRU(2), backward_layer=SimpleRNN(3, go_backwards=True), name="last"),
            Dense(1),
        ]
    )
    model.compile("adam", "mse")
    model.fit(X, X[:, 0, :1], verbose=0)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert model.layers[0].weight_names[:4] == [
        "forward_kernel",
        "forward_recurrent_kernel",
        "forward_bias",
        "backward_kernel",
    ]
    assert model.layers[0].name == "bidirectional_1"
    assert model.layers[0].forward_layer.name == "forward_inner"


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Bidirectional(Dense(2)), TypeError, "layer of Bidirectional is Dense"),
        (lambda: Bidirectional(GRU), TypeError, "layer of Bidirectional is GRU"),
        (lambda: Bidirectional(GRU(2), "max"), ValueError, "merge_mode is 'max'"),
        (
            lambda: Bidirectional(GRU(2), backward_layer=GRU(2)),
            ValueError,
            "go_backwards=False, and so has layer",
        ),
        (
            lambda: Bidirectional(
                GRU(2), backward_layer=GRU(2, go_backwards=True, return_sequences=True)
            ),
            ValueError,
            "has return_sequences=True; it should have that of layer, False",
        ),
        (
            lambda: Bidirectional(GRU(2), "sum", GRU(3, go_backwards=True)),
            ValueError,
            "3 units and layer 2",
        ),
        (
            lambda: Bidirectional(GRU(2))(Input((None, 3)), initial_state=Input((2,))),
            ValueError,
            r"it should have \(None, 2\), \(None, 2\)",
        ),
        (lambda: Bidirectional(GRU(2))(Input((3,))), ValueError, "time, features"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()
