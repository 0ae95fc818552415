"""Keras 2's adapters of models to scikit-learn; needs the extra ``sklearn``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
except ImportError as error:
    raise ImportError(
        "fastrnn.wrappers needs scikit-learn 1.6 or later: pip install 'fastrnn[sklearn]'"
    ) from error

from fastrnn import _older
from fastrnn._names import names_of
from fastrnn.callbacks import History
from fastrnn.losses import CategoricalCrossentropy
from fastrnn.models import Model
from fastrnn.utils import to_categorical

__all__ = ["KerasClassifier", "KerasRegressor"]

Array = NDArray[Any]


class _Wrapped(BaseEstimator):  # type: ignore[misc]
    """Base of both adapters.

    Parameters
    ----------
    build_fn : callable
        Returns a compiled model; a subclass may define ``__call__`` instead.
    **sk_params :
        Arguments of `build_fn`, and of the model's `fit`, `predict` and `evaluate`.
    """

    def __init__(self, build_fn: Callable[..., Model] | None = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params
        self._check(sk_params)

    def _builder(self) -> Callable[..., Model]:
        found: Any = self.build_fn or (self if callable(self) else None)
        if not callable(found):
            raise TypeError(
                f"build_fn is {self.build_fn!r}; it should be a function that returns a compiled "
                "model"
            )
        return found  # type: ignore[no-any-return]

    def _check(self, given: dict[str, Any]) -> None:
        functions = (self._builder(), Model.fit, Model.predict, Model.evaluate)
        known = {name for function in functions for name in _arguments(function)}
        if "**" in known:
            return
        for name in given:
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}; build_fn lacks it"
                )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return `build_fn` and the other parameters."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> _Wrapped:
        """Set some parameters."""
        if "build_fn" in params:
            self.build_fn = params.pop("build_fn")
        self._check(params)
        self.sk_params = {**self.sk_params, **params}
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model")

    def _for(self, function: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
        known = _arguments(function)
        own = {key: value for key, value in self.sk_params.items() if key in known}
        return {**own, **given}

    def _fit(self, x: Any, y: Any, given: dict[str, Any]) -> History:
        builder = self._builder()
        self.model = builder(**self._for(builder, {}))
        if isinstance(self.model.loss, CategoricalCrossentropy) and np.ndim(y) != 2:
            y = to_categorical(y)
        return self.model.fit(x, y, **self._for(Model.fit, given))

    def _predict(self, x: Any, given: dict[str, Any]) -> Array:
        if not hasattr(self, "model"):
            raise ValueError(f"this {type(self).__name__} is not fitted yet; call fit first")
        return np.asarray(self.model.predict(x, **self._for(Model.predict, given)))


class KerasClassifier(ClassifierMixin, _Wrapped):  # type: ignore[misc]
    """A classifier around a function that builds a model.

    Parameters
    ----------
    build_fn : callable
        Returns a compiled model, with an output for each class, or a single output for two classes.
    **sk_params :
        Arguments of `build_fn`, and of the model's `fit`, `predict` and `evaluate`: ``epochs=5``.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> def build(units=4):
    ...     model = Sequential([Input((2,)), Dense(units, "tanh"), Dense(1, "sigmoid")])
    ...     model.compile("adam", "binary_crossentropy")
    ...     return model
    >>> classifier = KerasClassifier(build, units=8, epochs=2, verbose=0)
    >>> _ = classifier.fit(np.eye(2), ["no", "yes"])
    >>> classifier.predict(np.eye(2)).shape
    (2,)
    """

    def fit(self, x: Any, y: Any, **given: Any) -> History:
        """Build a model and train it; `y` has a class for each sample, or one-hot rows."""
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_: Array = np.arange(y.shape[1])
        else:
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y.reshape(-1))
        return self._fit(x, y, given)

    def predict(self, x: Any, **given: Any) -> Array:
        """Return the class of every sample."""
        found = self._predict(x, given)
        one = found.shape[-1] == 1
        places = (found[..., 0] > 0.5).astype(int) if one else found.argmax(axis=-1)
        return np.asarray(self.classes_[places])

    def predict_proba(self, x: Any, **given: Any) -> Array:
        """Return the probability of every class."""
        found = self._predict(x, given)
        return np.hstack([1 - found, found]) if found.shape[-1] == 1 else found

    def score(self, x: Any, y: Any, **given: Any) -> float:
        """Return the accuracy."""
        weights, y = given.pop("sample_weight", None), np.asarray(y)
        y = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
        return float(np.average(self.predict(x, **given) == y, weights=weights))


class KerasRegressor(RegressorMixin, _Wrapped):  # type: ignore[misc]
    """A regressor around a function that builds a model.

    Parameters
    ----------
    build_fn, **sk_params :
        As of :class:`KerasClassifier`.
    """

    def fit(self, x: Any, y: Any, **given: Any) -> History:
        """Build a model and train it."""
        return self._fit(x, np.asarray(y), given)

    def predict(self, x: Any, **given: Any) -> Array:
        """Return the prediction for every sample."""
        found = self._predict(x, given)
        return found[..., 0] if found.shape[-1] == 1 else found

    def score(self, x: Any, y: Any, **given: Any) -> float:
        """Return the negative loss, as in Keras 2."""
        loss = self.model.evaluate(
            x, np.asarray(y), **{**self._for(Model.evaluate, given), "verbose": 0}
        )
        return -float(loss[0] if isinstance(loss, list) else loss)


def _arguments(function: Callable[..., Any]) -> set[str]:
    """Return the arguments of a function by their newer and older names; ``**`` if it takes all."""
    parameters = inspect.signature(function).parameters.values()
    known = {"**" if one.kind is one.VAR_KEYWORD else one.name for one in parameters}
    title = getattr(function, "__name__", "")
    older, harmless = _older.METHODS.get(title, {}), _older.HARMLESS_OF_METHODS.get(title, {})
    return (known | {*older, *harmless}) - {"self"}


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
