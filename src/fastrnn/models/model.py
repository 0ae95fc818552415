"""A chain of layers that can be trained."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import losses, optimizers, seeding
from fastrnn.callbacks import Callback, CallbackList, History
from fastrnn.callbacks.console import say
from fastrnn.callbacks.progress import line_of, progress
from fastrnn.layers import SymbolicTensor
from fastrnn.metrics import Metric
from fastrnn.metrics import get as get_metrics
from fastrnn.models import saving, training
from fastrnn.models.batch import Batches
from fastrnn.models.chain import Chain
from fastrnn.models.data import (
    Samples,
    pair_of,
    positive_integer,
    read_inputs,
    read_targets,
    refuse_nan,
    split_off,
)
from fastrnn.models.tracing import trace
from fastrnn.models.trainer import Trainer

Array = NDArray[Any]
Pair = tuple[ArrayLike, ArrayLike]


class Model(Chain):
    """A chain of layers from an input to an output.

    Parameters
    ----------
    inputs : SymbolicTensor
        Result of :func:`fastrnn.layers.Input` (a list of one is taken too).
    outputs : SymbolicTensor
        Result of the last layer.
    name : str, default "model"

    Raises
    ------
    ValueError
        If `outputs` does not follow from `inputs`, if a layer stands in the chain twice, or two
        layers share a name.
    TypeError
        If one of them is not a symbolic tensor.

    Notes
    -----
    Arrays are (batch, time, features) or (batch, features).  Any number of threads may call
    :meth:`predict` and :meth:`evaluate` at once; training is for one thread at a time.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Activation, Dense, Input, TimeDistributed
    >>> x = Input((101, 1))
    >>> states = GRU(64, return_sequences=True)(x)
    >>> logits = TimeDistributed(Dense(32))(states)
    >>> model = Model(x, Activation("softmax")(logits))
    >>> model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    """

    def __init__(
        self,
        inputs: SymbolicTensor | Sequence[SymbolicTensor],
        outputs: SymbolicTensor | Sequence[SymbolicTensor],
        name: str = "model",
    ) -> None:
        self._start(name)
        self._set_chain(trace(inputs, outputs))

    def _start(self, name: str) -> None:
        super().__init__(name)
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[Metric] = []
        self.check_gradients = True
        self.history: History | None = None
        #: Set it to True to end a training: see :class:`fastrnn.callbacks.Callback`.
        self.stop_training = False
        self._trainer: Trainer | None = None

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Any = None,
        check_gradients: bool = True,
    ) -> None:
        """Say how to train.

        Parameters
        ----------
        optimizer : str, Optimizer, or class of one
            ``"adam"``, ``"sgd"``, or an object of :mod:`fastrnn.optimizers`.
        loss : str, function or Loss
            One of :mod:`fastrnn.losses`, by name, as the function or as an object.
        metrics : list, optional
            ``"accuracy"``, names or functions; see :func:`fastrnn.metrics.get`.
        check_gradients : bool, default True
            Whether a gradient that is infinite or NaN ends the training with a
            :class:`NonFiniteGradientError` that says where, before it spoils any weight (or in
            good order, with :class:`fastrnn.callbacks.TerminateOnNaN`).  False trains on, as Keras
            does.

        Raises
        ------
        ValueError, TypeError
            If one of them is unknown; nothing is changed then.
        """
        if loss is None:
            raise ValueError("loss is None; compile needs one, such as 'mse'")
        chosen = optimizers.get(optimizer), losses.get(loss), get_metrics(metrics)
        self.optimizer, self.loss, self.metrics = chosen
        self.check_gradients = bool(check_gradients)
        self._trainer = None

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: Any = 1,
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Pair | None = None,
        shuffle: bool = True,
        initial_epoch: int = 0,
    ) -> History:
        """Train.

        Parameters
        ----------
        x : array_like of shape (samples, time, features) or (samples, features)
        y : array_like
            Targets, as the loss wants them: labels of shape (samples, time) or (samples, time, 1),
            or arrays of the shape of the output.
        batch_size : int, default 32
            Samples a step; the last step of an epoch may have fewer.
        epochs : int, default 1
            The epoch to stop before: with `initial_epoch`, their difference is trained.
        verbose : {1, 0, 2}
            1: a bar on a terminal, plain lines elsewhere; 0: nothing; 2: plain lines.
        callbacks : list of Callback, optional
        validation_split : float, default 0
            Share of the samples, the last ones as they lie, that is not trained on but evaluated
            after every epoch.
        validation_data : (x, y), optional
            What to evaluate after every epoch instead.
        shuffle : bool, default True
            Whether every epoch takes the samples in an order of its own, drawn from
            :func:`fastrnn.set_seed`.
        initial_epoch : int, default 0

        Returns
        -------
        History
            ``history.history`` has a list a name: ``loss``, the metrics, and both with ``val_``.
            Those of training are means over the epoch, while the weights were changing.

        Raises
        ------
        RuntimeError
            If the model was not compiled.
        ValueError, TypeError
            If data or options do not fit; nothing is trained then.
        NonFiniteGradientError
            If a gradient becomes infinite or NaN: it names epoch, step and weight, and the weights
            are those of before the step.  See :meth:`compile` for other ways to deal with it.
        """
        loss = self._require_compiled()
        batch_size = positive_integer("batch_size", 32 if batch_size is None else batch_size)
        epochs = positive_integer("epochs", epochs, least=0)
        initial_epoch = positive_integer("initial_epoch", initial_epoch, least=0)
        inputs, targets = self._read_pair(x, y, loss, "x", "y")
        if validation_data is not None:
            held_x, held_y = pair_of(validation_data)
            held_out = self._read_pair(
                held_x, held_y, loss, "validation_data[0]", "validation_data[1]"
            )
            validation = Samples(*held_out, batch_size)
        elif validation_split:
            at = split_off(validation_split, len(inputs))
            validation = Samples(inputs[at:], targets[at:], batch_size)
            inputs, targets = inputs[:at], targets[:at]
        else:
            validation = None
        refuse_nan(inputs, "x")
        samples = Samples(inputs, targets, batch_size)

        self.history = History()
        called = CallbackList([*progress(verbose), *_list(callbacks), self.history])
        trainer = self._current_trainer()
        called.prepare(
            self,
            {
                "epochs": epochs,
                "steps": samples.steps,
                "samples": len(samples),
                "validation_samples": 0 if validation is None else len(validation),
                "batch_size": batch_size,
                "verbose": verbose,
                "metrics": trainer.names,
            },
        )
        self.stop_training = False
        order = seeding.spawn() if shuffle else None
        training.fit(
            self, trainer, samples, validation, range(initial_epoch, epochs), order, called
        )
        return self.history

    def evaluate(
        self,
        x: ArrayLike,
        y: ArrayLike,
        batch_size: int | None = 32,
        verbose: Any = 1,
        callbacks: Sequence[Callback] | Callback | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Return loss and metrics on data.

        Parameters
        ----------
        x, y : array_like
            As for :meth:`fit`.
        batch_size : int, default 32
        verbose : {1, 0, 2}
            Whether to print the result.
        callbacks : list of Callback, optional
        return_dict : bool, default False

        Returns
        -------
        float, list of float, or dict
            The loss; with metrics a list, loss first; with `return_dict` by name.
        """
        loss = self._require_compiled()
        batch_size = positive_integer("batch_size", 32 if batch_size is None else batch_size)
        samples = Samples(*self._read_pair(x, y, loss, "x", "y"), batch_size)
        called = self._prepared(callbacks, samples.x, batch_size)
        names = ["loss", *(metric.name for metric in self.metrics)]
        batches = Batches(self._all_layers(), False, loss, self.metrics)
        found = training.evaluate(batches, names, samples, called)
        if verbose:
            say(f"{len(samples)}/{len(samples)} - {line_of(found)}")
        if return_dict:
            return found
        values = list(found.values())
        return values if self.metrics else values[0]

    def predict(
        self,
        x: ArrayLike,
        batch_size: int | None = 32,
        verbose: Any = 0,
        callbacks: Sequence[Callback] | Callback | None = None,
    ) -> Array:
        """Return the model's answers.

        Parameters
        ----------
        x : array_like of shape (samples, time, features) or (samples, features)
        batch_size : int, default 32
            Samples that are computed at once.
        verbose : int
            Taken for the sake of Keras; nothing is printed.
        callbacks : list of Callback, optional

        Returns
        -------
        ndarray of shape (samples, time, units) or (samples, units)
            Of type :attr:`dtype`.

        Notes
        -----
        Every call has memory of its own: threads may predict with one model at once, and get the
        bits of calls in turn.
        """
        batch_size = positive_integer("batch_size", 32 if batch_size is None else batch_size)
        inputs = self._read_inputs(x, "x")
        output = np.empty(self._answer_shape(inputs), self.dtype)
        called = self._prepared(callbacks, inputs, batch_size)
        training.predict(Batches(self._all_layers(), False), inputs, output, batch_size, called)
        return output

    def train_on_batch(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Make one training step on all of `x`; return loss and metrics of before the change.

        Returns
        -------
        float or list of float
            The loss; with metrics a list, loss first.

        Raises
        ------
        NonFiniteGradientError
            As :meth:`fit`.
        """
        loss = self._require_compiled()
        inputs, targets = self._read_pair(x, y, loss, "x", "y")
        refuse_nan(inputs, "x")
        values = self._current_trainer().step(inputs, targets)
        return values if self.metrics else values[0]

    def test_on_batch(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Return loss and metrics on all of `x` as one batch."""
        return self.evaluate(x, y, batch_size=max(1, len(np.asarray(x))), verbose=0)

    def predict_on_batch(self, x: ArrayLike) -> Array:
        """Return the model's answers to all of `x` as one batch."""
        return self.predict(x, batch_size=max(1, len(np.asarray(x))))

    def compute_gradients(self, x: ArrayLike, y: ArrayLike) -> list[Array]:
        """Return the gradients of the loss on all of `x`, one for each of :attr:`weights`.

        The weights stay as they are.
        """
        loss = self._require_compiled()
        trainer = self._current_trainer()
        trainer.gradients(*self._read_pair(x, y, loss, "x", "y"))
        return [view.copy() for view in trainer.vector.views(trainer.vector.gradients)]

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Write the whole model: chain, weights, how it was compiled, state of its optimizer.

        Parameters
        ----------
        filepath : str or path
            Missing folders are made.  The file is safetensors whatever its ending.

        Warns
        -----
        UserWarning
            If it ends in ``.hdf5``, ``.h5`` or ``.keras``.

        See Also
        --------
        fastrnn.models.load_model : the way back
        """
        tensors = self._weight_tensors()
        compiled: dict[str, Any] | None = None
        if self.optimizer is not None and self.loss is not None:
            compiled = {
                "optimizer": optimizers.serialize(self.optimizer),
                "iterations": self.optimizer.iterations,
                "loss": losses.serialize(self.loss),
                "metrics": [metric.name for metric in self.metrics if metric.is_named],
                "check_gradients": self.check_gradients,
            }
            if self.optimizer.slots:
                # A model that was compiled again may have an optimizer that has learned before.
                tensors.update(self._current_trainer().slots())
        saving.write(filepath, saving.Checkpoint(self.get_config(), compiled, tensors))

    def restore_optimizer(self, iterations: int, tensors: dict[str, Array]) -> None:
        """Give the optimizer the state that a file of :meth:`save` holds.

        Parameters
        ----------
        iterations : int
        tensors : dict of str to ndarray
            Of the file; all slots or none.

        Raises
        ------
        CheckpointError
            If one is missing or does not fit; nothing is changed then.
        """
        self._require_compiled()
        self._current_trainer().restore(iterations, tensors)

    def _current_trainer(self) -> Trainer:
        if self._trainer is None or not self._trainer.is_current():
            assert self.optimizer is not None
            assert self.loss is not None
            self._trainer = Trainer(
                self._all_layers(), self.optimizer, self.loss, self.metrics, self.check_gradients
            )
        return self._trainer

    def _prepared(
        self, callbacks: Sequence[Callback] | Callback | None, x: Array, batch_size: int
    ) -> CallbackList:
        called = CallbackList(_list(callbacks))
        steps = -(-len(x) // batch_size)
        called.prepare(self, {"samples": len(x), "batch_size": batch_size, "steps": steps})
        return called

    def _read_inputs(self, x: ArrayLike, argument: str) -> Array:
        self._require_chain()
        return read_inputs(x, self.input_shape, argument)

    def _read_pair(
        self, x: ArrayLike, y: ArrayLike, loss: losses.Loss, x_argument: str, y_argument: str
    ) -> tuple[Array, Array]:
        inputs = self._read_inputs(x, x_argument)
        if not len(inputs):
            raise ValueError(f"{x_argument} has no samples; it should have one or more")
        targets = read_targets(y, loss, inputs, x_argument, self.output_shape, y_argument)
        return inputs, targets

    def _answer_shape(self, inputs: Array) -> tuple[int, ...]:
        steps = inputs.shape[1:2] if len(self.output_shape) == 3 else ()
        return (len(inputs), *steps, self.output_shape[-1] or 0)

    def _require_compiled(self) -> losses.Loss:
        if self.loss is None:
            raise RuntimeError("the model was not compiled; call model.compile(optimizer, loss)")
        return self.loss


def _list(callbacks: Sequence[Callback] | Callback | None) -> list[Callback]:
    if callbacks is None:
        return []
    return [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
