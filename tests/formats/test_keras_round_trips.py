"""Models through Keras's files: back into fastrnn, and into and out of Keras where it is there."""

import warnings

import numpy as np
import pytest

from fastrnn import layers, models
from fastrnn.layers import GRU, Input
from fastrnn.models import load_model
from fastrnn.optimizers import SGD, Adam, RMSprop
from tests.keras_oracle import require_keras
from tests.tolerances import FILES

from .zoo import listed, zoo

pytest.importorskip("h5py")

ENDINGS = (".keras", ".h5")
#: What HDF5 files cannot hold for the readers of Keras 2 and of Keras 3 alike.
IN_OTHER_WORDS = {"states", "twice", "deeper"}
NAMES = list(zoo(layers, models, Input))


def assert_agree(found, expected):
    for one, other in zip(listed(found), listed(expected), strict=True):
        one, other = np.asarray(one), np.asarray(other)
        assert one.shape == other.shape
        error = np.abs(one - other).max() / max(np.abs(other).max(), 1e-6)
        assert error <= FILES[np.dtype(np.float32)]


@pytest.fixture(scope="module")
def ours():
    return zoo(layers, models, Input)


@pytest.fixture(scope="module")
def theirs():
    keras = require_keras()
    return zoo(keras.layers, keras.models, keras.Input)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_model_comes_back_to_the_bit(tmp_path, ours, name, ending):
    model, x = ours[name]
    path = tmp_path / f"model{ending}"
    model.save(path)
    again = load_model(path)
    assert type(again) is type(model)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(listed(again.predict(x)), listed(model.predict(x)), strict=True):
        np.testing.assert_array_equal(one, other)
    again.save(tmp_path / f"second{ending}")
    assert (tmp_path / f"second{ending}").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".hdf5"])
@pytest.mark.parametrize("name", NAMES)
def test_weights_come_back_to_the_bit(tmp_path, ours, name, ending):
    model, _ = ours[name]
    kept = model.get_weights()
    path = tmp_path / f"weights{ending}"
    model.save_weights(path)
    try:
        model.set_weights([np.ones_like(weight) for weight in kept])
        model.load_weights(path)
        for one, other in zip(model.get_weights(), kept, strict=True):
            np.testing.assert_array_equal(one, other)
    finally:
        model.set_weights(kept)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_keras_agrees_with_what_is_written(tmp_path, ours, name):
    keras = require_keras()
    model, x = ours[name]
    expected = model.predict(x)
    for ending in ENDINGS:
        path = str(tmp_path / f"model{ending}")
        model.save(path)
        loaded = keras.models.load_model(path)
        assert_agree(loaded.predict(x, verbose=0), expected)
    weights = str(tmp_path / "model.weights.h5")
    model.save_weights(weights)
    loaded.set_weights([np.ones_like(weight) for weight in loaded.get_weights()])
    loaded.load_weights(weights)
    assert_agree(loaded.predict(x, verbose=0), expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_what_keras_writes_is_read(tmp_path, theirs, name):
    model, x = theirs[name]
    expected = model.predict(x, verbose=0)
    for ending in ENDINGS:
        path = str(tmp_path / f"model{ending}")
        model.save(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            loaded = load_model(path)
        assert_agree(loaded.predict(x), expected)
    weights = str(tmp_path / "model.weights.h5")
    model.save_weights(weights)
    loaded.set_weights([np.ones_like(weight) for weight in loaded.get_weights()])
    loaded.load_weights(weights)
    assert_agree(loaded.predict(x), expected)


def task(L, S, Inp):
    model = S([Inp((6, 3)), L.GRU(4, reset_after=True), L.Dense(2)])
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(size=w.shape) * 0.3 for w in model.get_weights()])
    return model, rng.normal(size=(8, 6, 3)).astype("f"), rng.normal(size=(8, 2)).astype("f")


