"""A chain of layers that can be trained."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import layers as layer_registry
from fastrnn import losses, metrics, optimizers, seeding
from fastrnn.callbacks import Callback, CallbackList, History
from fastrnn.callbacks.console import say
from fastrnn.callbacks.progress import line_of, progress
from fastrnn.layers import InputLayer, Layer, SymbolicTensor
from fastrnn.layers.layer import assign
from fastrnn.layers.parameter import Parameter
from fastrnn.layers.symbolic import Shape
from fastrnn.models import saving, training
from fastrnn.models.batch import Batches
from fastrnn.models.data import (
    Samples,
    positive_integer,
    read_inputs,
    read_targets,
    refuse_nan,
    split_off,
)
from fastrnn.models.summary import table

Array = NDArray[Any]
Pair = tuple[ArrayLike, ArrayLike]


class Model:
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
        self._set_chain(_tensors(inputs, outputs))

    def _start(self, name: str) -> None:
        self.name = name
        self._tensors: list[SymbolicTensor] = []
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self.history: History | None = None
        #: Set it to True to end a training: see :class:`fastrnn.callbacks.Callback`.
        self.stop_training = False
        self._trainer: training.Trainer | None = None

    def _set_chain(self, tensors: list[SymbolicTensor]) -> None:
        names = [tensor.layer.name for tensor in tensors]
        for tensor in tensors:
            if sum(other.layer is tensor.layer for other in tensors) > 1:
                raise ValueError(
                    f"{tensor.layer.name} stands in the chain twice; use a layer of its own for "
                    "each place"
                )
            if names.count(tensor.layer.name) > 1:
                raise ValueError(
                    f"two layers are called {tensor.layer.name!r}; names should be unique"
                )
        self._tensors = tensors

    # The chain ---------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, that of the input first."""
        return [tensor.layer for tensor in self._tensors]

    @property
    def input_shape(self) -> Shape:
        """Shape of the data, batch first; None where any extent will do."""
        return self._tensors[0].shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the answers, batch first; None where the data decides."""
        return self._tensors[-1].shape

    @property
    def dtype(self) -> np.dtype:
        """What the model computes in, and the type of its answers."""
        return self._tensors[-1].layer.dtype

    @property
    def weights(self) -> list[Parameter]:
        """All weights, in the order of the layers."""
        return [parameter for tensor in self._tensors for parameter in tensor.layer.parameters]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name, or by its place in :attr:`layers`.

        Raises
        ------
        ValueError
            If there is none, or neither or both are given.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer takes a name or an index, one of the two")
        found = self.layers
        if index is not None:
            if not -len(found) <= index < len(found):
                raise ValueError(f"index is {index}; the model has {len(found)} layers")
            return found[index]
        for layer in found:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in found)
        raise ValueError(f"the model has no layer {name!r}; it has {names}")

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        self._require_chain()
        return sum(parameter.value.size for parameter in self.weights)

    def summary(
        self, line_length: int = 65, print_fn: Callable[[str], object] | None = None
    ) -> None:
        """Print the layers: name and type, output shape, number of weights.

        Parameters
        ----------
        line_length : int, default 65
        print_fn : callable, optional
            Takes the text line by line, in place of standard output.
        """
        self._require_chain()
        shown = [t for t in self._tensors if t.layer in self.layers]
        text = table([t.layer for t in shown], [t.shape for t in shown], line_length)
        for line in text.splitlines():
            (print_fn or say)(line)

    def get_weights(self) -> list[Array]:
        """Return copies of all weights, in the order of the layers."""
        return [parameter.value.copy() for parameter in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all weights, or none if one does not fit.

        Parameters
        ----------
        weights : sequence of array_like
            As :meth:`get_weights` returns them.

        Raises
        ------
        ValueError
            If there are too few or too many, or a shape is not the weight's.
        """
        self._require_chain()
        assign(self.weights, weights, self._weight_names())

    def _weight_names(self) -> list[str]:
        return [f"{layer.name}/{p.name}" for layer in self.layers for p in layer.parameters]

    def __call__(self, *arguments: Any) -> SymbolicTensor:
        """Refuse: a model within a model is not a chain of layers."""
        raise TypeError("a model cannot be called; use model.predict(x) on arrays")

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self.layers)
        return f"<{type(self).__name__} {self.name}: {names}>"

    # Training ----------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Any = None,
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

        Raises
        ------
        ValueError, TypeError
            If one of them is unknown; nothing is changed then.
        """
        if loss is None:
            raise ValueError("loss is None; compile needs one, such as 'mse'")
        chosen = optimizers.get(optimizer), losses.get(loss), _metrics(metrics)
        self.optimizer, self.loss, self.metrics = chosen
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
        """
        loss = self._require_compiled()
        batch_size = positive_integer("batch_size", 32 if batch_size is None else batch_size)
        epochs = positive_integer("epochs", epochs, least=0)
        initial_epoch = positive_integer("initial_epoch", initial_epoch, least=0)
        inputs, targets = self._read_pair(x, y, loss, "x", "y")
        if validation_data is not None:
            held_x, held_y = _pair(validation_data)
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
        batches = Batches(self._chain(), False, loss, self.metrics)
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
        training.predict(Batches(self._chain(), False), inputs, output, batch_size, called)
        return output

    def train_on_batch(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Make one training step on all of `x`; return loss and metrics of before the change.

        Returns
        -------
        float or list of float
            The loss; with metrics a list, loss first.
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

    def _current_trainer(self) -> training.Trainer:
        if self._trainer is None or not self._trainer.is_current():
            assert self.optimizer is not None
            assert self.loss is not None
            self._trainer = training.Trainer(self._chain(), self.optimizer, self.loss, self.metrics)
        return self._trainer

    def _chain(self) -> list[Layer]:
        return [tensor.layer for tensor in self._tensors]

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

    def _require_chain(self) -> None:
        if not self._tensors:
            raise RuntimeError(
                "the shape of the input is unknown: begin the model with Input(shape), call "
                "model.build(shape), or fit it first"
            )

    def _require_compiled(self) -> losses.Loss:
        if self.loss is None:
            raise RuntimeError("the model was not compiled; call model.compile(optimizer, loss)")
        return self.loss

    # Files -------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the chain, without weights, as a dict that JSON can hold."""
        self._require_chain()
        chain = [layer_registry.serialize(layer) for layer in self._chain()]
        return {"class_name": type(self).__name__, "name": self.name, "layers": chain}

    def to_json(self, **options: Any) -> str:
        """Return :meth:`get_config` as JSON; `options` go to :func:`json.dumps`."""
        return json.dumps(self.get_config(), **options)

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
            }
            tensors.update(self._slot_tensors())
        saving.write(filepath, saving.Checkpoint(self.get_config(), compiled, tensors))

    def save_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights and the chain, nothing of the training; otherwise as :meth:`save`."""
        self._require_chain()
        saving.write(filepath, saving.Checkpoint(self.get_config(), None, self._weight_tensors()))

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Replace all weights by those of a file of :meth:`save` or :meth:`save_weights`.

        Raises
        ------
        CheckpointError
            If it is no such file, is damaged, or does not fit; the model is as it was then.
        """
        self._require_chain()
        path, names = os.fspath(filepath), self._weight_names()
        tensors = saving.read(path).tensors
        extra = sorted(name for name in tensors if name not in names and ":" not in name)
        if extra:
            raise saving.CheckpointError(
                f"{path} holds {', '.join(extra)}, which the model lacks; "
                f"the model has {', '.join(names)}"
            )
        try:
            values = [
                saving.take(tensors, name, parameter.shape, parameter.value.dtype)
                for name, parameter in zip(names, self.weights, strict=True)
            ]
        except saving.CheckpointError as error:
            raise saving.CheckpointError(f"{path}: {error}") from None
        assign(self.weights, values, names)

    def _weight_tensors(self) -> dict[str, Array]:
        return dict(zip(self._weight_names(), self.get_weights(), strict=True))

    def _slot_tensors(self) -> dict[str, Array]:
        """Return what the optimizer remembers, by slot and weight; nothing before a training."""
        assert self.optimizer is not None
        if not self.optimizer.slots:
            return {}
        # A model that was compiled again may have an optimizer that has learned before.
        views = self._current_trainer().vector.views
        return {
            f"optimizer:{slot}/{name}": view
            for slot, vector in self.optimizer.slots.items()
            for name, view in zip(self._weight_names(), views(vector), strict=True)
        }

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
        assert self.optimizer is not None
        trainer, names = self._current_trainer(), self._weight_names()
        found = {
            slot: [
                saving.take(tensors, f"optimizer:{slot}/{name}", p.shape, p.value.dtype)
                for name, p in zip(names, self.weights, strict=True)
            ]
            for slot in self.optimizer.slot_names
        }
        for slot, arrays in found.items():
            views = trainer.vector.views(self.optimizer.slots[slot])
            for view, array in zip(views, arrays, strict=True):
                view[...] = array
        self.optimizer.iterations = iterations


