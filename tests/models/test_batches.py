"""Training, evaluation and prediction on ready batches: generators, loaders, PyDatasets."""

import itertools
import os
import signal
import threading
import time

import numpy as np
import pytest

import fastrnn
from fastrnn.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
)
from fastrnn.layers import GRU, LSTM, Dense, Dropout, Embedding, Input
from fastrnn.models import CheckpointError, Model, Sequential
from fastrnn.utils import PyDataset, Sequence, timeseries_dataset_from_array

RNG = np.random.default_rng(0)
X, Y, W = RNG.standard_normal((12, 5, 3)), RNG.random((12, 2)), RNG.random(12)
SIZE, STEPS = 4, 3


def made(known=True, dropout=0.0):
    fastrnn.set_seed(3)
    layers = [Input((None, 3))] if known else []
    model = Sequential([*layers, GRU(4), Dropout(dropout), Dense(2)])
    model.compile("adam", "mse", ["mae"])
    return model


def batch(index, *arrays):
    part = slice(SIZE * index, SIZE * index + SIZE)
    return tuple(array[part] for array in arrays)


def generator(count=None, arrays=(X, Y)):
    for index in itertools.count() if count is None else range(count):
        yield batch(index % STEPS, *arrays)


def endless():
    while True:
        yield X[:SIZE], Y[:SIZE]


class Numbered(PyDataset):
    """Batches by number, which note what is asked of them."""

    def __init__(self, *arrays):
        self.arrays, self.asked = arrays or (X, Y), []

    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        self.asked.append(index)
        return batch(index, *self.arrays)

    def on_epoch_begin(self):
        self.asked.append("begin")

    def on_epoch_end(self):
        self.asked.append("end")


class Loader:
    """What can be iterated again and again, and may say how often."""

    def __init__(self, *arrays, length=STEPS):
        self.arrays, self.length = arrays or (X, Y), length

    def __iter__(self):
        return generator(STEPS, self.arrays)

    def __len__(self):
        if self.length is None:
            raise TypeError("no length")
        return self.length


def same(one, two):
    weights = zip(one.get_weights(), two.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in weights)


def on_arrays(epochs=2, **options):
    model = made()
    found = model.fit(X, Y, SIZE, epochs, 0, shuffle=False, **options)
    return model, found.history


@pytest.mark.parametrize(
    "data",
    [
        generator,
        Numbered,
        Loader,
        lambda: Loader(length=None),
        lambda: zip(np.split(X, STEPS) * 2, np.split(Y, STEPS) * 2, strict=True),
        lambda: map(list, generator()),
        lambda: ((x, y, None) for x, y in generator()),
        lambda: generator(2 * STEPS),
    ],
    ids=["generator", "numbered", "loader", "no length", "zip", "map", "no weights", "finite"],
)
@pytest.mark.parametrize("known", [True, False], ids=["built", "not built"])
def test_the_bits_of_a_training_from_arrays(data, known):
    whole, history = on_arrays()
    model = made(known)
    found = model.fit(data(), epochs=2, steps_per_epoch=STEPS, shuffle=False, verbose=0)
    assert same(model, whole)
    assert found.history == history


def test_weights_come_with_the_batches():
    whole, _ = on_arrays(sample_weight=W)
    for data in (generator(arrays=(X, Y, W)), Numbered(X, Y, W), Loader(X, Y, W)):
        model = made()
        model.fit(data, epochs=2, steps_per_epoch=STEPS, shuffle=False, verbose=0)
        assert same(model, whole)


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    from torch.utils.data import DataLoader, TensorDataset

    whole, _ = on_arrays()
    model = made()
    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=SIZE)
    model.fit(loader, epochs=2, verbose=0, validation_data=loader)
    assert same(model, whole)
    np.testing.assert_array_equal(model.predict(loader), model.predict(X))
    assert model.evaluate(loader, verbose=0) == model.evaluate(X, Y, SIZE, 0)


