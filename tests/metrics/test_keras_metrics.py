"""Metrics alone, batch by batch, against numbers of Keras."""

import json

import numpy as np
import pytest

from fastrnn import metrics
from tests import recorded
from tests.keras_oracle import require_keras

FILE = "keras_metrics"
#: Keras adds up in float32.
TOLERANCE = 2e-6
N, CLASSES = 24, 4


def numbers(shape, phase):
    return np.abs(np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape)))


P = numbers((2, N, CLASSES), 0.3).astype("float32")
P[0, 3] = [0.0, 1.0, 0.5, 0.25]
SHARES = P / P.sum(-1, keepdims=True)
LABELS = np.arange(2 * N).reshape(2, N) ** 2 % CLASSES
ONE_HOT = np.eye(CLASSES, dtype="float32")[LABELS]
BITS = (numbers((2, N, CLASSES), 1.1) > 0.6).astype("float32")
REAL = (2 * numbers((2, N, CLASSES), 0.9) - 0.7).astype("float32")
LOGITS = 6 * REAL
WEIGHTS = numbers((2, N), 0.2).astype("float32")
BY_STEP = numbers((2, N // 4, 4), 0.7).astype("float32")

#: Name of the case: class, arguments, targets and predictions of two batches.
CASES = {
    "Accuracy": ("Accuracy", {}, BITS, np.round(P)),
    "BinaryAccuracy": ("BinaryAccuracy", {"threshold": 0.7}, BITS, P),
    "CategoricalAccuracy": ("CategoricalAccuracy", {}, ONE_HOT, SHARES),
    "SparseCategoricalAccuracy": ("SparseCategoricalAccuracy", {}, LABELS, SHARES),
    "TopKCategoricalAccuracy": ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, SHARES),
    "SparseTopKCategoricalAccuracy": ("SparseTopKCategoricalAccuracy", {"k": 3}, LABELS, SHARES),
    "MeanSquaredError": ("MeanSquaredError", {}, REAL, P),
    "RootMeanSquaredError": ("RootMeanSquaredError", {}, REAL, P),
    "MeanAbsoluteError": ("MeanAbsoluteError", {}, REAL, P),
    "MeanAbsolutePercentageError": ("MeanAbsolutePercentageError", {}, P + 1, REAL),
    "MeanSquaredLogarithmicError": ("MeanSquaredLogarithmicError", {}, P, SHARES),
    "CosineSimilarity": ("CosineSimilarity", {}, REAL, P),
    "LogCoshError": ("LogCoshError", {}, REAL, P),
    "KLDivergence": ("KLDivergence", {}, SHARES, np.roll(SHARES, 1, 1)),
    "Poisson": ("Poisson", {}, P, SHARES),
    "Hinge": ("Hinge", {}, BITS, REAL),
    "SquaredHinge": ("SquaredHinge", {}, 2 * BITS - 1, REAL),
    "CategoricalHinge": ("CategoricalHinge", {}, ONE_HOT, REAL),
    "BinaryCrossentropy": ("BinaryCrossentropy", {"label_smoothing": 0.1}, BITS, P),
    "BinaryCrossentropy of logits": ("BinaryCrossentropy", {"from_logits": True}, BITS, LOGITS),
    "CategoricalCrossentropy": ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, P),
    "SparseCategoricalCrossentropy": (
        "SparseCategoricalCrossentropy",
        {"from_logits": True},
        LABELS,
        LOGITS,
    ),
    "TruePositives": ("TruePositives", {}, BITS, P),
    "FalsePositives": ("FalsePositives", {"thresholds": [0.9, 0.1, 0.4]}, BITS, P),
    "TrueNegatives": ("TrueNegatives", {"thresholds": 0.25}, BITS, P),
    "FalseNegatives": ("FalseNegatives", {"thresholds": [0, 0.5, 1]}, BITS, P),
    "Precision": ("Precision", {}, BITS, P),
    "Precision at several": ("Precision", {"thresholds": [0.2, 0.8]}, BITS, P),
    "Precision of the highest": ("Precision", {"top_k": 2}, ONE_HOT, SHARES),
    "Precision of a class": ("Precision", {"class_id": 1}, BITS, P),
    "Recall": ("Recall", {}, BITS, P),
    "Recall of the highest of a class": ("Recall", {"top_k": 2, "class_id": 3}, ONE_HOT, SHARES),
    "AUC": ("AUC", {}, BITS, P),
    "AUC of few": ("AUC", {"num_thresholds": 5}, BITS, P),
    "AUC of logits": ("AUC", {"from_logits": True}, BITS, LOGITS),
    "AUC of given thresholds": ("AUC", {"thresholds": [0.9, 0.3, 0.35]}, BITS, P),
    "AUC minoring": ("AUC", {"summation_method": "minoring", "num_thresholds": 20}, BITS, P),
    "AUC PR": ("AUC", {"curve": "PR"}, BITS, P),
    "AUC PR majoring": ("AUC", {"curve": "PR", "summation_method": "majoring"}, BITS, P),
    "AUC by label": ("AUC", {"multi_label": True, "num_labels": CLASSES}, BITS, P),
    "AUC PR by label": ("AUC", {"multi_label": True, "curve": "PR"}, BITS, P),
    "AUC by weighted label": (
        "AUC",
        {"multi_label": True, "label_weights": [0.1, 2.0, 0.5, 1.0]},
        BITS,
        P,
    ),
    "AUC of weighted labels": ("AUC", {"label_weights": [0.1, 2.0, 0.5, 1.0]}, BITS, P),
    "SensitivityAtSpecificity": ("SensitivityAtSpecificity", {"specificity": 0.4}, BITS, P),
    "SpecificityAtSensitivity": ("SpecificityAtSensitivity", {"sensitivity": 0.6}, BITS, P),
    "PrecisionAtRecall": ("PrecisionAtRecall", {"recall": 0.5}, BITS, P),
    "RecallAtPrecision": ("RecallAtPrecision", {"precision": 0.5}, BITS, P),
    "F1Score": ("F1Score", {}, ONE_HOT, SHARES),
    "F1Score macro": ("F1Score", {"average": "macro", "threshold": 0.5}, BITS, P),
    "FBetaScore micro": ("FBetaScore", {"average": "micro", "beta": 2.0}, ONE_HOT, SHARES),
    "FBetaScore weighted": ("FBetaScore", {"average": "weighted", "beta": 0.5}, ONE_HOT, P),
    "R2Score": ("R2Score", {}, REAL, 0.8 * REAL),
    "R2Score by variance": (
        "R2Score",
        {"class_aggregation": "variance_weighted_average"},
        REAL,
        0.8 * REAL,
    ),
}


