"""Trainings on batches, step by step and epoch by epoch, as Keras makes them."""

import warnings

import numpy as np
import pytest

from fastrnn import layers, optimizers, utils
from fastrnn.models import Sequential
from fastrnn.preprocessing.sequence import TimeseriesGenerator
from tests import recorded
from tests.keras_oracle import double_precision, require_keras
from tests.tolerances import RECORDED

FILE = "keras_batches"
DTYPES = ("float64", "float32")


def numbers(shape, phase):
    return 0.9 * np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


#: Batches of several lengths and sizes.
BATCHES = [
    (numbers((rows, time, 3), 0.1 * rows), numbers((rows, 2), 0.3 * time))
    for rows, time in ((4, 5), (2, 7), (4, 3), (1, 5), (3, 6))
]
WEIGHTED = [(x, y, np.abs(numbers((len(x),), 1.0))) for x, y in BATCHES]
TOKENS = [
    (np.abs(np.arange(rows * time).reshape(rows, time) * 7 % 5), numbers((rows, 2), 0.2 * time))
    for rows, time in ((3, 5), (2, 4), (4, 6))
]
LABELLED = [(x, np.arange(len(x)) % 2) for x, _ in BATCHES]
X, Y = numbers((10, 5, 3), 0.4), numbers((10, 2), 0.9)
SERIES = numbers((40, 3), 0.8)


def generator(batches, passes=1):
    for _ in range(passes):
        yield from batches


def by_number(base, batches):
    class Batches(base):
        def __len__(self):
            return len(batches)

        def __getitem__(self, index):
            return batches[index]

    return Batches()


class Program:
    """What a case is written in: names that fastrnn and Keras share."""

    def __init__(self, layers, optimizers, sequential, dataset, timeseries):
        self.layers, self.optimizers, self.sequential = layers, optimizers, sequential
        self.dataset, self.timeseries = dataset, timeseries

    def model(self, dtype, first=None, last=None, loss="mse", metric="mae"):
        layers = self.layers
        made = self.sequential(
            [
                *(first or [layers.Input((None, 3), dtype=dtype)]),
                layers.GRU(4, reset_after=True, dtype=dtype),
                last or layers.Dense(2, dtype=dtype),
            ]
        )
        shapes = [weight.shape for weight in made.get_weights()]
        made.set_weights([numbers(shape, 0.5 * place) for place, shape in enumerate(shapes)])
        made.compile(self.optimizers.SGD(0.1), loss, weighted_metrics=[metric])
        return made

    def embedding(self, dtype):
        layers = self.layers
        first = [layers.Input((None,)), layers.Embedding(5, 3, mask_zero=True, dtype=dtype)]
        return self.model(dtype, first)


def fitted(model, *data, **options):
    history = model.fit(*data, verbose=0, shuffle=False, **options).history
    return {"history": dict(sorted(history.items())), "weights": model.get_weights()}


def classes(p, dtype):
    last = p.layers.Dense(2, "softmax", dtype=dtype)
    model = p.model(dtype, None, last, "sparse_categorical_crossentropy", "accuracy")
    return fitted(model, by_number(p.dataset, LABELLED), class_weight={0: 0.5, 1: 2.0}, epochs=2)


def measured(p, dtype):
    model, data = p.model(dtype), by_number(p.dataset, WEIGHTED)
    return {
        "evaluate": model.evaluate(data, verbose=0),
        "some steps": model.evaluate(data, steps=3, verbose=0),
        "arrays": model.evaluate(X, Y, batch_size=3, steps=2, verbose=0, return_dict=True)["loss"],
        "predict": model.predict(generator([(x, y) for x, y in BATCHES]), verbose=0),
        "predicted steps": model.predict(by_number(p.dataset, [(X, Y)] * 3), steps=2, verbose=0),
    }


CASES = {
    "a generator": lambda p, d: fitted(
        p.model(d), generator(BATCHES, 2), steps_per_epoch=5, epochs=2
    ),
    "weights": lambda p, d: fitted(p.model(d), generator(WEIGHTED, 2), steps_per_epoch=5, epochs=2),
    "an epoch": lambda p, d: fitted(p.model(d), generator(BATCHES)),
    "masks": lambda p, d: fitted(p.embedding(d), generator(TOKENS, 2), steps_per_epoch=3, epochs=2),
    "by number": lambda p, d: fitted(
        p.model(d),
        by_number(p.dataset, BATCHES),
        epochs=3,
        validation_data=by_number(p.dataset, WEIGHTED[:2]),
    ),
    "some steps": lambda p, d: fitted(
        p.model(d),
        by_number(p.dataset, BATCHES),
        epochs=4,
        steps_per_epoch=2,
        validation_data=(X, Y),
        validation_steps=2,
        validation_batch_size=3,
        validation_freq=[1, 3],
    ),
    "arrays in steps": lambda p, d: fitted(
        p.model(d), X, Y, epochs=5, batch_size=4, steps_per_epoch=2, initial_epoch=1
    ),
    "arrays by their steps": lambda p, d: fitted(p.model(d), X, Y, epochs=2, steps_per_epoch=3),
    "classes": classes,
    "series": lambda p, d: fitted(
        p.model(d),
        p.timeseries(SERIES, SERIES[:, :2], length=6, stride=2, sampling_rate=2, batch_size=5),
        epochs=2,
        validation_freq=2,
        validation_data=p.timeseries(SERIES, SERIES[:, :2], length=6, start_index=20),
    ),
    "measured": measured,
}  # fmt: skip

OURS = Program(layers, optimizers, Sequential, utils.PyDataset, TimeseriesGenerator)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:x ran out of data")
def test_numbers_are_keras_s(case, dtype):
    found = CASES[case](OURS, dtype)
    recorded.assert_alike(found, recorded.load(FILE, case), RECORDED[np.dtype(dtype)], case)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_keras_says_so_itself(case):
    keras = require_keras()
    from keras._tf_keras.keras.preprocessing.sequence import TimeseriesGenerator as Theirs

    theirs = Program(
        keras.layers, keras.optimizers, keras.Sequential, keras.utils.PyDataset, Theirs
    )
    with double_precision(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = CASES[case](theirs, "float64")
    recorded.check(FILE, case, found, RECORDED[np.dtype("float64")])
