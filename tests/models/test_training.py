"""Training and evaluation: what they compute, what they accept, that they repeat."""

import io

import numpy as np
import pytest

from fastrnn import losses, metrics, seeding
from fastrnn.callbacks import Callback, LambdaCallback
from fastrnn.layers import GRU, Dense, Input, SimpleRNN
from fastrnn.models import Sequential
from fastrnn.models.data import split_off
from fastrnn.models.samples import order_of
from fastrnn.models.source import Data
from fastrnn.optimizers import SGD, Adam

from .builders import CLASSES, TIME, shifted, tagger


def test_training_learns():
    x, y = shifted(400)
    model = tagger(units=24)
    model.compile(Adam(0.02), losses.sparse_categorical_crossentropy, metrics=["accuracy"])
    history = model.fit(x, y, epochs=25, validation_split=0.2, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    # The first label of a sequence cannot be known, all others can.
    assert history["val_accuracy"][-1] > 0.8


def test_history_has_a_list_a_name():
    history = tagger().fit(*shifted(), epochs=3, validation_split=0.2, verbose=0)
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert [len(values) for values in history.history.values()] == [3] * 4
    assert history.epoch == [0, 1, 2]


def test_the_same_seed_gives_the_same_bits():
    def trained(seed):
        seeding.set_seed(seed)
        model = tagger(seed)
        history = model.fit(*shifted(), epochs=2, batch_size=8, validation_split=0.2, verbose=0)
        return model.get_weights(), history.history

    (first, record), (again, same_record), (other, _) = trained(5), trained(5), trained(6)
    for one, two, three in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(one, three)
    assert record == same_record


def test_targets_may_have_a_last_axis_of_one_and_be_whole_floats():
    x, y = shifted()
    expected = tagger().evaluate(x, y, verbose=0)
    for same in (y[..., np.newaxis], y.astype(float), y.astype(np.uint8), y.tolist()):
        assert tagger().evaluate(x, same, verbose=0) == expected


def test_an_epoch_is_steps_on_batches_and_the_last_is_shorter():
    x, y = shifted(21)
    whole, by_hand = tagger(), tagger()
    history = whole.fit(x, y, batch_size=8, shuffle=False, verbose=0).history
    values = [by_hand.train_on_batch(x[i : i + 8], y[i : i + 8]) for i in (0, 8, 16)]
    for one, two in zip(whole.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    expected = np.average(values, axis=0, weights=[8, 8, 5])
    assert history["loss"][0] == pytest.approx(expected[0], rel=1e-12)
    assert history["accuracy"][0] == pytest.approx(expected[1], rel=1e-12)


def test_a_step_of_gradient_descent_is_the_gradient():
    x, y = shifted()
    model = tagger(dtype="float64")
    model.compile(SGD(0.5), "sparse_categorical_crossentropy")
    before, gradients = model.get_weights(), model.compute_gradients(x, y)
    loss = model.train_on_batch(x, y)
    assert loss == pytest.approx(float(np.mean(_cross_entropy(before, x, y))), rel=1e-9)
    for old, gradient, new in zip(before, gradients, model.get_weights(), strict=True):
        np.testing.assert_allclose(new, old - 0.5 * gradient, rtol=1e-12, atol=1e-15)


def _cross_entropy(weights, x, y):
    model = tagger(dtype="float64", compiled=False)
    model.set_weights(weights)
    return losses.sparse_categorical_crossentropy(y, model.predict(x))


def test_every_epoch_has_an_order_of_its_own_that_a_seed_decides():
    seed = np.random.SeedSequence(4).spawn(3)[2]
    orders = [order_of(epoch, 100, seed) for epoch in range(3)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(100))
    assert not np.array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(order_of(2, 100, seed), orders[2])


def test_a_training_can_go_on_where_it_was():
    def run(*spans):
        model = tagger()
        for start, end in spans:
            seeding.set_seed(9)
            model.fit(*shifted(), batch_size=8, initial_epoch=start, epochs=end, verbose=0)
        return model.get_weights()

    for one, two in zip(run((0, 4)), run((0, 1), (1, 4)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_samples_are_all_seen_once_an_epoch():
    x, y = shifted(30)
    seen = []
    model = tagger()
    trainer = model._setup.trainer(model)
    step = trainer.step
    trainer.step = lambda data: (seen.append((data.x[0].copy(), data.y[0].copy())), step(data))[1]
    model.fit(x, y, batch_size=8, verbose=0)
    assert [len(batch) for batch, _ in seen] == [8, 8, 8, 6]
    found = np.concatenate([np.concatenate([a[..., 0], b], axis=1) for a, b in seen])
    expected = np.concatenate([x[..., 0], y], axis=1)
    assert not np.array_equal(found, expected)
    np.testing.assert_array_equal(np.unique(found, axis=0), np.unique(expected, axis=0))
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))


@pytest.mark.parametrize(
    ("fraction", "samples", "at"), [(0.2, 10001, 8000), (0.1, 15, 13), (0.5, 3, 1), (0.3, 10, 7)]
)
def test_the_split_is_keras_s(fraction, samples, at):
    assert split_off(fraction, samples) == at


def test_validation_is_the_end_of_the_data_before_shuffling():
    x, y = shifted(41)
    model = tagger()
    model.compile(SGD(0.0), "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(x, y, validation_split=0.25, verbose=0).history
    held_out = model.evaluate(x[30:], y[30:], verbose=0)
    assert [history["val_loss"][0], history["val_accuracy"][0]] == held_out
    rest = model.evaluate(x[:30], y[:30], verbose=0)
    assert history["loss"][0] == pytest.approx(rest[0], rel=1e-6)
    given = model.fit(x[:30], y[:30], validation_data=(x[30:], y[30:]), verbose=0).history
    assert given["val_loss"] == history["val_loss"]


def test_fit_does_not_write_to_data_and_takes_any_layout(tmp_path):
    x, y = shifted()
    path = tmp_path / "x.npy"
    np.save(path, x)
    expected = None
    frozen_x, frozen_y = x.copy(), y.copy()
    frozen_x.flags.writeable = frozen_y.flags.writeable = False
    for same_x, same_y in [
        (frozen_x, frozen_y),
        (x.astype(">i4"), y.astype(">i8")),
        (np.asfortranarray(x), np.asfortranarray(y)),
        (np.load(path, mmap_mode="r"), y),
        (x.tolist(), y.tolist()),
    ]:
        model = tagger()
        model.fit(same_x, same_y, batch_size=16, verbose=0)
        weights = model.get_weights()
        for one, two in zip(weights, expected or weights, strict=True):
            np.testing.assert_array_equal(one, two)
        expected = weights


def test_evaluate_returns_what_was_asked_for(capsys):
    x, y = shifted()
    model = tagger()
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert model.evaluate(x, y, verbose=0, return_dict=True) == {
        "loss": loss,
        "accuracy": accuracy,
    }
    assert capsys.readouterr().out == ""
    assert model.evaluate(x, y, batch_size=7, verbose=0) == pytest.approx([loss, accuracy])
    assert model.test_on_batch(x, y) == pytest.approx([loss, accuracy])
    model.evaluate(x, y)
    assert f"accuracy: {accuracy:.4f} - loss: {loss:.4f}" in capsys.readouterr().out
    predictions = model.predict(x)
    assert accuracy == pytest.approx((predictions.argmax(-1) == y).mean())
    np.testing.assert_array_equal(model.predict_on_batch(x[:7]), model.predict(x[:7]))
    model.compile("adam", losses.SparseCategoricalCrossentropy())
    assert model.evaluate(x, y, verbose=0) == pytest.approx(loss)


def test_every_loss_is_that_of_its_function():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(9, 4, 2))
    for name, activation, y in [
        ("mse", "linear", rng.normal(size=(9, 4, 3))),
        ("binary_crossentropy", "sigmoid", rng.integers(0, 2, (9, 4, 3))),
        ("categorical_crossentropy", "softmax", np.eye(3)[rng.integers(0, 3, (9, 4))]),
        ("sparse_categorical_crossentropy", "softmax", rng.integers(0, 3, (9, 4))),
    ]:
        model = Sequential([Input((4, 2), dtype="float64"), Dense(3, activation)])
        model.compile("sgd", name, [name])
        found, as_metric = model.evaluate(x, y, batch_size=4, verbose=0)
        expected = float(losses.get(name).call(y, model.predict(x)).mean())
        assert found == pytest.approx(expected, rel=1e-12)
        assert as_metric == pytest.approx(expected, rel=1e-12)


def test_accuracy_knows_its_targets():
    rng = np.random.default_rng(9)
    x = rng.normal(size=(20, 2))
    for loss, activation, units, y, expected in [
        (
            "categorical_crossentropy",
            "softmax",
            3,
            np.eye(3)[rng.integers(0, 3, 20)],
            lambda p, y: p.argmax(-1) == y.argmax(-1),
        ),
        (
            "binary_crossentropy",
            "sigmoid",
            3,
            rng.integers(0, 2, (20, 3)),
            lambda p, y: p.argmax(-1) == y.argmax(-1),
        ),
        ("mse", "sigmoid", 1, rng.integers(0, 2, 20), lambda p, y: (p[:, 0] > 0.5) == y),
    ]:
        model = Sequential([Input((2,)), Dense(units, activation)])
        model.compile("sgd", loss, ["acc"])
        found = model.evaluate(x, y, verbose=0, return_dict=True)["acc"]
        assert found == pytest.approx(expected(model.predict(x), y).mean())


def test_a_metric_of_one_s_own_gets_batches_as_they_came():
    x, y = shifted(10)
    shapes = []

    def share_of_ones(y_true, y_pred):
        shapes.append((y_true.shape, y_pred.shape))
        return y_true == 1

    model = tagger()
    model.compile("adam", "sparse_categorical_crossentropy", [share_of_ones])
    found = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert found["share_of_ones"] == pytest.approx((y == 1).mean())
    assert shapes[0] == ((4, TIME), (4, TIME, CLASSES))


def test_many_to_one_and_regression():
    rng = np.random.default_rng(10)
    x = rng.normal(size=(200, 5, 2))
    y = x[:, :, 0].sum(axis=1)
    model = Sequential([Input((5, 2)), SimpleRNN(16), Dense(1)])
    model.compile(Adam(0.01), "mse")
    history = model.fit(x, y, epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.1 * history[0]
    assert model.predict(x).shape == (200, 1)


def test_a_model_without_weights_trains_to_no_effect():
    from fastrnn.layers import Activation

    model = Sequential([Input((3,)), Activation("softmax")])
    model.compile("adam", "mse")
    x = np.random.default_rng(1).normal(size=(6, 3))
    first, second = model.fit(x, x, epochs=2, verbose=0).history["loss"]
    assert first == pytest.approx(second, rel=1e-6)


def test_extreme_logits_give_a_finite_loss_and_gradient():
    model = Sequential([Input((1,)), Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.set_weights([[[1e4, -1e4]], [0, 0]])
    assert np.isfinite(model.evaluate([[1.0]], [1], verbose=0))
    assert all(np.isfinite(g).all() for g in model.compute_gradients([[1.0]], [1]))


class _Interrupt(Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise KeyboardInterrupt


def test_an_interrupt_leaves_the_weights_of_a_step():
    x, y = shifted()
    model, by_hand = tagger(), tagger()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, batch_size=8, shuffle=False, callbacks=[_Interrupt()], verbose=0)
    for start in (0, 8, 16):
        by_hand.train_on_batch(x[start : start + 8], y[start : start + 8])
    for one, two in zip(model.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    model.fit(x, y, verbose=0)


def test_steps_reuse_their_memory():
    import tracemalloc

    x, y = shifted(64)
    model, data = tagger(units=64), Data([x], [y], [None])
    model.train_on_batch(x, y)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(5):
            model._setup.trainer(model).step(data)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 20_000  # the states alone take 110,000 bytes


def test_weights_and_gradients_lie_in_one_vector_each():
    model = tagger()
    model.train_on_batch(*shifted())
    vector = model._setup.trainer(model).vector
    for parameter in model.weights:
        assert np.shares_memory(parameter.value, vector.values)
        assert np.shares_memory(parameter.gradient, vector.gradients)
        assert parameter.value.ctypes.data % 64 == 0
        assert parameter.gradient.ctypes.data % 64 == 0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"y": np.zeros((50, TIME - 1), int)}, ValueError, r"\(50, 5\); it should be \(50, 6\)"),
        ({"y": np.zeros((49, TIME), int)}, ValueError, "equally many samples"),
        ({"y": 3}, ValueError, "equally many samples"),
        ({"y": None}, TypeError, "y is None"),
        ({"y": np.full((50, TIME), CLASSES)}, ValueError, r"label 5 at \[0, 0\].*0 to 4"),
        ({"y": np.full((50, TIME), -1)}, ValueError, "label -1"),
        ({"y": np.full((50, TIME), 1.5)}, ValueError, "label 1.5"),
        ({"y": np.full((50, TIME), np.nan)}, ValueError, "label nan"),
        ({"y": np.full((50, TIME), "a")}, TypeError, "y is of type"),
        ({"x": np.full((50, TIME, 1), np.nan)}, ValueError, r"x\[0, 0, 0\] is NaN"),
        ({"x": np.zeros((0, TIME, 1)), "y": np.zeros((0, TIME))}, ValueError, "no samples"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size is 2.5"),
        ({"epochs": -1}, ValueError, "epochs is -1"),
        ({"initial_epoch": "1"}, TypeError, "initial_epoch"),
        ({"verbose": 7.5}, ValueError, "verbose is 7.5"),
        ({"validation_split": 1.0}, ValueError, "below 1"),
        ({"validation_split": 0.99}, ValueError, "both parts"),
        ({"validation_split": "half"}, TypeError, "validation_split"),
        ({"validation_data": np.zeros(3)}, TypeError, "a pair"),
        ({"validation_data": (np.zeros((2, 3)), [1])}, ValueError, r"validation_data\[0\] has"),
        (
            {"validation_data": (np.zeros((1, TIME, 1)), [[9] * TIME])},
            ValueError,
            r"validation_data\[1\] holds the label 9",
        ),
        ({"callbacks": [print]}, TypeError, r"callbacks\[0\] is builtin"),
        ({"callbacks": [LambdaCallback]}, TypeError, r"callbacks\[0\] is LambdaCallback"),
    ],
)
def test_bad_arguments_are_named_and_nothing_is_trained(change, error, message):
    x, y = shifted()
    model = tagger()
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(**{"x": x, "y": y, "verbose": 0, **change})
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_label_that_is_wrong_is_found_where_it_stands():
    x, y = shifted()
    y[7, 3] = 99
    with pytest.raises(ValueError, match=r"label 99 at \[7, 3\]; the output has 5 classes"):
        tagger().fit(x, y, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("adam",), ValueError, "loss is None"),
        (("adamw!", "mse"), ValueError, "optimizer is 'adamw!'"),
        ((3, "mse"), TypeError, "optimizer is 3"),
        (("adam", "hinged"), ValueError, "loss is 'hinged'"),
        (("adam", 3), TypeError, "a function of targets and outputs"),
        (("adam", "mse", ["auk"]), ValueError, "metric is 'auk'"),
        (("adam", "mse", [3]), TypeError, "metric is 3"),
        (("adam", "mse", [metrics.Mean("loss")]), ValueError, "twice"),
    ],
)
def test_compile_refuses_what_it_does_not_know(arguments, error, message):
    model = tagger()
    loss = model.loss
    with pytest.raises(error, match=message):
        model.compile(*arguments)
    assert model.loss is loss


def test_what_is_not_compiled_does_not_train():
    model = tagger(compiled=False)
    for act in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(RuntimeError, match=r"model\.compile"):
            act(*shifted())
    assert model.predict(shifted()[0]).shape == (50, TIME, CLASSES)


def test_an_optimizer_serves_one_model():
    adam = Adam()
    small, large = tagger(units=4), tagger(units=9)
    small.compile(adam, "sparse_categorical_crossentropy")
    large.compile(adam, "sparse_categorical_crossentropy")
    small.fit(*shifted(), verbose=0)
    with pytest.raises(ValueError, match="optimizer of its own"):
        large.fit(*shifted(), verbose=0)


def test_plain_lines_where_there_is_no_terminal(capsys):
    tagger().fit(*shifted(), epochs=2, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Train on 40 samples, validate on 10 samples", "Epoch 1/2"]
    assert [line.split(":")[0].split(" - ")[-1] for line in lines[2::2]] == ["accuracy", "accuracy"]
    assert lines[2].count(" - ") == 4
    tagger().fit(*shifted(), verbose=0)
    assert capsys.readouterr().out == ""


def test_a_bar_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    tagger().fit(*shifted(), epochs=2, batch_size=5)
    text = terminal.getvalue()
    assert "0/10" in text
    assert "Epoch 2/2" in text
    assert text.count("accuracy: ") >= 2


def test_float64_models_compute_in_float64():
    model = Sequential([Input((TIME, 1), dtype="float64"), GRU(4), Dense(CLASSES, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = shifted()
    model.fit(x, y[:, 0], verbose=0)
    assert {w.dtype for w in model.get_weights()} == {np.dtype(np.float64)}
    assert model.predict(x).dtype == np.float64
