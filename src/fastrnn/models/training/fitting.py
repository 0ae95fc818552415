"""What ``fit`` does: prepare a training, run it, and leave the model in order."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fastrnn import optimizers, seeding
from fastrnn.callbacks import Callback, CallbackList, History
from fastrnn.callbacks.progress import progress
from fastrnn.distributed import Group
from fastrnn.models.data import positive_integer
from fastrnn.models.objective import Objective
from fastrnn.models.reading import Reader, batch_size_of, check_same_batches
from fastrnn.models.samples import Samples
from fastrnn.models.training import loop
from fastrnn.models.training.agreement import facts
from fastrnn.models.training.resuming import Resumption
from fastrnn.models.training.run import Run
from fastrnn.models.training.trainer import Trainer
from fastrnn.settings import boolean

Array = NDArray[Any]
Callbacks = Sequence[Callback] | Callback | None

BOTH_WEIGHTS = "sample_weight and class_weight were both given; give one of them"


@dataclass(frozen=True)
class Options:
    """The arguments of ``fit`` that say how to train, checked."""

    epochs: int
    initial_epoch: int
    batch_size: int
    shuffle: bool
    class_weight: Mapping[int, float] | None


class Training:
    """A training of a model, with all that it began with: what is compiled later does not matter.

    Parameters
    ----------
    model : Model
    trainer : Trainer
    compiled : dict
        How the model was compiled, for files and other processes.
    samples, validation : Samples
    options : Options
    history : History
    callbacks : CallbackList
    """

    def __init__(
        self,
        model: Any,
        trainer: Trainer,
        compiled: dict[str, Any],
        samples: Samples,
        validation: Samples | None,
        options: Options,
        history: History,
        callbacks: CallbackList,
    ) -> None:
        self.model, self.trainer, self._compiled = model, trainer, compiled
        self.samples, self.validation, self.options = samples, validation, options
        self.history, self.callbacks = history, callbacks
        self.run = Run(
            options.shuffle or trainer.is_random,
            options.shuffle,
            len(samples),
            options.batch_size,
            options.initial_epoch,
            callbacks=callbacks,
        )

    def facts(self) -> dict[str, str]:
        """Return what processes that train together must agree about."""
        options = vars(self.options)
        config = self.model.get_config()
        return facts(config, self.compiled(), options, self.samples, self.validation)

    def compiled(self) -> dict[str, Any]:
        """Return how the model was compiled when the training began, with the optimizer of now."""
        return {**self._compiled, "optimizer": optimizers.serialize(self.trainer.optimizer)}

    def record(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return what a file should say of where the training is, and tensors."""
        return self.run.record(self.trainer, self.model.stop_training)

    def fit(self, group: Group, resume: str | os.PathLike[str] | None, verbose: Any) -> History:
        """Run the training, from where a file says or from the beginning."""
        resumed = self._resumption(group, resume)
        if resumed is None and self.run.draws:
            seed = seeding.spawn()
            self.run.seed = group.first(lambda: seed)
        self.callbacks.prepare(self.model, self._params(group, verbose))
        if resumed is not None:
            resumed.restore_model(self.model)
        model = self.model
        # A callback may train the model too: what it finds is not this training's.
        before = model._training, model.stop_training, model.history
        model._training, model.stop_training, model.history = self, False, self.history
        try:
            with self.trainer.sharing(group):
                loop.fit(
                    model,
                    self.trainer,
                    self.samples,
                    self.validation,
                    self.run,
                    self.options.epochs,
                    resumed,
                )
        finally:
            model._training = before[0]
            if before[0] is not None:
                _, model.stop_training, model.history = before
        return self.history

    def _resumption(self, group: Group, resume: str | os.PathLike[str] | None) -> Resumption | None:
        """Return what the training goes on from: what was asked for, or what a callback has."""
        if resume is None:
            files = [callback.resume_from() for callback in self.callbacks.callbacks]
            resume = next((file for file in files if file is not None), None)
        resume = group.first(lambda: resume)
        return None if resume is None else Resumption(resume, self.model, self.run, group)

    def _params(self, group: Group, verbose: Any) -> dict[str, Any]:
        """Return what callbacks are told."""
        return {
            "epochs": self.options.epochs,
            "steps": self.samples.steps,
            "samples": len(self.samples),
            "validation_samples": 0 if self.validation is None else len(self.validation),
            "batch_size": self.options.batch_size,
            "verbose": verbose,
            "metrics": self.trainer.objective.names,
            "steps_done": self.run.step,
            "is_first": group.is_first,
        }


def prepare(
    model: Any,
    objective: Objective,
    group: Group,
    data: tuple[Any, Any, Any, float, Any],
    how: dict[str, Any],
    callbacks: Callbacks,
    verbose: Any,
) -> Training:
    """Return a training, after a look at all that was given; nothing is changed.

    Parameters
    ----------
    model : Model
    objective : Objective
    group : Group
    data : tuple
        ``x, y, sample_weight, validation_split, validation_data``.
    how : dict
        The arguments that make an :class:`Options`.
    callbacks, verbose :
        As ``fit`` was given them.
    """
    shuffle = boolean("shuffle", how["shuffle"])
    epochs = positive_integer("epochs", how["epochs"], least=0)
    initial_epoch = positive_integer("initial_epoch", how["initial_epoch"], least=0)
    class_weight = how["class_weight"]
    if data[2] is not None and class_weight is not None:
        raise ValueError(BOTH_WEIGHTS)
    reader: Reader = model._reader(objective)
    learned, held_out = reader.parts(*data)
    batch_size = batch_size_of(model, how["batch_size"])
    samples = reader.samples(reader.to_learn(learned, class_weight), batch_size, group)
    validation = None if held_out is None else reader.samples(held_out, batch_size)
    if validation is not None:
        check_same_batches(model, samples, validation)
    history = History()
    listed = [*progress(verbose), *listed_callbacks(callbacks), history]
    called = CallbackList(listed, group.is_first)
    trainer: Trainer = model._current_trainer()
    if trainer.vector.parameters and not trainer.vector.trained:
        warnings.warn(
            "the model has no trainable weights: the training changes nothing", stacklevel=4
        )
    options = Options(epochs, initial_epoch, batch_size, shuffle, class_weight)
    compiled = model._compiled_config()
    return Training(model, trainer, compiled, samples, validation, options, history, called)


def listed_callbacks(callbacks: Callbacks) -> list[Callback]:
    """Return what was given as callbacks as a list."""
    if callbacks is None:
        return []
    return [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