def test_batches_of_any_length_and_a_last_one_with_fewer():
    sizes = [(4, 5), (2, 9), (4, 2), (1, 5)]
    batches = [(RNG.random((n, t, 3)), RNG.random((n, 2))) for n, t in sizes]
    one, other = made(), made()
    one.fit(iter(batches), verbose=0)
    for x, y in batches:
        other.train_on_batch(x, y)
    assert same(one, other)
    answers = one.predict(x for x, _ in batches)
    np.testing.assert_array_equal(answers, np.vstack([one.predict(x) for x, _ in batches]))


def test_several_inputs_and_outputs():
    a, b = Input((5, 3), name="a"), Input((5, 3), name="b")
    h = GRU(3)(a)
    model = Model([a, b], [Dense(2, name="p")(h), Dense(1, name="q")(LSTM(2)(b))])
    model.compile("sgd", "mse")
    y = [Y, Y[:, :1]]
    batches = [([X, X], y), ({"a": X, "b": X}, {"p": y[0], "q": y[1]})]
    model.fit(iter(batches), verbose=0)
    expected = model.predict([X, X])
    for found in (
        model.predict(iter([((X, X),)])),
        model.predict(iter([[X, X]])),
        model.predict(iter([([X, X], y)])),
        model.predict(iter([{"a": X, "b": X}])),
    ):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


# Batches by number --------------------------------------------------------------------------------


def test_every_epoch_has_an_order_of_its_own_that_the_seed_decides():
    data = [Numbered(), Numbered()]
    for one in data:
        made().fit(one, epochs=6, verbose=0)
    asked = data[0].asked
    assert data[1].asked == asked
    epochs = [asked[start : start + STEPS + 2] for start in range(0, len(asked), STEPS + 2)]
    assert all(epoch[0] == "begin" and epoch[-1] == "end" for epoch in epochs)
    orders = [epoch[1:-1] for epoch in epochs]
    assert all(sorted(order) == [0, 1, 2] for order in orders)
    assert len(set(map(tuple, orders))) > 1


def test_evaluations_and_predictions_go_by_the_numbers():
    for call in (
        lambda data: made().evaluate(data, verbose=0),
        lambda data: made().predict(data),
        lambda data: made().fit(X, Y, validation_data=data, verbose=0),
    ):
        data = Numbered()
        call(data)
        assert data.asked == ["begin", 0, 1, 2, "end"]


def test_what_keras_calls_its_base_class():
    assert Sequence is PyDataset
    data = PyDataset(workers=4, use_multiprocessing=True, max_queue_size=2)
    assert (data.workers, data.use_multiprocessing, data.max_queue_size) == (4, True, 2)
    with pytest.raises(NotImplementedError, match="PyDataset should have a method __len__"):
        made().fit(data)
    with pytest.raises(TypeError, match="workers is 'many'"):
        PyDataset(workers="many")
    assert len(list(Numbered())) == STEPS


def test_without_end():
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return batch(index % STEPS, X, Y)

    model, whole = made(), on_arrays()[0]
    with pytest.raises(
        ValueError, match="x is of type Endless and has no end; give steps_per_epoch"
    ):
        model.fit(Endless())
    model.fit(Endless(), steps_per_epoch=STEPS, epochs=2, verbose=0)
    assert same(model, whole)


def test_a_length_that_changes():
    class Growing(Numbered):
        length = 1

        def __len__(self):
            return self.length

        def on_epoch_end(self):
            self.length += 1

    data, steps = Growing(), []
    count = LambdaCallback(on_train_batch_end=lambda step, logs: steps.append(step))
    made().fit(data, epochs=3, verbose=0, callbacks=[count])
    assert steps == [0, 0, 1, 0, 1, 2]


# How many steps -----------------------------------------------------------------------------------


def test_an_epoch_goes_on_where_the_last_one_ended():
    data = Numbered()
    made().fit(data, steps_per_epoch=1, epochs=4, shuffle=False, verbose=0)
    assert [index for index in data.asked if index not in ("begin", "end")] == [0, 1, 2, 0]
    # Of what has no length nobody knows that a pass is over before the next batch is wanted.
    one, other = made(), made()
    one.fit(Loader(length=None), steps_per_epoch=STEPS, epochs=3, verbose=0)
    other.fit(X, Y, SIZE, 3, 0, shuffle=False)
    assert same(one, other)


