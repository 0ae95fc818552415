"""Layers that can be trained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import losses, optimizers
from fastrnn._core.stream import Stream
from fastrnn.callbacks import Callback, CallbackList, History
from fastrnn.callbacks.console import say
from fastrnn.callbacks.progress import line_of
from fastrnn.construction import with_older_names
from fastrnn.distributed import group_of
from fastrnn.files import path_text
from fastrnn.formats import CheckpointError, Description
from fastrnn.layers import SymbolicTensor
from fastrnn.layers.parameter import Parameter
from fastrnn.layers.symbolic import one_or_all
from fastrnn.metrics import Metric
from fastrnn.models import saving, state, streaming
from fastrnn.models.batch import Batches, IdleBatches
from fastrnn.models.data import (
    positive_integer,
    read_inputs,
)
from fastrnn.models.network import Network
from fastrnn.models.objective import Means, Objective, objective_of
from fastrnn.models.reading import Reader, batch_size_of, checked_batch_size
from fastrnn.models.tracing import trace
from fastrnn.models.training import fitting, loop
from fastrnn.models.training.fitting import BOTH_WEIGHTS, Training, listed_callbacks
from fastrnn.models.training.trainer import Trainer
from fastrnn.settings import boolean, verbosity

Array = NDArray[Any]


class Model(Network):
    """Layers from an input to an output, or from several to several.

    Parameters
    ----------
    inputs : SymbolicTensor or sequence of them
        Results of :func:`fastrnn.layers.Input`, or of a layer: what came before it is data then.
    outputs : SymbolicTensor or sequence of them
        Results of the last layers.
    name : str, default "model"

    Raises
    ------
    ValueError
        If `outputs` does not follow from `inputs`, if a layer stands in the chain twice, or two
        layers were given one name.
    TypeError
        If one of them is not a symbolic tensor.

    Notes
    -----
    Arrays are (batch, time, features) or (batch, features), and (batch, time) for tokens.  Where
    there are several inputs or outputs, ``x``, ``y`` and ``sample_weight`` are lists, or dicts by
    the names of the layers, and answers are lists.

    Where a mask reaches an output (of `Masking`, `Embedding` with ``mask_zero``, or ``mask=`` in a
    layer's call), loss and metrics count only the steps that it leaves, and the answers at the
    others are zero.

    Data of a wider type are rounded to the model's: a finite number beyond its range becomes
    infinite, as in NumPy and Keras.  A weight that would is refused.

    Any number of threads may call :meth:`predict` and :meth:`evaluate` at once, but for models with
    stateful layers; training is for one thread at a time.

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
        self._known_graph = trace(inputs, outputs)

    def _start(self, name: str) -> None:
        super().__init__(name)
        self._optimizer: optimizers.Optimizer | None = None
        self._loss: losses.Loss | list[losses.Loss | None] | None = None
        self._metrics: list[Metric] = []
        self.check_gradients = True
        self._objective: Objective | None = None
        self.history: History | None = None
        #: Set it to True to end a training: see :class:`fastrnn.callbacks.Callback`.
        self.stop_training = False
        self._trainer: Trainer | None = None
        #: The training that goes on at this moment.
        self._training: Training | None = None
        self._idle = IdleBatches()

    @property
    def optimizer(self) -> optimizers.Optimizer | None:
        """What changes the weights; another one may be set between trainings."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        self._optimizer = optimizers.get(value)

    @property
    def loss(self) -> losses.Loss | list[losses.Loss | None] | None:
        """What is minimised; a list for several outputs, None for those without; see `compile`."""
        return self._loss

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, in the order in which they are reported; see `compile`."""
        return list(self._metrics)

    @with_older_names
    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Any = None,
        *,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
        check_gradients: bool = True,
    ) -> None:
        """Say how to train.

        Parameters
        ----------
        optimizer : str, Optimizer, or class of one
            ``"adam"``, ``"sgd"``, or an object of :mod:`fastrnn.optimizers`.
        loss : str, function or Loss
            One of :mod:`fastrnn.losses`, by name, as the function or as an object.  With several
            outputs a list, None for those that have none, or a dict by the names of the layers that
            make them; one alone is meant for all.
        metrics : list, optional
            ``"accuracy"``, names or functions; see :func:`fastrnn.metrics.get`.  With several
            losses a dict, or a list with a list for each output.
        loss_weights : list or dict of float, optional
            Factors of the losses in their sum, 1 if left out.
        weighted_metrics : list, optional
            As `metrics`: those for which ``sample_weight`` counts.
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
        check_gradients = boolean("check_gradients", check_gradients)
        names = self._output_names()
        objective = objective_of(names, loss, metrics, loss_weights, weighted_metrics)
        self._optimizer = optimizers.get(optimizer)
        self._objective = objective
        found: list[losses.Loss | None] = [None] * len(names)
        for target in objective.targets:
            found[target.index] = target.loss
        self._loss = found[0] if len(names) == 1 else found
        self._metrics = [metric for target in objective.targets for metric in target.metrics]
        self.check_gradients = check_gradients
        self._trainer = None

    @with_older_names
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = 1,
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        initial_epoch: int = 0,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        resume: str | os.PathLike[str] | None = None,
        comm: Any = None,
    ) -> History:
        """Train.

        Parameters
        ----------
        x : array_like of shape (samples, time, features) or (samples, features), or Dataset
            A :class:`~fastrnn.models.Dataset` is asked for every batch by the numbers of its
            samples, so that it need not fit into memory; it has the targets and weights too.
        y : array_like
            Targets, as the loss wants them: labels of shape (samples, time) or (samples, time, 1),
            or arrays of the shape of the output.  Left out with a dataset.
        batch_size : int, default 32
            Samples a step; the last step of an epoch may have fewer.  A model whose input has a
            batch size has that, and takes no other.
        epochs : int, default 1
            The epoch to stop before: with `initial_epoch`, their difference is trained.
        verbose : {1, 0, 2}
            1: a bar on a terminal, plain lines elsewhere; 0: nothing; 2: plain lines.
        callbacks : list of Callback, optional
        validation_split : float, default 0
            Share of the samples, the last ones as they lie, that is not trained on but evaluated
            after every epoch.
        validation_data : (x, y) or (x, y, sample_weight) or Dataset, optional
            What to evaluate after every epoch instead.
        shuffle : bool, default True
            Whether every epoch takes the samples in an order of its own, drawn from
            :func:`fastrnn.set_seed`.  Of more than 16 million, blocks of neighbours are shuffled
            and then the samples of some blocks with each other, so that the order needs little
            memory.
        initial_epoch : int, default 0
        class_weight : dict of int to float, optional
            Factor of the loss of every position with a target of that class; 1 for those that are
            not named.  For validation it does not count.
        sample_weight : array_like of shape (samples,) or (samples, time), optional
            Factor of the loss of every sample, or of every step of it.
        resume : str or path, optional
            A file that was saved while a training ran, by a callback such as
            :class:`~fastrnn.callbacks.ModelCheckpoint`: go on with that training from there,
            within an epoch too, instead of beginning one.  It ends with the same bits as if it had
            never stopped, if data, options and callbacks are what they were; `epochs` may be more.
            See also :class:`~fastrnn.callbacks.BackupAndRestore`.
        comm : mpi4py.MPI.Intracomm, optional
            Processes that train the model together, such as ``MPI.COMM_WORLD`` in a program that
            ``mpiexec`` started.  All of them call `fit` with the same model, data and options; each
            computes its rows of every batch of `batch_size`, the gradients are summed, and the
            weights, losses and metrics are the same everywhere and, up to rounding, those of one
            process.  A dataset is asked for the rows of its process alone.  Validation is shared
            out too.  Only the first process prints, and calls the callbacks that write files; each
            uses one thread, unless it was told how many to use.

        Returns
        -------
        History
            ``history.history`` has a list a name: ``loss``, the metrics, and both with ``val_``.
            Those of training are means over the epoch, while the weights were changing: over all
            positions that masks leave.  Weights multiply the loss of a position, and do not change
            by how many the sum is divided; `weighted_metrics` are divided by the sum of the
            weights.  With several losses there is one for each output too, named after its layer.

        Raises
        ------
        RuntimeError
            If the model was not compiled.
        ValueError, TypeError
            If data or options do not fit; nothing is trained then.
        CheckpointError
            If `resume` is no file of a training, is damaged, or does not fit; the model is as it
            was then.
        NonFiniteGradientError
            If a gradient becomes infinite or NaN: it names epoch, step and weight, and the weights
            are those of before the step.  See :meth:`compile` for other ways to deal with it.
        DistributedError
            If the processes of `comm` disagree about model, data or options, or one of them cannot
            begin.  One that fails later ends the whole job, after it has said why.
        """
        with group_of(comm) as group, group.ending_together():
            with group.together():
                training = fitting.prepare(
                    self,
                    self._require_compiled(),
                    group,
                    (x, y, sample_weight, validation_split, validation_data),
                    {
                        "epochs": epochs,
                        "initial_epoch": initial_epoch,
                        "batch_size": batch_size,
                        "shuffle": shuffle,
                        "class_weight": class_weight,
                    },
                    callbacks,
                    verbose,
                )
                told = training.facts() if group.size > 1 else {}
            group.agree(told)
            return training.fit(group, resume, verbose)

    @with_older_names
    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = 1,
        callbacks: Sequence[Callback] | Callback | None = None,
        return_dict: bool = False,
        sample_weight: Any = None,
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
        sample_weight : array_like, optional
            As for :meth:`fit`.

        Returns
        -------
        float, list of float, or dict
            The loss; with metrics a list in the order of :attr:`metrics_names`; with `return_dict`
            by name, sorted.
        """
        objective = self._require_compiled()
        verbose, return_dict = verbosity(verbose), boolean("return_dict", return_dict)
        reader = self._reader(objective)
        data = reader.data(x, y, sample_weight)
        samples = reader.samples(data, batch_size_of(self, batch_size))
        called = self._prepared(callbacks, len(data), samples.batch_size)
        batches = Batches(self.graph, objective)
        found = loop.evaluate(batches, objective, samples, called)
        if verbose:
            say(f"{len(samples)}/{len(samples)} - {line_of(found)}")
        return found if return_dict else one_or_all(objective.in_order(found))

    @with_older_names
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = 0,
        callbacks: Sequence[Callback] | Callback | None = None,
    ) -> Any:
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
        ndarray of shape (samples, time, units) or (samples, units), or list of them
            Of type :attr:`dtype`; a list for several outputs.  Zeros at steps that a mask leaves
            out.

        Notes
        -----
        Every call has memory of its own: threads may predict with one model at once, and get the
        bits of calls in turn.
        """
        verbosity(verbose)
        inputs = self._read_inputs(x, "x")
        batch_size = checked_batch_size(self, batch_size_of(self, batch_size), len(inputs[0]))
        graph = self.graph
        outputs = [
            np.empty(graph.answer_shape(index, inputs), self.dtype)
            for index in range(len(graph.outputs))
        ]
        called = self._prepared(callbacks, len(inputs[0]), batch_size)
        rows = min(batch_size, len(inputs[0])) * max(x.shape[1] for x in inputs)
        with self._idle.borrow(graph, rows) as batches:
            loop.predict(batches, inputs, outputs, batch_size, called)
        return one_or_all(outputs)

    def stream(self, streams: int | None = None) -> Stream:
        """Return the model as something that runs on as its input comes.

        Parameters
        ----------
        streams : int, optional
            How many streams run side by side, each with a state of its own; their arrays then
            have an axis for them in front.  One, without that axis, if left out.

        Returns
        -------
        Stream
            Call it with the next step, or block of steps; it answers as :meth:`predict` does to
            the whole sequence so far, to the bit.  Its states begin as zeros, and
            ``stream.reset()`` takes them there again; ``stream.state`` is to be kept and set.

        Raises
        ------
        ValueError
            If the model is no plain row of layers, if a layer needs the whole sequence at once
            (`Bidirectional`, ``go_backwards``), or `streams` is below 1.

        Notes
        -----
        The stream keeps the weights as they are now: after a training, make another.  Streams are
        independent of each other and of the model; each is for one thread at a time.

        Examples
        --------
        >>> from fastrnn.layers import GRU, Dense, Input
        >>> from fastrnn.models import Sequential
        >>> model = Sequential([Input((None, 2)), GRU(8, return_sequences=True), Dense(1)])
        >>> x = np.random.default_rng(0).random((1, 6, 2), np.float32)
        >>> stream = model.stream()
        >>> first, rest = stream(x[0, 0]), stream(x[0, 1:])  # a step, then a block of five
        >>> bool((np.vstack([first, rest]) == model.predict(x)[0]).all())
        True
        """
        if streams is not None:
            streams = positive_integer("streams", streams)
        return streaming.stream(self.graph, streams)

    @with_older_names
    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Any:
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
        objective = self._require_compiled()
        if sample_weight is not None and class_weight is not None:
            raise ValueError(BOTH_WEIGHTS)
        reader = self._reader(objective)
        data = reader.batch_to_learn(reader.arrays(x, y, sample_weight), class_weight)
        means = Means(objective)
        means.add(self._current_trainer().step(data))
        return one_or_all(objective.in_order(means.logs()))

    @with_older_names
    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> Any:
        """Return loss and metrics on all of `x` as one batch."""
        samples = max(1, len(self._read_inputs(x, "x")[0]))
        return self.evaluate(x, y, batch_size=samples, verbose=0, sample_weight=sample_weight)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the model's answers to all of `x` as one batch."""
        return self.predict(x, batch_size=max(1, len(self._read_inputs(x, "x")[0])))

    def compute_gradients(self, x: Any, y: Any, sample_weight: Any = None) -> list[Array]:
        """Return the gradients of the loss on all of `x`.

        The weights stay as they are.

        Returns
        -------
        list of ndarray
            One for each array of :meth:`get_weights`, frozen ones too, in its order, its shape and
            with its order of the gates: ``w - rate * g`` of the two goes into :meth:`set_weights`.
        """
        objective = self._require_compiled()
        trainer = self._current_trainer()
        trainer.gradients(self._reader(objective).arrays(x, y, sample_weight))
        vector = trainer.vector
        gradients = dict(zip(vector.parameters, vector.all_gradients(), strict=True))
        return [parameter.to_keras(gradients[parameter]) for parameter in self.weights]

    @with_older_names
    def save(self, filepath: str | os.PathLike[str], *, include_optimizer: bool = True) -> None:
        """Write the whole model: layers, weights, how it was compiled, state of its optimizer.

        While a training runs, also where it is: what :meth:`fit` needs to ``resume`` it.

        Parameters
        ----------
        filepath : str or path
            Missing folders are made.  The ending says in which format; safetensors if it is none
            that is known.
        include_optimizer : bool, default True
            False leaves out how it was compiled and the state of its optimizer.

        Raises
        ------
        CheckpointError
            If the format cannot hold the model; nothing is written then.
        OSError
            If the file cannot be written; one that was there before is as it was.

        See Also
        --------
        fastrnn.models.load_model : the way back
        """
        path = path_text("filepath", filepath)
        whole = boolean("include_optimizer", include_optimizer)
        saving.save(path, self._description() if whole else self._weights_description())

    @with_older_names
    def save_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights and the chain, nothing of the training; else as :meth:`save`."""
        path = path_text("filepath", filepath)
        saving.save_weights(path, self._weights_description())

    def export(self, filepath: str | os.PathLike[str], **options: Any) -> None:
        """Write the model for another program, as the ending of the file says.

        Parameters
        ----------
        filepath : str or path
        **options :
            Of the format.

        Raises
        ------
        ValueError
            If the ending is of no format that can be exported.
        CheckpointError
            If the format cannot hold the model; nothing is written then.
        """
        path = path_text("filepath", filepath)
        saving.export(path, self._weights_description(), options)

    @with_older_names
    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Replace all weights by those of a file of :meth:`save` or :meth:`save_weights`.

        Raises
        ------
        CheckpointError
            If it is no such file, is damaged, or does not fit; the model is as it was then.
        """
        path = path_text("filepath", filepath)
        tensors = saving.read_weights(path, self._weights_description())
        try:
            state.check_weights(self, tensors)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None
        state.take_weights(self, tensors)

    def _weights_description(self) -> Description:
        """Return layers and weights, as files have them."""
        return Description(self.get_config(), None, state.weight_tensors(self))

    def _description(self) -> Description:
        """Return all that files have of the model, and of the training that runs."""
        found = self._weights_description()
        tensors = dict(found.tensors)
        training, optimizer = self._training, self.optimizer
        if training is not None:
            # With what it began with, whatever the model was compiled with since.
            optimizer, found.training = training.trainer.optimizer, training.compiled()
            found.run, kept = training.record()
            tensors.update(kept)
        elif self._objective is not None:
            found.training = self._compiled_config()
        if found.training is not None:
            assert optimizer is not None
            found.training["iterations"] = optimizer.iterations
            tensors.update(state.slot_tensors(self, optimizer))
        found.tensors = tensors
        return found

    def _compiled_config(self) -> dict[str, Any]:
        """Return how the model was compiled, as JSON can hold it."""
        assert self.optimizer is not None
        assert self._objective is not None
        return {
            "optimizer": optimizers.serialize(self.optimizer),
            **self._objective.get_config(len(self._output_names())),
            "check_gradients": self.check_gradients,
        }

    def _current_trainer(self) -> Trainer:
        objective, optimizer = self._require_compiled(), self.optimizer
        assert optimizer is not None
        trainer = self._trainer
        if (
            trainer is None
            or trainer.graph is not self.graph
            or trainer.optimizer is not optimizer
            or trainer.objective is not objective
        ):
            trainer = Trainer(self.graph, self._trained, optimizer, objective)
            self._trainer = trainer
        trainer.check_gradients = self.check_gradients
        trainer.look()
        return trainer

    def _trained(self) -> list[Parameter]:
        return self.trainable_weights

    @property
    def metrics_names(self) -> list[str]:
        """What the numbers that :meth:`evaluate` returns are called, in their order.

        The loss comes first; with several outputs those of the outputs follow, then all metrics,
        sorted by name.  (Keras 3 returns its numbers in this order too, and has ``compile_metrics``
        here in place of the names of the metrics.)
        """
        return [] if self._objective is None else list(self._objective.names)

    def _output_names(self) -> list[str]:
        outputs = self.graph.outputs
        return [
            tensor.layer.name if tensor.index == 0 else f"{tensor.layer.name}_{tensor.index}"
            for tensor in outputs
        ]

    def _prepared(
        self, callbacks: Sequence[Callback] | Callback | None, samples: int, batch_size: int
    ) -> CallbackList:
        called = CallbackList(listed_callbacks(callbacks))
        steps = -(-samples // batch_size)
        called.prepare(self, {"samples": samples, "batch_size": batch_size, "steps": steps})
        return called

    # Reading -----------------------------------------------------------------------------------

    def _read_inputs(self, x: Any, argument: str) -> list[Array]:
        return read_inputs(x, self.graph, argument)

    def _reader(self, objective: Objective) -> Reader:
        return Reader(self, self._read_inputs, objective)

    def __getstate__(self) -> dict[str, Any]:
        # Weights, settings and the state of the optimizer, and no memory to compute in: a copy
        # makes its own, for its own weights.
        return {**self.__dict__, "_trainer": None, "_training": None}

    def _require_compiled(self) -> Objective:
        if self._objective is None:
            raise RuntimeError("the model was not compiled; call model.compile(optimizer, loss)")
        return self._objective
