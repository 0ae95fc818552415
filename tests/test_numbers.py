"""NumPy's numbers as settings are Python's, in what they do, in configurations and in files."""

import json

import numpy as np
import pytest

from fastrnn import callbacks, initializers, layers, losses, optimizers as opt, seeding, utils
from fastrnn.models import CheckpointError, Sequential, load_model
from fastrnn.models.training.run import unpacked
from fastrnn.optimizers import schedules
from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.text import Tokenizer
from fastrnn.settings import integer, number
from tests.models.builders import shifted, tagger

INT, FLOAT, TRUE, FALSE, ZERO = np.int64, np.float64, np.True_, np.False_, np.array(3)

#: A function of (integer, number, yes, no) that makes something with settings.
MADE = {
    "GRU": lambda i, f, y, n: layers.GRU(
        i(4),
        use_bias=y,
        return_sequences=y,
        return_state=n,
        stateful=n,
        go_backwards=n,
        dropout=f(0.25),
        recurrent_dropout=f(0),
        seed=i(3),
        reset_after=y,
        kernel_initializer=initializers.RandomNormal(f(0), f(0.5), i(2)),
    ),
    "LSTM": lambda i, f, y, n: layers.LSTM(i(4), unit_forget_bias=y, seed=i(1), dropout=f(0.5)),
    "SimpleRNN": lambda i, f, y, n: layers.SimpleRNN(i(4), seed=i(1), input_shape=(i(3), i(2))),
    "Dense": lambda i, f, y, n: layers.Dense(i(4), use_bias=n),
    "Dropout": lambda i, f, y, n: layers.Dropout(f(0.5), seed=i(3)),
    "Embedding": lambda i, f, y, n: layers.Embedding(i(5), i(3), mask_zero=y),
    "Masking": lambda i, f, y, n: layers.Masking(f(0.5)),
    "Input": lambda i, f, y, n: layers.Input((i(5), i(3)), batch_size=i(4)).layer,
    "Bidirectional": lambda i, f, y, n: layers.Bidirectional(layers.GRU(i(4), seed=i(2))),
    "Adam": lambda i, f, y, n: opt.Adam(f(0.5), f(0.25), f(0.5), f(0.125), y, clipnorm=f(2)),
    "SGD": lambda i, f, y, n: opt.SGD(f(0.5), f(0.25), y, weight_decay=f(0.5)),
    "RMSprop": lambda i, f, y, n: opt.RMSprop(f(1), f(0.5), f(0.25), centered=y, clipvalue=f(1)),
    "a schedule": lambda i, f, y, n: opt.Adam(schedules.ExponentialDecay(f(0.5), i(8), f(0.5), y)),
    "cosine": lambda i, f, y, n: schedules.CosineDecay(f(0.5), i(8), f(0.5), "c", f(1), i(2)),
    "pieces": lambda i, f, y, n: schedules.PiecewiseConstantDecay([i(2)], [f(0.5), f(0.25)]),
    "Orthogonal": lambda i, f, y, n: initializers.Orthogonal(f(0.5), i(3)),
    "RandomUniform": lambda i, f, y, n: initializers.RandomUniform(f(-1), f(1), i(3)),
    "GlorotUniform": lambda i, f, y, n: initializers.GlorotUniform(i(3)),
    "Constant": lambda i, f, y, n: initializers.Constant(f(0.5)),
    "a loss": lambda i, f, y, n: losses.BinaryCrossentropy(from_logits=y),
}
PYTHON = (int, float, True, False)


@pytest.mark.parametrize("case", MADE)
@pytest.mark.parametrize(
    "kinds",
    [
        (INT, FLOAT, TRUE, FALSE),
        (np.uint8, np.float32, TRUE, FALSE),
        (np.array, np.array, True, False),
    ],
    ids=["wide", "narrow", "arrays"],
)
def test_configurations_are_python_s(case, kinds):
    if case == "RandomUniform" and kinds[0] is np.uint8:
        kinds = (np.uint8, np.float16, TRUE, FALSE)
    found, expected = MADE[case](*kinds).get_config(), MADE[case](*PYTHON).get_config()
    drop = {"name"}
    texts = [json.dumps({k: v for k, v in c.items() if k not in drop}) for c in (found, expected)]
    if case != "Bidirectional":  # the layer inside has a name of its own
        assert texts[0] == texts[1]


def trained(i, f, y, n, path):
    seeding.set_seed(i(5))
    model = Sequential(
        [
            layers.Input((i(6), i(2))),
            layers.GRU(i(3), return_sequences=y, dropout=f(0.25), seed=i(7)),
            layers.Dense(i(4), "softmax", kernel_initializer=initializers.GlorotUniform(i(1))),
        ]
    )
    model.compile(
        opt.Adam(f(0.0625), clipnorm=f(1)),
        "sparse_categorical_crossentropy",
        ["accuracy"],
        loss_weights=[f(0.5)],
        check_gradients=y,
    )
    called = [
        callbacks.EarlyStopping("loss", f(0), i(5), i(0), baseline=f(0.5), start_from_epoch=i(1)),
        callbacks.ModelCheckpoint(path, save_freq=i(2), save_best_only=n),
        callbacks.ReduceLROnPlateau("loss", f(0.5), i(1), cooldown=i(1), min_lr=f(0)),
        callbacks.BackupAndRestore(path + "-run", save_freq=i(2), save_seconds=f(99)),
        callbacks.LearningRateScheduler(lambda epoch, rate: f(0.125) * f(rate)),
    ]
    x = np.sin(np.arange(240.0)).reshape(20, 6, 2)
    labels = np.arange(120).reshape(20, 6) % 4
    model.fit(
        x,
        labels,
        batch_size=i(8),
        epochs=i(3),
        verbose=i(0),
        validation_split=f(0.25),
        shuffle=y,
        initial_epoch=i(0),
        class_weight={i(1): f(2)},
        callbacks=called,
    )
    return model