@pytest.mark.parametrize("data", [lambda: (X, Y), lambda: (Numbered(),), lambda: (Loader(),)])
def test_a_pass_that_ends_within_an_epoch_ends_it(data):
    steps, given = [], data()
    size = SIZE if len(given) == 2 else None
    count = LambdaCallback(on_train_batch_end=lambda step, logs: steps.append(step))
    with pytest.warns(UserWarning, match="x ran out of data after 1 of 2 steps, so the epoch ends"):
        found = made().fit(
            *given, batch_size=size, steps_per_epoch=2, epochs=4, verbose=0, callbacks=[count]
        )
    assert steps == [0, 1, 0, 0, 1, 0]
    assert found.epoch == [0, 1, 2, 3]


def test_a_generator_that_ends_ends_the_training():
    ended = []
    hook = LambdaCallback(on_train_end=lambda logs: ended.append(logs))
    with pytest.warns(
        UserWarning, match="ran out of data after 2 of 3 steps, so the training ends"
    ):
        found = made().fit(generator(5), steps_per_epoch=3, epochs=9, verbose=0, callbacks=[hook])
    assert found.epoch == [0, 1]
    assert ended[0]["loss"] == found.history["loss"][-1]
    with pytest.warns(UserWarning, match="x ran out of data at the end of an epoch"):
        found = made().fit(generator(6), steps_per_epoch=3, epochs=9, verbose=0)
    assert found.epoch == [0, 1]


def test_a_fraction_is_one_more_step():
    found = LambdaCallback()
    made().fit(generator(), steps_per_epoch=12 / 5, verbose=0, callbacks=[found])
    assert found.params["steps"] == 3
    assert made().predict(endless(), steps=np.ceil(1.5)).shape == (2 * SIZE, 2)
    for wrong in (np.nan, -0.5, "3", True):
        with pytest.raises((TypeError, ValueError), match="steps_per_epoch is"):
            made().fit(generator(), steps_per_epoch=wrong)


def test_steps_of_evaluations_and_predictions():
    model = made()
    some = 2 * SIZE
    expected = model.evaluate(X[:some], Y[:some], SIZE, 0)
    for data in (generator(), Numbered(), Loader(), endless):
        if data is endless:
            assert model.predict(endless(), steps=4).shape == (4 * SIZE, 2)
            continue
        assert model.evaluate(data, steps=2, verbose=0) == expected
    assert model.evaluate(X, Y, SIZE, 0, steps=2) == expected
    np.testing.assert_array_equal(model.predict(X, SIZE, steps=2), model.predict(X[:some]))
    # As in Keras, arrays fall into as many batches as there are steps.
    assert model.evaluate(X, Y, steps=6, verbose=0) == pytest.approx(
        model.evaluate(X, Y, verbose=0)
    )
    with pytest.warns(UserWarning, match="4 batches were asked for, it gave 3"):
        model.evaluate(generator(3), steps=4, verbose=0)


def test_a_generator_of_validation_data_is_read_on():
    data = generator()
    found = made().fit(X, Y, epochs=2, verbose=0, validation_data=data, validation_steps=2)
    assert len(found.history["val_loss"]) == 2
    np.testing.assert_array_equal(next(data)[0], batch(4 % STEPS, X)[0])
    with pytest.raises(ValueError, match="give validation_steps"):
        made().fit(X, Y, epochs=2, verbose=0, validation_data=generator(3))
    with pytest.raises(ValueError, match=r"validation_data is of type .* give validation_steps"):
        made().fit(X, Y, verbose=0, validation_data=endless())
    with pytest.warns(UserWarning, match="epoch 2 is not validated"):
        found = made().fit(
            X, Y, epochs=2, verbose=0, validation_data=generator(2), validation_steps=2
        )
    assert len(found.history["val_loss"]) == 1


