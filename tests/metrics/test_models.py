"""Metrics of a model: what `compile` takes, what logs call it, masks, weights, files, threads."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fastrnn import backend, callbacks, layers, metrics
from fastrnn.callbacks import BackupAndRestore, Callback, EarlyStopping
from fastrnn.models import Sequential, load_model
from fastrnn.optimizers import SGD
from tests import recorded
from tests.keras_oracle import double_precision, require_keras

FILE = "keras_metrics"
N, TIME, FEATURES, OUTPUTS = 20, 5, 3, 4


def numbers(shape, phase):
    return np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


X = numbers((N, TIME, FEATURES), 0.3).astype("float32")
BITS = (numbers((N, OUTPUTS), 1.1) > 0.2).astype("float32")
BITS_BY_STEP = (numbers((N, TIME, OUTPUTS), 1.1) > 0.2).astype("float32")
WEIGHTS = np.abs(numbers((N,), 0.9))


@pytest.fixture(autouse=True)
def _names_from_the_beginning():
    backend.clear_session()


def build(k=layers, model=Sequential, return_sequences=False, dtype=None):
    made = model(
        [
            k.Input((TIME, FEATURES), dtype=dtype),
            k.SimpleRNN(4, return_sequences=return_sequences, dtype=dtype),
            k.Dense(OUTPUTS, activation="sigmoid", dtype=dtype),
        ]
    )
    made.set_weights([numbers(w.shape, 0.3 + i) for i, w in enumerate(made.get_weights())])
    return made


def all_kinds(m):
    return [
        "accuracy",
        "AUC",
        "mae",
        m.AUC(multi_label=True, curve="PR"),
        m.Precision(),
        m.Recall(thresholds=0.4, name="sensitivity"),
        m.Recall(class_id=2),
        m.Recall(class_id=1),
        m.F1Score(average="macro", threshold=0.5),
        m.RootMeanSquaredError(),
        m.TruePositives(),
        m.BinaryAccuracy(threshold=0.3),
        m.R2Score(),
    ]


def described(k, module, optimizer, model_class):
    model = build(k, model_class, dtype="float64")
    weighted = [module.AUC(num_thresholds=50, name="area"), "mae"]
    kinds = all_kinds(module)
    model.compile(optimizer, "binary_crossentropy", metrics=kinds, weighted_metrics=weighted)
    options = {"batch_size": 8, "epochs": 2, "verbose": 0, "shuffle": False}
    history = model.fit(X, BITS, sample_weight=WEIGHTS, validation_split=0.4, **options)
    found = model.evaluate(X, BITS, verbose=0, sample_weight=WEIGHTS, return_dict=True)
    return {"history": history.history, "evaluate": found}


def test_logs_are_keras_s():
    found = described(layers, metrics, SGD(0.1), Sequential)
    expected = recorded.load(FILE, "a model")
    assert sorted(found["history"]) == sorted(expected["history"])
    for part in ("history", "evaluate"):
        one, other = (dict(sorted(logs[part].items())) for logs in (found, expected))
        recorded.assert_alike(one, other, 1e-6)


@pytest.mark.slow
def test_keras_says_so_of_logs():
    keras = require_keras()
    keras.backend.clear_session()
    with double_precision():
        rate = keras.optimizers.SGD(0.1)
        found = described(keras.layers, keras.metrics, rate, keras.Sequential)
    recorded.check(FILE, "a model", found, 1e-6)


def test_batches_make_no_difference_to_an_evaluation():
    model = build()
    model.compile("sgd", "mse", all_kinds(metrics))
    found = [model.evaluate(X, BITS, verbose=0, batch_size=size) for size in (1, 7, N)]
    for one in found[1:]:
        np.testing.assert_allclose(one, found[0], rtol=1e-5)
    # What a metric says of the answers alone is the same.
    answers = model.predict(X)
    auc = metrics.AUC(multi_label=True, curve="PR")
    assert found[0][model.metrics_names.index("auc")] == pytest.approx(auc(BITS, answers))


def test_masks_and_weights_leave_out():
    """What a mask leaves out and what has no weight is as if it was not there, also if NaN."""
    x = numbers((3, TIME, FEATURES), 0.7)
    x[1, 3:] = 0
    x[2] = 0
    model = Sequential(
        [layers.Input((TIME, FEATURES)), layers.Masking(), layers.Dense(OUTPUTS, "sigmoid")]
    )
    # A second, equal sample without a weight, and another with a part of one.
    weights = np.array([1.0, 0.5, 1.0])
    model.compile("sgd", "mse", all_kinds(metrics), weighted_metrics=["AUC", metrics.Precision()])
    y = BITS_BY_STEP[:3].copy()
    found = model.evaluate(x, y, verbose=0, sample_weight=weights, return_dict=True)
    y[2], y[1, 3:] = 1 - y[2], 1 - y[1, 3:]
    again = model.evaluate(x, y, verbose=0, sample_weight=weights, return_dict=True)
    assert found == again
    answers = model.predict(x)
    rows = np.concatenate([answers[0], answers[1, :3]])
    targets = np.concatenate([y[0], y[1, :3]])
    by_row = np.repeat([1.0, 0.5], [5, 3])
    for name, metric, given in (
        ("precision", metrics.Precision(), None),
        ("AUC", metrics.AUC(), None),
        ("weighted_AUC", metrics.AUC(), by_row),
        ("f1_score", metrics.F1Score(average="macro", threshold=0.5), None),
        ("root_mean_squared_error", metrics.RootMeanSquaredError(), None),
        ("true_positives", metrics.TruePositives(), None),
    ):
        metric.update_state(targets, rows, sample_weight=given)
        assert found[name] == pytest.approx(float(metric.result())), name


class Balance(metrics.Metric):
    """The share of positive answers, as a class of one's own, in Keras's manner."""

    def __init__(self, above=0.5, name="balance", **options):
        super().__init__(name=name, **options)
        self.above = above
        self.total = self.add_weight("total", initializer="zeros")
        self.counts = self.add_variable((2,), "zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        assert y_pred.shape[1:] in ((TIME, OUTPUTS), (OUTPUTS,))
        weights = np.ones(y_pred.shape[:-1]) if sample_weight is None else sample_weight
        self.total = self.total + ((y_pred > self.above).mean(axis=-1) * weights).sum()
        self.counts[1] += weights.sum()

    def result(self):
        return self.total / self.counts[1]

    def get_config(self):
        return {**super().get_config(), "above": self.above}


def share(y_true, y_pred):
    return (y_pred > 0.5).mean()


@pytest.mark.parametrize("return_sequences", [False, True])
def test_classes_and_functions_of_one_s_own(tmp_path, return_sequences):
    model = build(return_sequences=return_sequences)
    y = BITS_BY_STEP if return_sequences else BITS
    model.compile("sgd", "mse", [Balance(0.4), share], weighted_metrics=[Balance(name="weighed")])
    found = model.evaluate(X, y, verbose=0, batch_size=6, sample_weight=WEIGHTS, return_dict=True)
    answers = model.predict(X)
    assert found["balance"] == pytest.approx((answers > 0.4).mean())
    assert found["share"] == pytest.approx((answers > 0.5).mean())
    means = (answers > 0.5).reshape(N, -1).mean(axis=1)
    assert found["weighed"] == pytest.approx(np.average(means, weights=WEIGHTS))
    assert model.metrics[0].result.__self__.total == 0  # the user's own object is as it was
    history = model.fit(X, y, verbose=0, epochs=2, validation_split=0.2).history
    assert {"balance", "val_balance", "share", "val_weighed"} <= {*history}
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model", {"Balance": Balance, "share": share})
    assert again.evaluate(X, y, verbose=0) == model.evaluate(X, y, verbose=0)
    assert [m.name for m in load_model(tmp_path / "model").metrics] == []


def test_a_metric_of_one_s_own_that_cannot_be_weighed():
    class Count(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.n = self.add_variable()

        def update_state(self, y_true, y_pred):
            self.n += len(y_true)

        def result(self):
            return self.n

    model = build()
    model.compile("sgd", "mse", [Count()])
    assert model.evaluate(X, BITS, verbose=0, batch_size=7)[1] == N
    model.compile("sgd", "mse", weighted_metrics=[Count()])
    with pytest.raises(TypeError, match="update_state of count_1 takes no sample_weight"):
        model.evaluate(X, BITS, verbose=0, sample_weight=WEIGHTS)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (lambda: metrics.Mean(), "mean is of values"),
        (lambda: metrics.AUC(multi_label=True, num_labels=3), "auc is for 3 outputs; there are 4"),
        (lambda: metrics.Recall(class_id=4), "class_id of recall is 4"),
    ],
)
def test_metrics_that_no_model_can_have(metric, message):
    def evaluate():
        model = build()
        model.compile("sgd", "mse", [metric()])
        model.evaluate(X, BITS, verbose=0)

    with pytest.raises(ValueError, match=message):
        evaluate()


def test_labels_are_no_targets_of_outputs():
    model = build()
    model.compile("sgd", "sparse_categorical_crossentropy", [metrics.Precision()])
    with pytest.raises(ValueError, match="to_categorical"):
        model.evaluate(X, np.zeros(N, int), verbose=0)
    model.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        [metrics.SparseTopKCategoricalAccuracy(k=2), "SparseCategoricalAccuracy", "acc"],
    )
    found = model.evaluate(X, np.arange(N) % OUTPUTS, verbose=0, return_dict=True)
    assert found["SparseCategoricalAccuracy"] == found["acc"]
    assert found["sparse_top_k_categorical_accuracy"] > found["acc"]


def test_names_that_are_taken_are_counted():
    model = build()
    model.compile("sgd", "mse", ["mae", "mae", metrics.Precision(name="mae")])
    assert model.metrics_names == ["loss", "mae", "mae_1", "mae_2"]
    first, second = metrics.AUC(), metrics.AUC()
    assert (first.name, second.name) == ("auc", "auc_1")
    backend.clear_session()
    assert metrics.AUC().name == "auc"


def test_trainings_go_on_from_files_with_their_sums(tmp_path):
    class Kill(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1 and self.model.optimizer.iterations == 5:
                raise RuntimeError("killed")

    def made():
        backend.clear_session()
        model = build()
        model.compile(SGD(0.1), "mse", all_kinds(metrics))
        return model

    options = {"batch_size": 7, "epochs": 3, "verbose": 0, "shuffle": False}
    whole = made().fit(X, BITS, **options).history
    with pytest.raises(RuntimeError, match="killed"):
        made().fit(X, BITS, callbacks=[BackupAndRestore(tmp_path, 1), Kill()], **options)
    model = made()
    history = model.fit(X, BITS, callbacks=[BackupAndRestore(tmp_path, 1)], **options).history
    assert history == whole
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.metrics_names == model.metrics_names
    assert again.evaluate(X, BITS, verbose=0) == model.evaluate(X, BITS, verbose=0)


def test_threads_evaluate_side_by_side():
    model = build()
    model.compile("sgd", "mse", all_kinds(metrics))
    parts = [slice(start, start + 9) for start in range(8)]

    def evaluate(part):
        return model.evaluate(X[part], BITS[part], verbose=0, batch_size=4)

    alone = [evaluate(part) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(evaluate, parts)) == alone


def test_what_is_watched_knows_which_way_is_better():
    model = build()
    model.compile("sgd", "mse", ["AUC", metrics.RootMeanSquaredError()])
    watched = [EarlyStopping("val_AUC"), EarlyStopping("val_root_mean_squared_error")]
    model.fit(X, BITS, validation_split=0.5, callbacks=watched, verbose=0)
    assert [callback.mode for callback in watched] == ["max", "min"]


def test_variables():
    class Own(metrics.Metric):
        def __init__(self):
            super().__init__(name="own")
            self.a, self.b = self.add_weight(shape=(2,)), self.add_variable((), name="b")

    own = Own()
    own.a.assign([1, 2])
    own.b.assign_add(3)
    own.b = own.b * 2
    assert own.variables[1] is own.b
    np.testing.assert_array_equal(own.state, [1, 2, 6])
    own.state = [4, 5, 6]
    np.testing.assert_array_equal(own.a, [4, 5])
    own.reset_states()
    assert not own.state.any()
    with pytest.raises(ValueError, match="initializer of a variable of own"):
        own.add_variable((), "ones")
    assert json.dumps(own.get_config()) == '{"name": "own", "dtype": null}'


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: metrics.Precision(thresholds=1.5), ValueError, "thresholds is 1.5"),
        (lambda: metrics.Precision(thresholds=[]), ValueError, "thresholds is"),
        (lambda: metrics.Recall(top_k=0), ValueError, "top_k is 0"),
        (lambda: metrics.AUC(num_thresholds=1), ValueError, "num_thresholds is 1"),
        (lambda: metrics.AUC(curve="PRC"), ValueError, "curve is 'PRC'"),
        (lambda: metrics.AUC(summation_method="mean"), ValueError, "summation_method is"),
        (lambda: metrics.AUC(num_labels=3), ValueError, "num_labels is 3"),
        (lambda: metrics.AUC(threshold=3), TypeError, "AUC has no argument 'threshold'"),
        (lambda: metrics.F1Score(average="all"), ValueError, "average is 'all'"),
        (lambda: metrics.FBetaScore(beta=0), ValueError, "beta is 0"),
        (lambda: metrics.TopKCategoricalAccuracy(k=0), ValueError, "k is 0"),
        (lambda: metrics.Precision()([[1, 0]], [[0.5]]), ValueError, "y_true has shape"),
        (lambda: metrics.Precision()([1], [0.5], [1, 2]), ValueError, "sample_weight has shape"),
        (lambda: metrics.get("auk"), ValueError, "metric is 'auk'"),
        (lambda: metrics.get(3), TypeError, "metric is 3"),
    ],
)
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_what_names_stand_for():
    for name, kind in (
        ("mse", metrics.MeanSquaredError),
        ("MeanSquaredError", metrics.MeanSquaredError),
        ("mean_squared_error", metrics.MeanSquaredError),
        ("AUC", metrics.AUC),
        ("auc", metrics.AUC),
        ("accuracy", metrics.Accuracy),
        (metrics.Recall, metrics.Recall),
        ("huber", metrics.MeanMetricWrapper),
        (metrics.binary_accuracy, metrics.MeanMetricWrapper),
    ):
        assert type(metrics.get(name)) is kind
    assert metrics.get(None) is None
    assert metrics.get("huber").name == "huber"


class Extremes(metrics.Metric):
    """The sums of both signs: a metric of a user's own that has two numbers."""

    def __init__(self, name="extremes"):
        super().__init__(name=name)
        self.sums = self.add_variable((2,))

    def update_state(self, y_true, y_pred, sample_weight=None):
        errors = y_pred - y_true
        self.sums += [errors[errors < 0].sum(), errors[errors > 0].sum()]

    def result(self):
        return self.sums


