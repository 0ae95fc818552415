"""Recurrent networks as scikit-learn's estimators, with the extra ``sklearn``.

They work with scikit-learn's tools: they can be cloned, pickled, searched over and put into a
pipeline.  The fitted :class:`fastrnn.models.Model` is the attribute ``model_``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import (
        _check_sample_weight,
        check_array,
        check_is_fitted,
        column_or_1d,
        validate_data,
    )
except ImportError as error:
    raise ImportError(
        "fastrnn.sklearn needs scikit-learn 1.6 or later: pip install 'fastrnn[sklearn]'"
    ) from error

from fastrnn import seeding
from fastrnn._names import names_of
from fastrnn.callbacks import EarlyStopping
from fastrnn.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Input, SimpleRNN
from fastrnn.models import Model
from fastrnn.optimizers import Adam
from fastrnn.preprocessing.sequence import pad_sequences

__all__ = ["RNNClassifier", "RNNRegressor"]

Array = NDArray[Any]
_CELLS = {"gru": GRU, "lstm": LSTM, "rnn": SimpleRNN}


class _RNNEstimator(BaseEstimator):  # type: ignore[misc]
    """Base of classifier and regressor: reads sequences, and builds the recurrent layers."""

    #: Features a step, of the sequences that were trained on.
    _features: int

    def __init__(
        self,
        cell: str = "gru",
        units: int = 32,
        n_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        epochs: int = 60,
        batch_size: int = 32,
        learning_rate: float = 0.01,
        early_stopping: int | None = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.cell = cell
        self.units = units
        self.n_layers = n_layers
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = False
        return tags

    def _read(self, X: Any, y: Any = None, reset: bool = False) -> tuple[list[Array], Any]:
        """Return the model's inputs, sequences (samples, time, features) and their mask, and y."""
        if _is_ragged(X):
            x, mask = _padded(X)
            if reset:
                self.n_features_in_ = x.shape[2]
                y = check_array(y, ensure_2d=False, dtype=None)
        else:
            options: dict[str, Any] = {"allow_nd": True, "dtype": [np.float64, np.float32]}
            if reset:
                multi_output = {"multi_output": True, "y_numeric": isinstance(self, RegressorMixin)}
                x, y = validate_data(self, X, y, reset=True, **options, **multi_output)
            else:
                x = validate_data(self, X, reset=False, **options)
            if x.ndim > 3:
                raise ValueError(f"X has shape {x.shape}; it should be (samples, time, features)")
            x = x[:, :, np.newaxis] if x.ndim == 2 else x
            mask = np.ones(x.shape[:2], bool)
        x = np.ascontiguousarray(x, np.float32)
        features = self._features if not reset else x.shape[2]
        if x.shape[2] != features:
            raise ValueError(
                f"X has {x.shape[2]} features a step, but {type(self).__name__} is expecting "
                f"{features} features as input"
            )
        if reset:
            self._features = features
            if len(y) != len(x):
                raise ValueError(f"y has {len(y)} samples, and X {len(x)}")
        return [x, mask], y

    def _fit(
        self, inputs: list[Array], y: Array, outputs: int, activation: str, loss: str, weights: Any
    ) -> None:
        if self.cell not in _CELLS:
            raise ValueError(f"cell is {self.cell!r}; it should be one of {sorted(_CELLS)}")
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        with seeding.apart():
            seeding.set_seed(int(seed))
            model = self._model(inputs[0].shape[2], outputs, activation)
            model.compile(Adam(self.learning_rate), loss)
            stopping = [] if self.early_stopping is None else [self._stopping(self.early_stopping)]
            history = model.fit(
                inputs,
                y,
                batch_size=self.batch_size,
                epochs=self.epochs,
                verbose=self.verbose,
                sample_weight=weights,
                validation_split=self.validation_fraction if stopping else 0.0,
                callbacks=stopping,
            )
        self.model_ = model
        self.loss_curve_ = history.history["loss"]
        self.n_iter_ = len(self.loss_curve_)

    def _weights(self, X: Sequence[Any] | Array, options: dict[str, Any]) -> Array | None:
        """Return the weights of the samples, which are all that `fit` takes beside X and y.

        They are no argument by name: of estimators that have one, scikit-learn's checks want the
        very numbers that repeated samples give, which no training in batches can.
        """
        weights = options.pop("sample_weight", None)
        if options:
            raise TypeError(
                f"fit of {type(self).__name__} has no argument {next(iter(options))!r}; it takes "
                "X, y and sample_weight"
            )
        if weights is None:
            return None
        weights = _check_sample_weight(weights, X, dtype=np.float32, ensure_non_negative=True)
        if not weights.any():
            raise ValueError("sample_weight is zero for all samples; some should count")
        return np.asarray(weights)

    @staticmethod
    def _stopping(patience: int) -> EarlyStopping:
        return EarlyStopping(patience=patience, restore_best_weights=True)

    def _model(self, features: int, outputs: int, activation: str) -> Model:
        x, mask = Input((None, features)), Input((None,), dtype="bool")
        hidden = x
        for number in range(1, self.n_layers + 1):
            layer: Any = _CELLS[self.cell](self.units, return_sequences=number < self.n_layers)
            if self.bidirectional:
                layer = Bidirectional(layer)
            hidden = layer(hidden, mask=mask if number == 1 else None)
            if self.dropout:
                hidden = Dropout(self.dropout)(hidden)
        return Model([x, mask], Dense(outputs, activation=activation)(hidden))

    def _answers(self, X: Any) -> Array:
        check_is_fitted(self)
        inputs, _ = self._read(X)
        return np.asarray(self.model_.predict(inputs))