@pytest.mark.parametrize(("freq", "epochs"), [(1, [0, 1, 2, 3]), (2, [1, 3]), ([1, 4], [0, 3])])
def test_when_to_validate(freq, epochs, tmp_path):
    seen = []
    watch = LambdaCallback(on_epoch_end=lambda n, logs: "val_loss" in logs and seen.append(n))
    best = ModelCheckpoint(tmp_path / "{epoch}-{val_loss:.1f}", save_best_only=True)
    options = {"validation_data": (X, Y), "validation_freq": freq, "verbose": 0}
    stopping, log = EarlyStopping(patience=9), CSVLogger(tmp_path / "log")
    made().fit(X, Y, epochs=4, callbacks=[watch, best, stopping, log], **options)
    assert seen == epochs
    saved = [int(name.split("-")[0]) - 1 for name in os.listdir(tmp_path) if "-" in name]
    assert sorted(saved) == epochs
    if freq != 1:
        with pytest.raises(ValueError, match="val_loss"):
            made().fit(X, Y, callbacks=[ModelCheckpoint("{val_loss}")], **options)
    for wrong in (0, 1.5, "2", [0], [True]):
        with pytest.raises((TypeError, ValueError), match="validation_freq"):
            made().fit(X, Y, validation_freq=wrong)


def test_what_callbacks_are_told():
    told = []
    watch = LambdaCallback(
        on_epoch_begin=lambda *_: told.append(watch.params["steps"]),
        on_train_end=lambda *_: told.append(watch.params["samples"]),
    )
    for data, options in (
        (Numbered(), {}),
        (generator(), {"steps_per_epoch": 2}),
        (Loader(length=None), {}),
    ):
        made().fit(data, epochs=2, verbose=0, callbacks=[watch], **options)
    assert told == [3, 3, None, 2, 2, None, None, 3, None]


@pytest.mark.parametrize("verbose", [1, 2])
def test_what_is_printed(capsys, monkeypatch, verbose):
    monkeypatch.setattr("fastrnn.callbacks.progress.is_terminal", lambda stream: True)
    made().fit(Loader(length=None), epochs=2, verbose=verbose)
    made().fit(generator(), steps_per_epoch=2, verbose=verbose)
    made().evaluate(generator(2))
    printed = capsys.readouterr().out
    assert "Train on all batches that come" in printed
    assert "Epoch 2/2" in printed
    assert "Train for 2 steps an epoch" in printed
    assert "2/2 - loss" in printed


# What does not fit --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": Y}, "y was given beside batches, in an object of type generator"),
        ({"sample_weight": W}, "sample_weight was given beside"),
        ({"batch_size": 4}, "batch_size was given beside"),
        ({"validation_split": 0.2}, "validation_split is for arrays; x is of type generator"),
        ({"epochs": 2}, "can be read once, .* give steps_per_epoch"),
        ({"steps_per_epoch": 0}, "steps_per_epoch is 0"),
    ],
)
def test_arguments_beside_a_generator(options, message):
    model = made()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(generator(9), verbose=0, **options)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (5, r"\(batch 1 of x\) is of type int; it should be \(x, y\) or"),
        (X[:4], r"\(batch 1 of x\) is of type ndarray"),
        ((X[:4],), r"\(batch 1 of x\) is a tuple of 1"),
        ((1, 2, 3, 4), r"\(batch 1 of x\) is a tuple of 4"),
        (None, r"\(batch 1 of x\) is of type NoneType"),
        ((X[:4], Y[:3]), r"\(batch 1 of x\)\[1\] has shape \(3, 2\)"),
        ((X[:4, :, :2], Y[:4]), r"\(batch 1 of x\)\[0\] has shape \(4, 5, 2\)"),
        ((X[:0], Y[:0]), r"\(batch 1 of x\)\[0\] has no samples"),
        ((X[:4] * np.nan, Y[:4]), r"\(batch 1 of x\)\[0\]\[0, 0, 0\] is NaN"),
        ((X[:4], Y[:4], W[:3]), r"\(batch 1 of x\)\[2\] has shape \(3,\)"),
        ((X[:4].astype(complex), Y[:4]), r"\(batch 1 of x\)\[0\] is of type complex128"),
        ((X[:4], None), r"\(batch 1 of x\)\[1\] is None"),
    ],
)
def test_an_error_names_the_batch(wrong, message):
    model = made()
    closed = []

    class Closed(Callback):
        def release(self):
            closed.append(True)

    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(iter([(X[:4], Y[:4]), wrong]), verbose=0, callbacks=[Closed()])
    assert closed == [True]
    assert model.optimizer.iterations == 1
    with pytest.raises((TypeError, ValueError), match=r"\(batch 0 of x\)"):
        made().fit(iter([wrong]), verbose=0)