def test_a_metric_may_have_several_numbers(tmp_path, capsys):
    model = build()
    model.compile("sgd", "mse", [Extremes(), metrics.F1Score(), "mae"])
    found = model.evaluate(X, BITS, return_dict=True, verbose=1)
    assert "extremes: [-" in capsys.readouterr().out
    errors = model.predict(X) - BITS
    expected = [errors[errors < 0].sum(), errors[errors > 0].sum()]
    np.testing.assert_allclose(found["extremes"], expected, rtol=1e-5)
    scores = metrics.F1Score()
    scores.update_state(BITS, model.predict(X))
    np.testing.assert_allclose(found["f1_score"], scores.result(), rtol=1e-5)
    assert isinstance(found["mae"], float)
    saver = callbacks.ModelCheckpoint(tmp_path / "at-{epoch}", monitor="loss")
    log = callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(X, BITS, epochs=2, validation_split=0.5, callbacks=[saver, log], verbose=2)
    assert np.shape(history.history["val_extremes"]) == (2, 2)
    assert "val_extremes=[" in repr(history)
    assert '"[-' in (tmp_path / "log.csv").read_text()
    other = build()
    other.compile("sgd", "mse", [Extremes(), metrics.F1Score(), "mae"])
    resumed = other.fit(
        X, BITS, epochs=2, validation_split=0.5, resume=tmp_path / "at-1", verbose=0
    )
    for name, values in history.history.items():
        np.testing.assert_array_equal(np.array(resumed.history[name]), np.array(values))
    with pytest.raises(ValueError, match="monitor is 'f1_score', which has 4 numbers"):
        model.fit(X, BITS, callbacks=[callbacks.EarlyStopping("f1_score", mode="max")], verbose=0)


def test_a_result_that_is_no_number_is_named():
    class Odd(Extremes):
        def result(self):
            return "many"

    model = build()
    model.compile("sgd", "mse", [Odd()])
    with pytest.raises(TypeError, match=r"result of extremes is .* it should be a number"):
        model.evaluate(X, BITS, verbose=0)