def results(module, case):
    """Return the metric after one batch, after two, and after one with weights; and with time."""
    name, options, y, p = CASES[case]
    metric = getattr(module, name)(**options)
    found = []
    for batch in range(2):
        metric.update_state(y[batch], p[batch])
        found.append(np.asarray(metric.result()))
    metric.reset_state()
    for batch in range(2):
        metric.update_state(y[batch], p[batch], sample_weight=WEIGHTS[batch])
    found.append(np.asarray(metric.result()))
    if "Score" in name or options.get("multi_label"):  # of two axes alone in Keras
        return found
    metric.reset_state()
    shape = (N // 4, 4)
    y, p = y[1].reshape(*shape, *y.shape[2:]), p[1].reshape(*shape, *p.shape[2:])
    metric.update_state(y, p, sample_weight=BY_STEP[0])
    return [*found, np.asarray(metric.result())]


@pytest.mark.parametrize("case", CASES)
def test_numbers(case):
    recorded.assert_alike(results(metrics, case), recorded.load(FILE, case), TOLERANCE)
    # And again out of a configuration, by way of JSON.
    name, options, y, p = CASES[case]
    metric = getattr(metrics, name)(**options)
    again = metrics.get(json.loads(json.dumps(metrics.serialize(metric))))
    assert (type(again), again.get_config()) == (type(metric), metric.get_config())
    first, second = metric(y[0], p[0]), again(y[0], p[0])
    np.testing.assert_array_equal(first, second)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_keras_says_so(case):
    keras = require_keras()
    recorded.check(FILE, case, results(keras.metrics, case), TOLERANCE)


@pytest.mark.slow
def test_names_are_keras_s():
    keras = require_keras()
    keras.backend.clear_session()
    metrics.get("mse")
    from fastrnn import backend

    backend.clear_session()
    for name, options, _, _ in CASES.values():
        theirs, ours = (getattr(m, name)(**options).name for m in (keras.metrics, metrics))
        assert ours == theirs