def test_a_training_and_its_files(tmp_path):
    one = trained(*PYTHON, str(tmp_path / "one"))
    two = trained(INT, FLOAT, TRUE, FALSE, str(tmp_path / "two"))
    for ours, theirs in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert one.history.history == two.history.history
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    again = load_model(tmp_path / "two")
    x = np.ones((3, 6, 2))
    assert np.isfinite(again.predict(x, batch_size=INT(2))).all()
    again.evaluate(x, np.ones((3, 6), int), batch_size=INT(2), verbose=INT(0), return_dict=TRUE)
    again.stream(INT(2))


def test_a_learning_rate_that_is_set_goes_into_files(tmp_path):
    model = tagger()
    for rate in (np.float32(0.5), np.array(0.25), np.float64(0.125), np.int64(1)):
        model.optimizer.learning_rate = rate
        assert isinstance(model.optimizer.learning_rate, float)
        model.save(tmp_path / "model")
        assert load_model(tmp_path / "model").optimizer.learning_rate == float(rate)


def test_texts_and_sequences():
    one, two = Tokenizer(num_words=INT(3), lower=TRUE), Tokenizer(num_words=3)
    for tokenizer in (one, two):
        tokenizer.fit_on_texts(["a b b c", "b a"])
    assert one.to_json() == two.to_json()
    assert one.texts_to_sequences(["a b c"]) == two.texts_to_sequences(["a b c"])
    padded = pad_sequences([[1, 2], [3]], maxlen=INT(3), value=INT(7))
    np.testing.assert_array_equal(padded, [[7, 1, 2], [7, 7, 3]])
    np.testing.assert_array_equal(utils.to_categorical([0, 1], INT(3)), np.eye(3)[:2])


@pytest.mark.parametrize("seed", [INT(3), np.uint8(3), ZERO, np.array([3]), (INT(3),)])
def test_seeds(seed):
    seeding.set_seed(seed)
    found = seeding.generator().random(3)
    seeding.set_seed(3)
    np.testing.assert_array_equal(found, seeding.generator().random(3))
    json.dumps(seeding.described(seeding.root()))


class Counting(callbacks.Callback):
    """Remembers what it likes."""

    def __init__(self):
        self.counts = np.zeros(3, np.int64)
        self.seen = np.zeros((2, 1), np.bool_)
        self.best = np.float32(2.5)
        self.empty = np.empty((0, 3), np.uint8)

    def on_train_batch_end(self, batch, logs=None):
        self.counts[batch % 3] += 1
        self.seen[batch % 2] = True

    names = ("counts", "seen", "best", "empty")

    def get_state(self):
        return {name: getattr(self, name) for name in self.names}

    def set_state(self, state):
        for name in self.names:
            setattr(self, name, state[name])


def test_a_state_with_integers_goes_into_files(tmp_path):
    path = tmp_path / "{epoch}"
    whole = Counting()
    tagger().fit(*shifted(), epochs=4, batch_size=8, callbacks=whole, verbose=0)
    saving = [Counting(), callbacks.ModelCheckpoint(path)]
    tagger().fit(*shifted(), epochs=2, batch_size=8, callbacks=saving, verbose=0)
    rest = Counting()
    model = tagger()
    arguments = {"epochs": 4, "batch_size": 8, "verbose": 0, "resume": tmp_path / "2"}
    model.fit(*shifted(), callbacks=[rest, callbacks.ModelCheckpoint(path)], **arguments)
    for name in Counting.names:
        found, expected = (np.asarray(getattr(one, name)) for one in (rest, whole))
        np.testing.assert_array_equal(found, expected)
        if name != "best":
            assert found.dtype == expected.dtype
            assert found.shape == expected.shape


@pytest.mark.parametrize(
    "wrong",
    [
        {"integers": [1, 2], "dtype": "int64", "shape": [3]},
        {"integers": [1, "a"], "dtype": "int64", "shape": [2]},
        {"integers": [1], "dtype": "float64", "shape": [1]},
        {"integers": [300], "dtype": "uint8", "shape": [1]},
        {"integers": [1], "dtype": "no type", "shape": [1]},
        {"integers": [1], "dtype": "int64", "shape": 1},
    ],
)
def test_a_file_with_integers_that_are_none(wrong):
    with pytest.raises(CheckpointError, match="array of integers that is none"):
        unpacked([wrong], {})


def test_what_is_no_number():
    for value in (True, np.True_, "3", None, 1.0, np.float32(1), np.array([1]), 1j):
        with pytest.raises(TypeError, match=r"n is .*; it should be an integer"):
            integer("n", value)
    for value in (True, np.True_, "3", None, np.array([1.0]), 1j, np.complex64(1)):
        with pytest.raises(TypeError, match=r"x is .*; it should be a number"):
            number("x", value)
    for value in (np.nan, np.inf, -np.inf, -1, 2):
        with pytest.raises(ValueError, match=r"x is .*; it should be at least 0 and below 2"):
            number("x", value, least=0, below=2)
    with pytest.raises(ValueError, match=r"x is 0; it should be above 0 and finite"):
        number("x", 0, above=0)
