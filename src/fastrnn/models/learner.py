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
            A :class:`~fastrnn.models.Dataset` returns each batch by the indices of its samples, so
            it need not fit into memory.  A :class:`~fastrnn.utils.PyDataset`, a generator, a
            ``DataLoader`` of PyTorch, or any other iterable yields whole batches.  All of them
            return ``(x, y)`` or ``(x, y, sample_weight)``.
        y : array_like
            Targets, in the form that the loss needs: labels of shape (samples, time) or (samples,
            time, 1), or arrays of the shape of the output.  Omitted if the batches of `x` include
            them.
        batch_size : int, default 32
            Samples per step; the last step of an epoch may have fewer.  If the model's input has a
            fixed batch size, that is used and no other is accepted; ready-made batches have their
            own size.
        epochs : int, default 1
            The epoch to stop before; ``epochs - initial_epoch`` epochs are trained.
        verbose : {1, 0, 2}
            1: a progress bar on a terminal, a line per epoch elsewhere; 0: silent; 2: a line per
            epoch.
        callbacks : list of Callback, optional
        validation_split : float, default 0
            Fraction of the samples that is held out from training and evaluated after every epoch:
            the last samples, before shuffling.
        validation_data : (x, y) or (x, y, sample_weight), or a source, optional
            Data to evaluate after every epoch, instead of a split.
        shuffle : bool, default True
            Whether to shuffle the samples, or the batches of a `PyDataset`, before every epoch; the
            order depends on :func:`fastrnn.set_seed`.  Above 16 million samples, blocks of
            neighbouring samples are shuffled, and then the samples within groups of blocks, to save
            memory.  Generators and loaders determine their own order.
        class_weight : dict of int to float, optional
            Weight of the loss at positions whose target has that class; 1 for classes that are not
            listed.  Not used for validation.
        sample_weight : array_like of shape (samples,) or (samples, time), optional
            Weight of the loss of each sample, or of each step of a sample.
        initial_epoch : int, default 0
        steps_per_epoch : int, optional
            Batches per epoch; the next epoch continues where this one ends, and starts over after
            the last batch.  If left out, an epoch is a pass through the data.  Required for endless
            generators, and for more than one epoch with a generator.
        validation_steps : int, optional
            Batches per validation, from the first one; with a generator, the next ones.
        validation_batch_size : int, optional
            Batch size for validation; that of the training if left out.
        validation_freq : int or collection of int, default 1
            Validate every so many epochs, or after the listed epochs, counted from 1.
        resume : str or path, optional
            A file that was saved during a training by a callback such as
            :class:`~fastrnn.callbacks.ModelCheckpoint`.  That training is resumed, if necessary in
            the middle of an epoch.  The result is bit for bit that of an uninterrupted training,
            provided that data, options and callbacks are the same; `epochs` may be larger.  See
            also :class:`~fastrnn.callbacks.BackupAndRestore`.
        comm : mpi4py.MPI.Intracomm, optional
            Processes for data-parallel training, such as ``MPI.COMM_WORLD`` in a program that
            ``mpiexec`` started.  All of them call `fit` with the same model, data and options; each
            computes its rows of every batch of `batch_size`, the gradients are summed, and the
            weights, losses and metrics are the same in all processes and, up to rounding, those of
            one process.  A dataset is read only for the rows of its process; generators and loaders
            are refused, because each process would read its own.  Validation is distributed too.
            Only the first process prints, and calls callbacks that write files; each process uses
            one thread, unless the number of threads was set.

        Returns
        -------
        History
            ``history.history`` has a list for each name: ``loss``, the metrics, and both with
            ``val_``. Training figures are means over all unmasked positions of the epoch, computed
            while the weights changed.  Weights multiply the loss of a position, but the sum is
            divided by the number of positions; `weighted_metrics` are divided by the sum of the
            weights.  With several losses, each output has its own loss too, named after its layer.

        Raises
        ------
        RuntimeError
            If the model was not compiled, or another thread trains it.
        ValueError, TypeError
            If data or options do not fit; nothing is trained then.
        CheckpointError
            If `resume` is not a file of a training, is damaged, or does not fit; the model is then
            unchanged.
        NonFiniteGradientError
            If a gradient becomes infinite or NaN.  The error names epoch, step and weight; the
            weights are those from before the step.  See :meth:`compile` for alternatives.
        DistributedError
            If model, data or options differ between the processes of `comm`, or one of them cannot
            start.  A process that fails later prints its error and ends the whole job.

        Warns
        -----
        UserWarning
            If the data end before `steps_per_epoch` steps.  The epoch ends there; with a generator,
            the training ends.
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
            0: silent; otherwise the result is printed.
        sample_weight : array_like, optional
            As for :meth:`fit`.
        steps : int, optional
            Number of batches to evaluate; all if left out.
        callbacks : list of Callback, optional
        return_dict : bool, default False

        Returns
        -------
        float, list of float, or dict
            The loss; with metrics a list in the order of :attr:`metrics_names`; with `return_dict`
            a dict, sorted by name.

        Warns
        -----
        UserWarning
            If there are fewer batches than `steps`; the available ones are evaluated.
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
        """Return the model's predictions.

        Parameters
        ----------
        x : array_like of shape (samples, time, features) or (samples, features), or batches
            Targets and weights that a dataset, generator or loader returns are not used.
        batch_size : int, default 32
            Samples per batch.
        verbose : int
            Accepted for compatibility with Keras; nothing is printed.
        steps : int, optional
            Number of batches to predict; all if left out.
        callbacks : list of Callback, optional

        Returns
        -------
        ndarray of shape (samples, time, units) or (samples, units), or list of them
            Of type :attr:`dtype`; a list for several outputs.  Zeros at masked steps.

        Raises
        ------
        ValueError
            If predictions of different batches have different shapes, because their lengths differ.

        Notes
        -----
        Thread-safe: each call has its own memory, and concurrent calls return the same bits as
        calls in turn.  With stateful layers, a concurrent call raises ``RuntimeError``.
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
        """Return the model's predictions for all of `x` as one batch."""
        return self.predict(x, batch_size=max(1, len(Reader(self).inputs(x)[0])))