@pytest.mark.parametrize(
    "what", [iter([]), generator(0), []], ids=["iterator", "generator", "list"]
)
def test_no_batch_at_all(what):
    with pytest.raises((TypeError, ValueError), match=r"x gave no batch|x has"):
        made().fit(what, verbose=0)


def test_an_error_of_the_generator_is_raised_as_it_is(tmp_path):
    class Gone(Exception):
        pass

    def failing():
        yield X[:4], Y[:4]
        raise Gone

    log = CSVLogger(tmp_path / "log.csv")
    model = made()
    for call in (
        lambda: model.fit(failing(), steps_per_epoch=3, callbacks=[log], verbose=1),
        lambda: model.evaluate(failing()),
        lambda: model.predict(failing()),
        lambda: model.fit(X, Y, validation_data=failing(), verbose=0),
    ):
        with pytest.raises(Gone):
            call()
    assert model.optimizer.iterations == 2
    model.fit(X, Y, verbose=0)


def test_answers_of_several_shapes_make_no_array():
    model = Sequential([Input((None, 3)), GRU(2, return_sequences=True)])
    with pytest.raises(ValueError, match=r"of the shapes \(3, 2\), \(5, 2\).*one by one"):
        model.predict(iter([X, X[:, :3]]))


def test_endless_iterators_are_told_from_others():
    model = made()
    pair = X[:4], Y[:4]

    def stops():
        while True:
            yield pair
            if pair is not None:
                break

    for data in (endless(), itertools.cycle([pair]), itertools.repeat(pair)):
        for call, steps in (
            (model.fit, "steps_per_epoch"),
            (model.evaluate, "steps"),
            (model.predict, "steps"),
        ):
            with pytest.raises(ValueError, match=f"has no end; give {steps}"):
                call(data)

    def fails():
        yield pair
        raise KeyError

    with pytest.raises(KeyError):
        model.fit(fails(), verbose=0)
    for data in (stops(), itertools.repeat(pair, 2), itertools.islice(endless(), 2)):
        model.fit(data, verbose=0)


def test_a_model_whose_batches_have_one_size():
    given = Input(batch_shape=(4, 5, 3))
    model = Model(given, Dense(2)(LSTM(3, stateful=True)(given)))
    model.compile("sgd", "mse")
    model.fit(generator(3), verbose=0)
    with pytest.raises(
        ValueError, match=r"\(batch 0 of x\) has 8 samples; the model's input says 4"
    ):
        model.fit(iter([(X[:8], Y[:8])]), verbose=0)


def test_a_stateful_layer_goes_on_from_batch_to_batch():
    def stateful():
        fastrnn.set_seed(2)
        given = Input((None, 3))
        model = Model(given, Dense(2)(LSTM(3, stateful=True)(given)))
        model.compile("sgd", "mse")
        return model

    one, other = stateful(), stateful()
    one.fit(generator(3), verbose=0)
    other.fit(X, Y, SIZE, shuffle=False, verbose=0)
    assert same(one, other)
    with pytest.raises(ValueError, match="batches of one size"):
        one.fit(iter([(X[:3], Y[:3])]), verbose=0)