class RNNClassifier(ClassifierMixin, _RNNEstimator):  # type: ignore[misc]
    """A recurrent network that classifies sequences.

    Parameters
    ----------
    cell : {"gru", "lstm", "rnn"}, default "gru"
    units : int, default 32
        Size of the state of every layer.
    n_layers : int, default 1
        Number of stacked recurrent layers.
    bidirectional : bool, default False
        Whether the layers are bidirectional.
    dropout : float, default 0
        Dropout rate after every layer.
    epochs : int, default 60
    batch_size : int, default 32
    learning_rate : float, default 0.01
        Of Adam.
    early_stopping : int, optional
        Stop after so many epochs without a lower loss on held-out data, with the best weights.
    validation_fraction : float, default 0.1
        Fraction of the samples that is held out for it: the last ones.
    random_state : int, RandomState or None, default None
        Seed of the initial weights, the order of the samples and the dropout.
    verbose : int, default 0
        As of :meth:`fastrnn.models.Model.fit`.

    Attributes
    ----------
    model_ : Model
    classes_ : ndarray of shape (classes,)
    loss_curve_ : list of float
        The loss of every epoch.
    n_iter_ : int
        Epochs that were trained.
    n_features_in_ : int
        Number of steps for 2-D input, of features for sequences.

    Notes
    -----
    ``X`` is (samples, time, features); or (samples, time), with one feature; or a list of sequences
    of different lengths, each (time, features) or (time,).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 12))
    >>> rises = X.sum(axis=1) > 0
    >>> RNNClassifier(units=8, random_state=0).fit(X, rises).score(X, rises) > 0.9
    True
    """

    def fit(self, X: Any, y: ArrayLike, **options: Any) -> RNNClassifier:
        """Train on sequences and their classes.

        Parameters
        ----------
        X : array_like of shape (samples, time[, features]), or list of sequences
        y : array_like of shape (samples,)
        sample_weight : array_like of shape (samples,), optional
            By name: how much each sample counts in the loss.

        Raises
        ------
        ValueError
            If a shape does not fit, a number is NaN or infinite, or there is one class only.
        """
        inputs, labels = self._read(X, y, reset=True)
        if np.ndim(labels) == 2 and np.shape(labels)[1] == 1:
            labels = column_or_1d(labels, warn=True)
        check_classification_targets(labels)
        if np.ndim(labels) != 1:
            raise ValueError(f"y has shape {np.shape(labels)}; it should be (samples,)")
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y holds one class only; a classifier needs at least two classes")
        loss, weights = "sparse_categorical_crossentropy", self._weights(inputs[0], options)
        self._fit(inputs, codes, len(self.classes_), "softmax", loss, weights)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of classes, (samples, classes), in the order of `classes_`."""
        return self._answers(X)

    def predict(self, X: Any) -> Array:
        """Return the most probable class of every sequence, (samples,)."""
        likeliest = self._answers(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])


class RNNRegressor(RegressorMixin, _RNNEstimator):  # type: ignore[misc]
    """A recurrent network that predicts one or more numbers for a sequence.

    Parameters and attributes are those of :class:`RNNClassifier`, but for `classes_`.  The targets
    are scaled to mean 0 and deviation 1 for the training.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 12))
    >>> RNNRegressor(units=8, random_state=0).fit(X, X.sum(axis=1)).score(X, X.sum(axis=1)) > 0.9
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: ArrayLike, **options: Any) -> RNNRegressor:
        """Train on sequences and their targets.

        Parameters
        ----------
        X : array_like of shape (samples, time[, features]), or list of sequences
        y : array_like of shape (samples,) or (samples, targets)
        sample_weight : array_like of shape (samples,), optional
            By name: how much each sample counts in the loss, and in the mean and the deviation.

        Raises
        ------
        ValueError
            If a shape does not fit, or a number is NaN or infinite.
        """
        inputs, targets = self._read(X, y, reset=True)
        targets = np.asarray(targets, np.float64)
        self._is_flat = targets.ndim == 1
        targets = targets.reshape(len(targets), -1)
        weights = self._weights(inputs[0], options)
        self._mean = np.average(targets, axis=0, weights=weights)
        variance = np.average(np.square(targets - self._mean), axis=0, weights=weights)
        deviation = np.sqrt(variance)
        self._scale = np.where(deviation > 0, deviation, 1.0)
        scaled = (targets - self._mean) / self._scale
        self._fit(inputs, scaled, targets.shape[1], "linear", "mean_squared_error", weights)
        return self

    def predict(self, X: Any) -> Array:
        """Return the predictions, (samples,) or (samples, targets) as in `fit`."""
        answers = self._answers(X) * self._scale + self._mean
        return np.asarray(answers[:, 0] if self._is_flat else answers)


def _is_ragged(X: Any) -> bool:
    """Return whether `X` is a list of sequences, each an array or a list of steps."""
    if not isinstance(X, (list, tuple)) or not X:
        return False
    if all(isinstance(part, np.ndarray) and part.ndim for part in X):
        return True
    return all(isinstance(part, (list, tuple)) for part in X) and len({len(p) for p in X}) > 1


def _padded(X: Sequence[Any]) -> tuple[Array, Array]:
    """Return padded sequences, (samples, time, features), and their mask."""
    rows = [check_array(part, ensure_2d=False, dtype=np.float32) for part in X]
    rows = [row[:, np.newaxis] if row.ndim == 1 else row for row in rows]
    if len({row.shape[1:] for row in rows}) > 1:
        raise ValueError("the sequences of X have several numbers of features a step")
    lengths = np.array([len(row) for row in rows])
    steps = np.arange(lengths.max())
    return pad_sequences(rows, dtype="float32", padding="post"), steps < lengths[:, np.newaxis]


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
