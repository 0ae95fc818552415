"""Keras 2's adapters for scikit-learn."""

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastrnn
from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential
from fastrnn.wrappers.scikit_learn import KerasClassifier, KerasRegressor

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 3))
CLASSES = np.array(["a", "b", "c"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]


def three(units=8):
    model = Sequential([Input((3,)), Dense(units, "tanh"), Dense(3, "softmax")])
    model.compile(fastrnn.optimizers.Adam(0.05), "categorical_crossentropy", ["accuracy"])
    return model


def two():
    model = Sequential([Input((3,)), Dense(1, "sigmoid")])
    model.compile(fastrnn.optimizers.Adam(0.1), "binary_crossentropy")
    return model


def line(rate=0.1):
    model = Sequential([Input((3,)), Dense(1)])
    model.compile(fastrnn.optimizers.Adam(rate), "mse")
    return model


def test_classes():
    fastrnn.set_seed(1)
    classifier = KerasClassifier(build_fn=three, units=16, epochs=40, batch_size=5, verbose=0)
    history = classifier.fit(X, CLASSES)
    assert len(history.history["loss"]) == 40
    assert classifier.score(X, CLASSES) > 0.8
    assert classifier.predict_proba(X).shape == (60, 3)
    assert set(classifier.predict(X)) <= {"a", "b", "c"}
    hot = np.eye(3)[np.unique(CLASSES, return_inverse=True)[1]]
    scores = cross_val_score(classifier, X, hot, cv=KFold(3, shuffle=True, random_state=0))
    assert scores.shape == (3,)
    assert scores.mean() > 0.5
    binary = KerasClassifier(two, nb_epoch=30, verbose=0)
    binary.fit(X, X[:, 0] > 0)
    assert binary.score(X, X[:, 0] > 0) > 0.9
    np.testing.assert_allclose(binary.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    assert binary.predict(X).shape == (60,)


def test_numbers_pipelines_and_searches():
    fastrnn.set_seed(1)
    y = X @ [1.0, -2.0, 0.5]
    regressor = KerasRegressor(build_fn=line, epochs=30, verbose=0)
    pipeline = make_pipeline(StandardScaler(), regressor).fit(X, y)
    assert pipeline.predict(X).shape == (60,)
    assert pipeline.score(X, y) == pytest.approx(-((pipeline.predict(X) - y) ** 2).mean(), rel=1e-4)
    search = GridSearchCV(regressor, {"rate": [1e-6, 0.1], "batch_size": [10]}, cv=2)
    assert search.fit(X, y).best_params_ == {"rate": 0.1, "batch_size": 10}
    twin = clone(regressor)
    assert twin.get_params() == regressor.get_params()
    assert "KerasRegressor(" in repr(regressor)


def test_wrong_ones_are_named():
    with pytest.raises(ValueError, match="has no parameter 'unit'; build_fn lacks it"):
        KerasClassifier(three, unit=3)
    with pytest.raises(ValueError, match="has no parameter 'epoch'"):
        KerasRegressor(line).set_params(epoch=3)
    with pytest.raises(TypeError, match="build_fn is 3"):
        KerasRegressor(3)
    with pytest.raises(ValueError, match="is not fitted yet"):
        KerasRegressor(line).predict(X)
    with pytest.raises(ImportError, match="did you mean 'KerasClassifier'"):
        from fastrnn.wrappers.scikit_learn import KerasClasifier  # noqa: F401
