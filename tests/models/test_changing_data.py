"""Labels and tokens that change after `fit` has checked them: an error that names them."""

import subprocess
import sys

import numpy as np
import pytest

from fastrnn.callbacks import Callback
from fastrnn.layers import GRU, CategoryEncoding, Dense, Embedding, Input
from fastrnn.models import Sequential

CLASSES, TOKENS = 5, 7
BAD = [CLASSES, -1, 10**8, -(2**62)]


class Write(Callback):
    """Writes to an array at the start of the second epoch, and keeps the weights of each step."""

    def __init__(self, array, value):
        super().__init__()
        self.array, self.value, self.steps = array, value, []

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self.array[...] = self.value

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.get_weights())


def labelled(last="softmax", loss="sparse_categorical_crossentropy", first=None):
    start = Input((None, 1)) if first is None else Input((None,), dtype="int32")
    between = [] if first is None else [first]
    layers = [start, *between, GRU(8, return_sequences=True), Dense(CLASSES, activation=last)]
    model = Sequential(layers)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def refuses(model, x, y, array, value, match, **options):
    """Fail unless the training ends with an error, and the weights are those after a step."""
    write = Write(array, value)
    with pytest.raises(ValueError, match=match):
        model.fit(x, y, epochs=2, verbose=0, batch_size=16, callbacks=[write], **options)
    for found, expected in zip(model.get_weights(), write.steps[-1], strict=True):
        np.testing.assert_array_equal(found, expected)


def data(dtype=np.int64, samples=64):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((samples, 6, 1)).astype(np.float32)
    return x, rng.integers(0, CLASSES, (samples, 6)).astype(dtype)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("value", BAD)
def test_labels(value, shuffle):
    x, y = data()
    refuses(labelled(), x, y, y, value, f"y holds the label {value},", shuffle=shuffle)


@pytest.mark.parametrize("last", [None, "sigmoid", "softmax"])
def test_labels_of_each_way_to_compute_the_loss(last):
    from fastrnn.losses import SparseCategoricalCrossentropy

    x, y = data()
    loss = SparseCategoricalCrossentropy(from_logits=last is None)
    refuses(labelled(last, loss), x, y, y, -2, "label -2,")


@pytest.mark.parametrize(
    ("dtype", "value", "said"),
    [
        (np.int8, -1, "-1"),
        (np.uint64, 2**64 - 2, "-2"),
        (np.float64, 2.5, "2.5"),
        (np.float32, np.nan, "nan"),
        (np.float64, np.inf, "inf"),
    ],
)
def test_labels_of_other_types(dtype, value, said):
    x, y = data(dtype)
    refuses(labelled(), x, y, y, value, f"label {said},")


def test_labels_of_the_validation_data():
    x, y = data()
    valid = y[:20].copy()
    refuses(labelled(), x, y, valid, 5, "label 5,", validation_data=(x[:20], valid))


def test_a_memory_map_that_another_process_writes_to(tmp_path):
    x, y = data()
    path = tmp_path / "labels.npy"
    np.save(path, y)

    class Elsewhere(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            program = f"import numpy; a = numpy.load({str(path)!r}, 'r+'); a[:] = 99; a.flush()"
            subprocess.run([sys.executable, "-c", program], check=True)

    with pytest.raises(ValueError, match="label 99,"):
        labelled().fit(x, np.load(path, "r"), verbose=0, callbacks=[Elsewhere()])


@pytest.mark.parametrize("value", [TOKENS, -1, 10**8])
@pytest.mark.parametrize("first", [Embedding, CategoryEncoding])
def test_tokens(first, value):
    layer = Embedding(TOKENS, 4) if first is Embedding else CategoryEncoding(TOKENS)
    x, y = np.random.default_rng(0).integers(0, TOKENS, (64, 6)), data()[1]
    refuses(labelled(first=layer), x, y, x, value, f"token (is )?{value};")


@pytest.mark.parametrize("value", [1.5, np.nan, np.inf])
def test_tokens_that_are_floats(value):
    x, y = np.random.default_rng(0).integers(0, TOKENS, (64, 6)).astype(float), data()[1]
    refuses(labelled(first=Embedding(TOKENS, 4)), x, y, x, value, f"x holds {value},")


@pytest.mark.parametrize("value", [TOKENS, -1, 10**8])
def test_tokens_whose_rows_somebody_reads(value):
    """A Dense layer multiplies with the one-hot rows, which are made in NumPy."""
    model = Sequential([Input((None,), dtype="int32"), CategoryEncoding(TOKENS), Dense(CLASSES)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).integers(0, TOKENS, (64, 6))
    refuses(model, x, np.zeros((64, 6, CLASSES)), x, value, f"token {value} ")


@pytest.mark.parametrize("method", ["evaluate", "predict"])
def test_tokens_in_evaluation_and_prediction(method):
    x, y = np.random.default_rng(0).integers(0, TOKENS, (64, 6)), data()[1]
    model = labelled(first=Embedding(TOKENS, 4))

    class Late(Callback):
        def _write(self, batch, logs=None):
            x[...] = -1

        on_test_batch_end = on_predict_batch_end = _write

    arguments = (x, y) if method == "evaluate" else (x,)
    with pytest.raises(ValueError, match="token is -1;"):
        getattr(model, method)(*arguments, batch_size=16, verbose=0, callbacks=[Late()])
