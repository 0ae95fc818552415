"""The estimators: scikit-learn's own checks, its tools around them, and sequences of all kinds."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastrnn.sklearn import RNNClassifier, RNNRegressor


@parametrize_with_checks([RNNClassifier(units=16, epochs=40), RNNRegressor(units=16, epochs=40)])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_takes_them(estimator, check):
    check(estimator)


def sums(features=2, seed=0):
    """Return sequences (60, 9, features) and the sum of each."""
    x = np.random.default_rng(seed).standard_normal((60, 9, features))
    return x, x.sum(axis=(1, 2))


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_sequences_of_several_features_are_learned(cell, bidirectional):
    x, total = sums()
    options = {"cell": cell, "units": 12, "bidirectional": bidirectional, "random_state": 0}
    classifier = RNNClassifier(**options).fit(x, np.where(total > 0, "up", "down"))
    assert classifier.score(x, np.where(total > 0, "up", "down")) > 0.95
    assert classifier.classes_.tolist() == ["down", "up"]
    assert np.allclose(classifier.predict_proba(x).sum(axis=1), 1)
    regressor = RNNRegressor(n_layers=2, **options).fit(x, np.stack([total, -5 * total], axis=1))
    assert regressor.predict(x).shape == (60, 2)
    assert regressor.score(x, np.stack([total, -5 * total], axis=1)) > 0.9


def test_what_stands_behind_a_sequence_counts_nowhere():
    x, total = sums()
    lengths = np.random.default_rng(1).integers(2, 10, 60)
    ragged = [row[:length] for row, length in zip(x, lengths, strict=True)]
    total = np.array([row.sum() for row in ragged])
    regressor = RNNRegressor(units=16, epochs=100, random_state=0).fit(ragged, total)
    assert regressor.score(ragged, total) > 0.9
    alone = np.array([regressor.predict([row])[0] for row in ragged])
    assert (alone == regressor.predict(ragged)).all()
    flat = RNNRegressor(units=4, epochs=2).fit([[1.0, 2.0], [3.0], [4.0, 5.0, 6.0]], [0, 1, 2])
    assert flat.predict([[1.0], [2.0, 3.0]]).shape == (2,)


def test_copies_answer_alike_and_a_clone_is_new():
    x, total = sums()
    regressor = RNNRegressor(units=4, epochs=3, random_state=3).fit(x, total)
    assert (pickle.loads(pickle.dumps(regressor)).predict(x) == regressor.predict(x)).all()
    again = clone(regressor)
    assert not hasattr(again, "model_")
    assert (again.fit(x, total).predict(x) == regressor.predict(x)).all()


def test_the_seed_of_the_program_is_left_alone():
    import fastrnn
    from fastrnn import seeding

    fastrnn.set_seed(1)
    expected = seeding.spawn().generate_state(2).tolist()
    fastrnn.set_seed(1)
    RNNRegressor(units=2, epochs=1, random_state=0).fit(*sums())
    assert seeding.spawn().generate_state(2).tolist() == expected


def test_a_search_with_processes_and_a_pipeline():
    x, total = sums(features=1)
    pipeline = make_pipeline(StandardScaler(), RNNRegressor(epochs=3, random_state=0))
    search = GridSearchCV(pipeline, {"rnnregressor__units": [2, 4]}, n_jobs=2, cv=2)
    search.fit(x[:, :, 0], total)
    assert search.best_params_["rnnregressor__units"] in (2, 4)
    assert np.isfinite(search.predict(x[:, :, 0])).all()


def test_early_stopping_ends_a_training():
    x, _ = sums()
    noise = np.random.default_rng(5).standard_normal(60)
    regressor = RNNRegressor(units=4, epochs=500, early_stopping=2, random_state=0).fit(x, noise)
    assert regressor.n_iter_ == len(regressor.loss_curve_) < 500


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((4, 3, 2, 2)), "time, features"),
        ([np.zeros((3, 2)), np.zeros((2, 1))], "numbers of features"),
        ([[1.0, np.nan], [1.0]], "NaN"),
    ],
)
def test_what_is_no_sequence_is_refused(x, words):
    with pytest.raises(ValueError, match=words):
        RNNRegressor(epochs=1).fit(x, np.arange(len(x)))
    fitted = RNNRegressor(units=2, epochs=1).fit(np.zeros((4, 3, 2)), np.arange(4))
    with pytest.raises(ValueError, match="features"):
        fitted.predict(np.zeros((4, 3, 1)))


def test_an_unknown_cell_is_named():
    with pytest.raises(ValueError, match="cell is 'tcn'"):
        RNNRegressor(cell="tcn").fit(*sums())


def test_weights_of_samples():
    x, total = sums()
    labels, other = np.where(total > 0, "up", "down"), np.where(total > 0, "down", "up")
    both, labels = (
        np.concatenate([x, x]),
        np.concatenate([np.where(total > 0, "up", "down"), other]),
    )
    weights = np.repeat([1.0, 0.0], 60)
    classifier = RNNClassifier(units=12, random_state=0)
    assert classifier.fit(both, labels, sample_weight=weights).score(x, labels[:60]) > 0.95
    pipeline = make_pipeline(RNNClassifier(units=12, random_state=0))
    pipeline.fit(both, labels, rnnclassifier__sample_weight=1 - weights)
    assert pipeline.score(x, other) > 0.95
    regressor = RNNRegressor(units=12, random_state=0)
    regressor.fit(both, np.concatenate([total, -total]), sample_weight=weights)
    assert regressor.score(x, total) > 0.9
    ragged = [row[:5] for row in x[:20]] + [row[:7] for row in x[20:]]
    RNNRegressor(units=2, epochs=1).fit(ragged, total, sample_weight=weights[30:90])
    with pytest.raises(TypeError, match="fit of RNNClassifier has no argument 'weights'"):
        classifier.fit(x, labels[:60], weights=weights)
    with pytest.raises(ValueError, match="sample_weight"):
        classifier.fit(x, labels[:60], sample_weight=weights[:10])
    with pytest.raises(ValueError, match="zero"):
        classifier.fit(x, labels[:60], sample_weight=np.zeros(60))