def _tensors(inputs: Any, outputs: Any) -> list[SymbolicTensor]:
    """Return the tensors from `inputs` to `outputs`."""
    start, end = _single(inputs, "inputs"), _single(outputs, "outputs")
    tensors: list[SymbolicTensor] = []
    for tensor in end.history():
        tensors.insert(0, tensor)
        if tensor is start:
            break
    else:
        raise ValueError(
            f"outputs does not follow from inputs: going back from {end!r} one comes to "
            f"{tensors[0]!r}, not to {start!r}"
        )
    if len(tensors) == 1:
        raise ValueError("inputs and outputs are the same tensor; a model needs a layer between")
    if start.source is not None:
        # A part of a longer chain: what came before is data now.
        layer = InputLayer(start.shape[1:], start.dtype)
        tensors[0] = layer.tensor()
    return tensors


def _single(tensor: Any, argument: str) -> SymbolicTensor:
    if isinstance(tensor, (list, tuple)):
        if len(tensor) != 1:
            raise ValueError(
                f"{argument} holds {len(tensor)} tensors; a model is a chain, with one input and "
                "one output"
            )
        tensor = tensor[0]
    if not isinstance(tensor, SymbolicTensor):
        raise TypeError(
            f"{argument} is of type {type(tensor).__name__}; it should be the result of Input(...) "
            "or of a layer"
        )
    return tensor


def _list(callbacks: Sequence[Callback] | Callback | None) -> list[Callback]:
    if callbacks is None:
        return []
    return [callbacks] if isinstance(callbacks, Callback) else list(callbacks)


def _pair(validation_data: Any) -> tuple[Any, Any]:
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) != 2:
        raise TypeError(
            f"validation_data is of type {type(validation_data).__name__}; "
            "it should be a pair (x, y)"
        )
    return validation_data[0], validation_data[1]


def _metrics(identifiers: Any) -> list[metrics.Metric]:
    return metrics.get(identifiers)