OPTIMIZERS = {
    "adam": (Adam, {"learning_rate": 0.01}),
    "amsgrad": (Adam, {"learning_rate": 0.01, "amsgrad": True}),
    "sgd": (SGD, {"learning_rate": 0.1}),
    "momentum": (SGD, {"learning_rate": 0.1, "momentum": 0.9}),
    "rmsprop": (RMSprop, {"learning_rate": 0.01}),
    "centered": (RMSprop, {"learning_rate": 0.01, "momentum": 0.5, "centered": True}),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_training_goes_on_from_a_file_of_keras(tmp_path, optimizer, ending):
    model, x, y = task(layers, models.Sequential, Input)
    kind, options = OPTIMIZERS[optimizer]
    model.compile(kind(**options), "mse", metrics=["binary_accuracy"])
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(tmp_path / f"model{ending}")
    again = load_model(tmp_path / f"model{ending}")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.optimizer.iterations == 3
    assert again.metrics_names == model.metrics_names
    for one in (model, again):
        one.train_on_batch(x, y)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_keras_goes_on_with_our_training_and_we_with_its(tmp_path, optimizer):
    # In .keras files; from HDF5 Keras 3 builds its optimizer for no weights, also of its own files.
    keras = require_keras()
    path = str(tmp_path / "model.keras")
    kind, options = OPTIMIZERS[optimizer]
    model, x, y = task(layers, models.Sequential, Input)
    model.compile(kind(**options), "mse")
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(path)
    theirs = keras.models.load_model(path)
    for _ in range(2):
        model.train_on_batch(x, y)
        theirs.train_on_batch(x, y)
    assert_agree(theirs.get_weights(), model.get_weights())
    theirs.save(path)
    again = load_model(path)
    assert again.optimizer.iterations == 5
    for _ in range(2):
        again.train_on_batch(x, y)
        theirs.train_on_batch(x, y)
    assert_agree(again.get_weights(), theirs.get_weights())


@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_of_a_training_is_a_file_that_keras_opens(tmp_path):
    from fastrnn.callbacks import ModelCheckpoint

    model, x, y = task(layers, models.Sequential, Input)
    model.compile("adam", "mse")
    files = {
        "best.hdf5": {},
        "last.keras": {},
        "last.weights.h5": {"save_weights_only": True},
    }
    callbacks = [ModelCheckpoint(tmp_path / name, "loss", **kw) for name, kw in files.items()]
    model.fit(x, y, epochs=2, batch_size=4, verbose=0, callbacks=callbacks)
    expected = model.predict(x)
    for name in ("best.hdf5", "last.keras"):
        again = load_model(tmp_path / name)
        assert again.optimizer.iterations == 4
        assert_agree(again.predict(x), expected)
    fresh, _, _ = task(layers, models.Sequential, Input)
    fresh.load_weights(tmp_path / "last.weights.h5")
    assert_agree(fresh.predict(x), expected)
    keras = require_keras()
    for name in ("best.hdf5", "last.keras"):
        opened = keras.models.load_model(str(tmp_path / name))
        assert_agree(opened.predict(x, verbose=0), expected)
        if name.endswith(".keras"):
            assert int(opened.optimizer.iterations) == 4


WRITTEN_NOT = {
    "an old gate": (
        lambda: GRU(3, recurrent_activation="hard_sigmoid_keras2"),
        {
            ".h5": "recurrent_activation is 'hard_sigmoid_keras2'",
            ".keras": r"layer 'gru_1' \(GRU\): recurrent_activation is 'hard_sigmoid_keras2'",
        },
    ),
    "learned states": (
        lambda: GRU(3, learn_initial_state=True),
        {".h5": "learn_initial_state is True", ".keras": "learn_initial_state is True"},
    ),
}


@pytest.mark.parametrize("name", WRITTEN_NOT)
def test_what_keras_lacks_is_not_written(tmp_path, name):
    make, endings = WRITTEN_NOT[name]
    model = models.Sequential([Input((6, 3)), make()])
    for ending, message in endings.items():
        path = tmp_path / f"model{ending}"
        with pytest.raises(models.CheckpointError, match=message):
            model.save(path)
        assert not path.exists()


def gate():
    x = np.random.default_rng(0).random((2, 6, 3)).astype("float32")
    model = models.Sequential([Input((6, 3)), GRU(3, recurrent_activation="hard_sigmoid")])
    return model, x


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*sorted(IN_OTHER_WORDS), "gate"])
def test_what_keras_2_and_3_read_in_different_ways_is_written_as_keras_3_does(tmp_path, ours, name):
    h5py = pytest.importorskip("h5py")
    model, x = gate() if name == "gate" else ours[name]
    path = tmp_path / "model.h5"
    model.save(path)
    with h5py.File(path) as file:
        version = file.attrs["keras_version"]
    version = version.decode() if isinstance(version, bytes) else version
    assert version.startswith("3.")
    expected = model.predict(x)
    assert_agree(load_model(path).predict(x), expected)
    opened = require_keras().models.load_model(str(path), compile=False)
    assert_agree(opened.predict(x, verbose=0), expected)


@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_a_mask_beside_initial_states_is_kept_and_a_warning_says_that_keras_drops_it(
    tmp_path, ending
):
    tokens, others = Input((5,)), Input((5,))
    embedding = layers.Embedding(9, 3, mask_zero=True)
    _, h, c = layers.LSTM(4, return_state=True)(embedding(tokens))
    model = models.Model([tokens, others], layers.LSTM(4)(embedding(others), initial_state=[h, c]))
    path = tmp_path / f"model{ending}"
    with pytest.warns(UserWarning, match=r"'lstm_2' \(LSTM\).*Keras 3 drops the mask"):
        model.save(path)
    data = [np.array([[1, 2, 3, 0, 0], [4, 5, 0, 0, 0]])] * 2
    assert_agree(load_model(path).predict(data), model.predict(data))


@pytest.mark.parametrize("ending", ENDINGS)
def test_both_directions_in_float64(tmp_path, ending):
    x = np.random.default_rng(0).random((2, 6, 3))
    model = models.Sequential([Input((6, 3), dtype="float64"), layers.Bidirectional(GRU(2))])
    model.save(tmp_path / f"model{ending}")
    again = load_model(tmp_path / f"model{ending}")
    assert again.layers[0].dtype == np.float64
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
