"""Arrays on disk: what a training makes of them stays small beside them."""

import tracemalloc

import numpy as np
import pytest

import fastrnn
from fastrnn.callbacks import Callback
from fastrnn.layers import Dense, Embedding, Input, SimpleRNN
from fastrnn.models import Model, reading, samples

SAMPLES, TIME, FEATURES, CLASSES = 4096, 16, 64, 5
SIZE = SAMPLES * TIME * FEATURES * 8


class Brief(Callback):
    """Stops every epoch after three steps."""

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 2


@pytest.fixture
def on_disk(tmp_path):
    """Return what makes a file of zeros, which takes no place on most disks, and opens it."""

    def on_disk(name, dtype, shape):
        array = np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", dtype, shape)
        array.flush()
        return array

    return on_disk


@pytest.fixture
def peak():
    """Return what says how many bytes were in use at most, of Python and NumPy."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def model():
    fastrnn.set_seed(0)
    x = Input((TIME, FEATURES))
    made = Model(x, Dense(CLASSES, activation="softmax")(SimpleRNN(2, return_sequences=True)(x)))
    made.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    return made


def read_only(array):
    return np.load(array.filename, mmap_mode="r")


@pytest.mark.parametrize("labels", ["int64", "float32", "uint8"])
def test_fit_evaluate_and_predict_copy_no_map(on_disk, peak, labels):
    x, y = on_disk("x", "f8", (SAMPLES, TIME, FEATURES)), on_disk("y", labels, (SAMPLES, TIME, 1))
    x[:64], y[:64] = np.random.default_rng(0).random(x[:64].shape), 3
    made = model()
    x, y = read_only(x), read_only(y)
    options = {"epochs": 1, "verbose": 0, "callbacks": [Brief()]}
    made.fit(x, y, validation_split=0.2, **options)
    made.fit(x, y, validation_data=(x[:64], y[:64]), shuffle=False, **options)
    loss = made.evaluate(x, y, verbose=0)
    answer = made.predict(x)
    assert peak() < SIZE / 6
    in_memory = np.array(x[:64]), np.array(y[:64], np.int64)
    assert np.array_equal(answer[:64], made.predict(in_memory[0]))
    assert made.evaluate(x[:64], y[:64], verbose=0) == made.evaluate(*in_memory, verbose=0)
    assert loss[0] > 0


def test_tokens_and_weights_on_disk(on_disk, peak):
    shape = (SIZE // 16, 4)
    x, y = on_disk("x", "f4", shape), on_disk("y", "f4", shape)
    weights = on_disk("w", "f4", shape)
    tokens = Input((None,))
    hidden = SimpleRNN(2, return_sequences=True)(Embedding(9, 3)(tokens))
    made = Model(tokens, Dense(CLASSES, activation="softmax")(hidden))
    made.compile("sgd", "sparse_categorical_crossentropy")
    made.fit(x, y, sample_weight=weights, verbose=0, callbacks=[Brief()], shuffle=False)
    assert peak() < SIZE / 4
    x[-1, 2] = 9
    with pytest.raises(ValueError, match=rf"token 9.0 at \[{len(x) - 1}, 2\]"):
        made.fit(x, y, verbose=0)
    x[-1, 2], y[-2, 1] = 0.5, -1
    with pytest.raises(ValueError, match=rf"0.5 at \[{len(x) - 1}, 2\]; tokens"):
        made.fit(x, y, verbose=0)
    x[-1, 2], weights[-1, 3] = 0, np.inf
    with pytest.raises(ValueError, match=rf"label -1.0 at \[{len(x) - 2}, 1\]"):
        made.fit(x, y, verbose=0)
    y[-2, 1] = 0
    with pytest.raises(ValueError, match="sample_weight holds a number that is not finite"):
        made.fit(x, y, sample_weight=weights, verbose=0)
    assert peak() < SIZE / 4


def test_few_samples_that_are_large_are_looked_at_in_pieces(on_disk, peak):
    x, y = on_disk("x", "f4", (4, SIZE // 16 // FEATURES, FEATURES)), np.zeros(4, int)
    x[2, -1, 7] = np.nan
    given = Input((None, FEATURES))
    made = Model(given, Dense(CLASSES, activation="softmax")(SimpleRNN(2)(given)))
    made.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=rf"x\[2, {x.shape[1] - 1}, 7\] is NaN"):
        made.fit(x, y, verbose=0)
    assert peak() < SIZE / 20


def test_weights_of_classes_are_made_for_each_batch_where_all_would_be_large(on_disk, peak):
    x, y = on_disk("x", "u1", (SIZE // 2, 1)), on_disk("y", "u1", (SIZE // 2, 1))
    tokens = Input((None,))
    hidden = SimpleRNN(2, return_sequences=True)(Embedding(9, 3)(tokens))
    made = Model(tokens, Dense(CLASSES, activation="softmax")(hidden))
    made.compile("sgd", "sparse_categorical_crossentropy")
    options = {"verbose": 0, "callbacks": [Brief()], "shuffle": False}
    made.fit(x, y, class_weight={0: 2.0}, **options)
    assert peak() < SIZE / 4


def test_weights_of_classes_are_the_same_for_each_batch(monkeypatch):
    generator = np.random.default_rng(0)
    x, y = generator.random((70, TIME, FEATURES)), generator.integers(0, CLASSES, (70, TIME))
    options = {"class_weight": {0: 2.5, 3: 0.5}, "epochs": 2, "verbose": 0}
    expected = model().fit(x, y, validation_split=0.1, **options).history
    monkeypatch.setattr(reading, "IN_MEMORY", 0)
    assert model().fit(x, y, validation_split=0.1, **options).history == expected
    with pytest.raises(ValueError, match=r"class_weight\[1\] is inf"):
        model().fit(x, y, class_weight={1: np.inf}, verbose=0)
    x[60, 2, 3] = np.nan
    with pytest.raises(ValueError, match=r"x\[60, 2, 3\] is NaN"):
        model().fit(x, y, **options)


def oddly_laid_out(array, how):
    """Return the same numbers, as they may lie in a file that others wrote."""
    if how == "other byte order":
        return array.astype(array.dtype.newbyteorder())
    if how == "other order of axes":
        return np.asfortranarray(array)
    moved = np.ndarray(array.shape, array.dtype, bytearray(array.nbytes + 1), offset=1)
    moved[...] = array
    return moved


@pytest.mark.parametrize("how", ["other byte order", "other order of axes", "not aligned"])
def test_large_arrays_are_not_copied_however_they_lie(monkeypatch, how, peak):
    generator = np.random.default_rng(0)
    x, y = generator.random((SAMPLES, TIME, 8)), generator.integers(0, CLASSES, (SAMPLES, TIME))
    given = Input((TIME, 8))
    answer = Dense(CLASSES, activation="softmax")(SimpleRNN(2, return_sequences=True)(given))
    made = Model(given, answer)
    made.compile("sgd", "sparse_categorical_crossentropy")
    start = made.get_weights()
    odd = oddly_laid_out(x, how), oddly_laid_out(y, how)
    found = []
    monkeypatch.setattr(samples, "COPIED", 0)
    for arrays in ((x, y), odd):
        made.set_weights(start)
        fastrnn.set_seed(1)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        made.fit(*arrays, verbose=0, callbacks=[Brief()])
        assert peak() - before < x.nbytes / 4
        found.append(made.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))