def test_masks_go_with_the_batches():
    tokens = [RNG.integers(0, 4, (4, time)) for time in (6, 3)]
    model = Sequential([Embedding(4, 3, mask_zero=True), GRU(3), Dense(2)])
    model.compile("sgd", "mse")
    longer = [np.pad(batch, ((0, 0), (0, 2))) for batch in tokens]
    found = [model.predict(iter(batches)) for batches in (tokens, longer)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


# Classes, single batches, older names -------------------------------------------------------------


def classifier():
    fastrnn.set_seed(4)
    model = Sequential([Input((None, 3)), GRU(4), Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


def test_weights_of_classes():
    labels, weights = np.arange(12) % 3, {0: 2.0, 2: 0.5}
    models = [classifier() for _ in range(3)]
    models[0].fit(X, labels, SIZE, shuffle=False, class_weight=weights, verbose=0)
    models[1].fit(generator(3, (X, labels)), class_weight=weights, verbose=0)
    models[2].fit(Numbered(X, labels), class_weight=weights, shuffle=False, verbose=0)
    assert same(models[0], models[1])
    assert same(models[0], models[2])
    with pytest.raises(ValueError, match="both given"):
        models[1].fit(generator(3, (X, labels, W)), class_weight=weights, verbose=0)


def test_classes_are_predicted():
    model = classifier()
    answers = model.predict(X)
    np.testing.assert_array_equal(model.predict_classes(X, verbose=0), answers.argmax(-1))
    np.testing.assert_array_equal(model.predict_proba(X), answers)
    single = Sequential([Input((None, 3)), GRU(4), Dense(1, "sigmoid")])
    found = single.predict_classes(X, batch_size=4)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, single.predict(X) > 0.5)


def test_figures_of_single_batches():
    model = made()
    first = model.test_on_batch(X[:4], Y[:4])
    assert model.train_on_batch(X[:4], Y[:4], return_dict=True) == dict(
        zip(["loss", "mae"], first, strict=True)
    )
    second = model.test_on_batch(X[:2], Y[:2])
    third = model.test_on_batch(X[2:8], Y[2:8])
    model.test_on_batch(X[:2], Y[:2], reset_metrics=False)
    mean = model.test_on_batch(X[2:8], Y[2:8], reset_metrics=False)
    np.testing.assert_allclose(mean, (2 * np.array(second) + 6 * np.array(third)) / 8)
    model.reset_metrics()
    assert model.test_on_batch(X[:2], Y[:2], reset_metrics=False) == second


def test_what_keras_called_the_methods_for_generators():
    whole, _ = on_arrays()
    for options in (
        {"steps_per_epoch": 3, "epochs": 2, "workers": 2, "max_queue_size": 1},
        {"samples_per_epoch": 12, "nb_epoch": 2, "nb_worker": 1, "pickle_safe": True},
        {"samples_per_epoch": 10, "nb_epoch": 2, "max_q_size": 3},
    ):
        model = made()
        held_out = {"validation_data": generator()}
        held_out |= {"nb_val_samples": 8} if "nb_epoch" in options else {"validation_steps": 2}
        model.fit_generator(generator(), verbose=0, **held_out, **options)
        assert same(model, whole)
    assert model.evaluate_generator(generator(), 3) == model.evaluate(X, Y, SIZE, 0)
    assert model.evaluate_generator(generator(), val_samples=12) == model.evaluate(X, Y, SIZE, 0)
    np.testing.assert_array_equal(model.predict_generator(generator(), 3), model.predict(X))
    np.testing.assert_array_equal(model.predict_generator(Numbered()), model.predict(X))
    with pytest.raises(ValueError, match="samples_per_epoch and a number of steps"):
        model.fit_generator(generator(), 3, samples_per_epoch=12)


def test_windows_of_a_series():
    series = RNG.random((40, 3))
    windows = timeseries_dataset_from_array(series[:-5], series[5:, :2], 5, batch_size=8)
    whole, model = made(), made()
    model.fit(windows, epochs=2, verbose=0, validation_data=windows)
    x, y = map(np.concatenate, zip(*windows, strict=True))
    whole.fit(x, y, 8, 2, 0, shuffle=False)
    assert same(model, whole)


# Resuming and Ctrl-C ------------------------------------------------------------------------------


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", [(0, 1), (1, 2), (2, 0), (3, 0)])
@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize("data", [Numbered, Loader, generator, lambda: (X, Y)])
@pytest.mark.filterwarnings("ignore:x ran out of data")
def test_a_resumed_training_ends_with_the_same_bits(tmp_path, data, steps, at):
    if data is generator and steps is None:
        pytest.skip("it has no end")
    if steps == 2 and at[1] == 2:
        pytest.skip("there is no such step")

    def fit(*callbacks):
        model, given = made(dropout=0.2), data()
        given = given if isinstance(given, tuple) else (given,)
        options = {"batch_size": SIZE} if len(given) == 2 else {}
        options |= {"steps_per_epoch": steps, "epochs": 5, "verbose": 0}
        options |= {"validation_data": generator(arrays=(Y[:, :, None] * X[:, :2], Y))}
        options |= {"validation_steps": 2, "validation_freq": [1, 3, 4]}
        history = model.fit(*given, callbacks=list(callbacks), **options)
        return model, history.history

    class Kill(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, step, logs=None):
            if (self.epoch, step) == at:
                raise Killed

    whole, history = fit()
    with pytest.raises(Killed):
        fit(BackupAndRestore(tmp_path, save_freq=1), Kill())
    again, found = fit(BackupAndRestore(tmp_path, save_freq=1))
    assert same(again, whole)
    assert found == history


def test_what_shuffles_itself_is_told_of_the_epochs_before(tmp_path):
    class Shuffled(Numbered):
        def __init__(self):
            super().__init__()
            self.generator, self.order = np.random.default_rng(1), [0, 1, 2]

        def __getitem__(self, index):
            return super().__getitem__(self.order[index])

        def on_epoch_end(self):
            self.generator.shuffle(self.order)

    def fit(*callbacks):
        model = made()
        model.fit(Shuffled(), epochs=4, shuffle=False, verbose=0, callbacks=list(callbacks))
        return model

    def kill(epoch, logs):
        if epoch == 2:
            raise Killed

    whole = fit()
    with pytest.raises(Killed):
        fit(BackupAndRestore(tmp_path), LambdaCallback(on_epoch_begin=kill))
    assert same(fit(BackupAndRestore(tmp_path)), whole)


def test_another_training_is_refused(tmp_path):
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    made().fit(generator(), steps_per_epoch=2, verbose=0, callbacks=[backup])
    for data, steps in ((generator(), 3), ((X, Y), None)):
        given = data if isinstance(data, tuple) else (data,)
        with pytest.raises(
            CheckpointError, match="batches of a generator, 2 an epoch; this one has"
        ):
            made().fit(*given, steps_per_epoch=steps, epochs=2, verbose=0, callbacks=[backup])


@pytest.fixture
def default_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_ctrl_c")
def test_ctrl_c_while_a_generator_works(tmp_path):
    """It ends at once, with the state after the last whole step saved."""
    reached = threading.Event()

    def slow():
        yield from generator(4)
        reached.set()
        for _ in range(600):  # a signal that comes before a sleep waits for the end of it
            time.sleep(0.1)

    def press():
        reached.wait()
        os.kill(os.getpid(), signal.SIGINT)

    model = made()
    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            slow(), steps_per_epoch=9, verbose=0, callbacks=[BackupAndRestore(tmp_path, None)]
        )
    thread.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again, whole = made(), made()
    again.fit(
        generator(), steps_per_epoch=9, verbose=0, callbacks=[BackupAndRestore(tmp_path, None)]
    )
    whole.fit(generator(), steps_per_epoch=9, verbose=0)
    assert same(again, whole)


# Several processes --------------------------------------------------------------------------------


class Two:
    """What a training sees of two processes before it talks to the other."""

    size, rank, is_first = 2, 1, True


def test_a_process_reads_its_rows_of_numbered_batches():
    from fastrnn.models.reading import Reader

    model = made()
    reader = Reader(model, model._setup.objective)
    source, _ = reader.to_train((Numbered(), None, None), 0.0, None, None, None, Two())
    batches = list(source.for_training(0))
    assert [len(data) for data in batches] == [2, 2, 2]
    assert (batches[1].share.start, batches[1].share.total) == (2, 4)
    np.testing.assert_array_equal(batches[1].x[0], X[6:8])
    for data in (generator(), Loader()):
        with pytest.raises(ValueError, match="comm has 2 processes, and x is of type"):
            reader.to_train((data, None, None), 0.0, None, 2, None, Two())
