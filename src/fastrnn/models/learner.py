"""Training, evaluation and prediction on whole sets of data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from fastrnn.callbacks import History
from fastrnn.callbacks.console import say
from fastrnn.callbacks.progress import line_of
from fastrnn.construction import with_older_names
from fastrnn.distributed import group_of
from fastrnn.layers.shapes import one_or_all
from fastrnn.models import evaluating
from fastrnn.models.batch import Batches, IdleBatches
from fastrnn.models.compiled import CompiledNetwork
from fastrnn.models.data import step_count
from fastrnn.models.evaluating import Callbacks, Outputs, called_on
from fastrnn.models.reading import Reader
from fastrnn.models.training import fitting
from fastrnn.settings import boolean, verbosity


class Learner(CompiledNetwork):
    """The part of a model that trains, evaluates and predicts; see :class:`Model`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.history: History | None = None
        #: Set it to True to end a training: see :class:`fastrnn.callbacks.Callback`.
        self.stop_training = False
        self._idle = IdleBatches()

    # Over 80 lines, for two thirds of it document Keras's arguments.
    @with_older_names
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = 1,
        callbacks: Callbacks = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        *,
        resume: str | os.PathLike[str] | None = None,
        comm: Any = None,
    ) -> History:
        """Train.

        Parameters
        ----------
        x : array_like of shape (samples, time, features) or (samples, features), or a source
            A :class:`~fastrnn.models.Dataset` is asked for every batch by the numbers of its
            samples, so that it need not fit into memory.  A :class:`~fastrnn.utils.PyDataset`, a
            generator, a ``DataLoader`` of PyTorch, or whatever else can be iterated gives whole
            batches.  All of them give ``(x, y)`` or ``(x, y, sample_weight)``.
        y : array_like
            Targets, as the loss wants them: labels of shape (samples, time) or (samples, time, 1),
            or arrays of the shape of the output.  Left out where batches have them.
        batch_size : int, default 32
            Samples a step; the last step of an epoch may have fewer.  A model whose input has a
            batch size has that, and takes no other; ready batches have their own.
        epochs : int, default 1
            The epoch to stop before: with `initial_epoch`, their difference is trained.
        verbose : {1, 0, 2}
            1: a bar on a terminal, plain lines elsewhere; 0: nothing; 2: plain lines.
        callbacks : list of Callback, optional
        validation_split : float, default 0
            Share of the samples, the last ones as they lie, that is not trained on but evaluated
            after every epoch.
        validation_data : (x, y) or (x, y, sample_weight), or a source, optional
            What to evaluate after every epoch instead.
        shuffle : bool, default True
            Whether every epoch takes the samples, or the batches of a `PyDataset`, in an order of
            its own, drawn from :func:`fastrnn.set_seed`.  Of more than 16 million, blocks of
            neighbours are shuffled and then the samples of some blocks with each other, so that the
            order needs little memory.  Generators and loaders have an order of their own.
        class_weight : dict of int to float, optional
            Factor of the loss of every position with a target of that class; 1 for those that are
            not named.  For validation it does not count.
        sample_weight : array_like of shape (samples,) or (samples, time), optional
            Factor of the loss of every sample, or of every step of it.
        initial_epoch : int, default 0
        steps_per_epoch : int, optional
            Batches of an epoch; the next epoch goes on where this one ends, and begins anew behind
            the last batch.  A pass through the data if left out.  A generator that does not end
            needs it, and so does one that should make several epochs.
        validation_steps : int, optional
            Batches of a validation, from the first one on; of a generator, those that come next.
        validation_batch_size : int, optional
            That of the training if left out.
        validation_freq : int or collection of int, default 1
            After every how many epochs to validate, or after which, counted from 1.
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
            process.  A dataset is asked for the rows of its process alone; generators and
            loaders, of which each process would read its own, are refused.  Validation is shared
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
            If the model was not compiled, or another thread trains it.
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

        Warns
        -----
        UserWarning
            If the data end before `steps_per_epoch` steps: the epoch ends there, and with a
            generator the training.
        """
        how = {
            "epochs": epochs,
            "initial_epoch": initial_epoch,
            "batch_size": batch_size,
            "shuffle": shuffle,
            "class_weight": class_weight,
            "steps_per_epoch": steps_per_epoch,
            "validation_steps": validation_steps,
            "validation_batch_size": validation_batch_size,
            "validation_freq": validation_freq,
        }
        data = (x, y, sample_weight, validation_split, validation_data)
        with self._claim.taken("fit"), group_of(comm) as group, group.ending_together():
            with group.together():
                training = fitting.prepare(self, self._setup, group, data, how, callbacks, verbose)
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
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Callbacks = None,
        return_dict: bool = False,
    ) -> Any:
        """Return loss and metrics on data.

        Parameters
        ----------
        x, y : array_like, Dataset, or batches
            As for :meth:`fit`.
        batch_size : int, default 32
        verbose : {1, 0, 2}
            Whether to print the result.
        sample_weight : array_like, optional
            As for :meth:`fit`.
        steps : int, optional
            How many batches to evaluate; all if left out.
        callbacks : list of Callback, optional
        return_dict : bool, default False

        Returns
        -------
        float, list of float, or dict
            The loss; with metrics a list in the order of :attr:`metrics_names`; with `return_dict`
            by name, sorted.

        Warns
        -----
        UserWarning
            If there are fewer batches than `steps`; the result is that of those there are.
        """
        objective = self._setup.compiled()
        verbose, return_dict = verbosity(verbose), boolean("return_dict", return_dict)
        steps = step_count("steps", steps)
        source = Reader(self, objective).to_evaluate((x, y, sample_weight), batch_size, steps)
        called = called_on(self, callbacks, source, steps)
        batches = Batches(self._graph, objective)
        with self._alone("evaluate"):
            found, count = evaluating.evaluate(batches, objective, source, called, steps)
        if verbose:
            say(f"{count}/{count} - {line_of(found)}")
        return found if return_dict else one_or_all(objective.in_order(found))

    @with_older_names
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = 0,
        steps: int | None = None,
        callbacks: Callbacks = None,
    ) -> Any:
        """Return the model's answers.

        Parameters
        ----------
        x : array_like of shape (samples, time, features) or (samples, features), or batches
            A dataset, generator or loader may give targets and weights too; they are not used.
        batch_size : int, default 32
            Samples that are computed at once.
        verbose : int
            Taken for the sake of Keras; nothing is printed.
        steps : int, optional
            How many batches to answer to; all if left out.
        callbacks : list of Callback, optional

        Returns
        -------
        ndarray of shape (samples, time, units) or (samples, units), or list of them
            Of type :attr:`dtype`; a list for several outputs.  Zeros at steps that a mask leaves
            out.

        Raises
        ------
        ValueError
            If batches of different length make answers of different shapes.

        Notes
        -----
        Every call has memory of its own: threads may predict with one model at once, and get the
        bits of calls in turn.  Of a model with stateful layers, a call while another thread is in
        one is a ``RuntimeError``.
        """
        verbosity(verbose)
        steps = step_count("steps", steps)
        source = Reader(self).to_predict(x, batch_size, steps)
        outputs = Outputs(self._graph, source, steps, self.dtype)
        called = called_on(self, callbacks, source, steps)
        with self._alone("predict"), self._idle.borrow(self._graph, outputs.rows) as batches:
            evaluating.predict(batches, source, outputs, called, steps)
        return one_or_all(outputs.joined())

    def predict_on_batch(self, x: Any) -> Any:
        """Return the model's answers to all of `x` as one batch."""
        return self.predict(x, batch_size=max(1, len(Reader(self).inputs(x)[0])))
