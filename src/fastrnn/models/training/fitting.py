"""The implementation of ``fit``: prepare a training, run it, and clean up."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fastrnn import optimizers, seeding
from fastrnn.callbacks import CallbackList, History
from fastrnn.callbacks.progress import progress
from fastrnn.distributed import Group
from fastrnn.models.data import positive_integer, step_count
from fastrnn.models.evaluating import Callbacks, listed
from fastrnn.models.reading import BOTH_WEIGHTS, Reader, check_same_batches
from fastrnn.models.source import Source
from fastrnn.models.training.agreement import facts
from fastrnn.models.training.epochs import Epochs
from fastrnn.models.training.loop import Loop
from fastrnn.models.training.resuming import Resumption
from fastrnn.models.training.run import Run
from fastrnn.models.training.setup import Setup
from fastrnn.models.training.trainer import Trainer
from fastrnn.models.training.validation import Validation, frequency
from fastrnn.settings import boolean

Array = NDArray[Any]


@dataclass(frozen=True)
class Options:
    """The checked options of ``fit``."""

    epochs: int
    initial_epoch: int
    batch_size: int | None
    shuffle: bool
    class_weight: Mapping[int, float] | None
    steps_per_epoch: int | None
    validation_steps: int | None
    validation_batch_size: int | None
    validation_freq: int | tuple[int, ...]

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Options:
        """Return checked options."""

        def count(name: str) -> int | None:
            return positive_integer(name, given[name]) if given[name] is not None else None

        return cls(
            epochs=positive_integer("epochs", given["epochs"], least=0),
            initial_epoch=positive_integer("initial_epoch", given["initial_epoch"], least=0),
            batch_size=count("batch_size"),
            shuffle=boolean("shuffle", given["shuffle"]),
            class_weight=given["class_weight"],
            steps_per_epoch=step_count("steps_per_epoch", given["steps_per_epoch"]),
            validation_steps=step_count("validation_steps", given["validation_steps"]),
            validation_batch_size=count("validation_batch_size"),
            validation_freq=frequency(given["validation_freq"]),
        )


class Training:
    """A training of a model; a later call of ``compile`` does not affect it.

    Parameters
    ----------
    model : Model
    setup : Setup
    source : Source
    validation : Validation or None
    options : Options
    history : History
    callbacks : CallbackList
    """

    def __init__(
        self,
        model: Any,
        setup: Setup,
        source: Source,
        validation: Validation | None,
        options: Options,
        history: History,
        callbacks: CallbackList,
    ) -> None:
        self.model, self._setup = model, setup
        self.trainer: Trainer = setup.trainer(model)
        self._compiled = setup.get_config()
        self.source, self.validation, self.options = source, validation, options
        self.epochs = Epochs(source, options.steps_per_epoch, options.shuffle)
        self.history, self.callbacks = history, callbacks
        self.run = Run(
            options.shuffle or self.trainer.is_random,
            options.shuffle,
            source.samples,
            source.batch_size,
            options.steps_per_epoch,
            str(source),
            options.initial_epoch,
            callbacks=callbacks,
        )

    def facts(self) -> dict[str, str]:
        """Return the facts that must be equal in all processes."""
        options = {**vars(self.options), "batch_size": self.source.batch_size}
        config = self.model.get_config()
        held_out = None if self.validation is None else self.validation.source
        return facts(config, self.compiled(), options, self.source, held_out)

    def compiled(self) -> dict[str, Any]:
        """Return the compile options of the training, with the current state of the optimizer."""
        return {**self._compiled, "optimizer": optimizers.serialize(self.trainer.optimizer)}

    def record(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the position of the training, for a file, and tensors."""
        return self.run.record(self.trainer, self.model.stop_training)

    def fit(self, group: Group, resume: str | os.PathLike[str] | None, verbose: Any) -> History:
        """Run the training, from the beginning or from the position in a file."""
        resumed = self._resumption(group, resume)
        if resumed is None and self.run.draws:
            seed = seeding.spawn()
            self.run.seed = group.first(lambda: seed)
        held_out = None if self.validation is None else self.validation.arrays()
        self.callbacks.prepare(self.model, self._params(group, verbose), held_out)
        if resumed is not None:
            resumed.restore_model(self.model)
            self._replay([epoch for epoch, _ in self.run.epochs])
        model, setup = self.model, self._setup
        # A callback may also train the model: its results are not this training's.
        before = setup.training, model.stop_training, model.history
        setup.training, model.stop_training, model.history = self, False, self.history
        try:
            with self.trainer.sharing(group):
                loop = Loop(model, self.trainer, self.epochs, self.validation, self.run)
                loop.fit(self.options.epochs, resumed)
        finally:
            setup.training = before[0]
            if before[0] is not None:
                _, model.stop_training, model.history = before
        return self.history

    def _replay(self, epochs: Sequence[int]) -> None:
        """Advance the data to where they were after the epochs before a file was saved."""
        self.epochs.replay(len(epochs))
        if self.validation is not None:
            self.validation.replay(epochs)

    def _resumption(self, group: Group, resume: str | os.PathLike[str] | None) -> Resumption | None:
        """Return the state to resume from: of the argument, or of a callback."""
        if resume is None:
            files = [callback.resume_from() for callback in self.callbacks.callbacks]
            resume = next((file for file in files if file is not None), None)
        resume = group.first(lambda: resume)
        if resume is None:
            return None
        return Resumption(resume, self.model, self.trainer, self.run, group)

    def _params(self, group: Group, verbose: Any) -> dict[str, Any]:
        """Return the parameters for callbacks."""
        validation, options = self.validation, self.options
        names = self.trainer.objective.names
        return {
            "epochs": options.epochs,
            "steps": self.epochs.steps,
            "samples": self.source.samples,
            "do_validation": validation is not None,
            "validation_samples": 0 if validation is None else validation.source.samples,
            "batch_size": self.source.batch_size,
            "verbose": verbose,
            "metrics": names,
            # Metrics that only some epochs report.
            "at_times": [f"val_{name}" for name in names] if options.validation_freq != 1 else [],
            "steps_done": self.run.step,
            "is_first": group.is_first,
        }


def prepare(
    model: Any,
    setup: Setup,
    group: Group,
    data: tuple[Any, Any, Any, float, Any],
    how: Mapping[str, Any],
    callbacks: Callbacks,
    verbose: Any,
) -> Training:
    """Return a training after checking all arguments; nothing is changed.

    Parameters
    ----------
    model : Model
    setup : Setup
        Setup of the model.
    group : Group
    data : tuple
        ``x, y, sample_weight, validation_split, validation_data``.
    how : mapping
        The arguments of :class:`Options`.
    callbacks, verbose :
        As for ``fit``.
    """
    options = Options.checked(how)
    if data[2] is not None and options.class_weight is not None:
        raise ValueError(BOTH_WEIGHTS)
    source, validation = _sources(Reader(model, setup.compiled()), data, options, group)
    if validation is not None:
        validation.check_passes(options.initial_epoch, options.epochs)
        check_same_batches(model, source, validation.source)
    if not source.is_repeatable and options.steps_per_epoch is None:
        _check_passes(data[0], options)
    history = History()
    called = CallbackList([*progress(verbose), *listed(callbacks), history], group.is_first)
    training = Training(model, setup, source, validation, options, history, called)
    vector = training.trainer.vector
    if vector.parameters and not vector.trained:
        warnings.warn(
            "the model has no trainable weights: the training changes nothing", stacklevel=4
        )
    return training


def _sources(
    reader: Reader, data: tuple[Any, Any, Any, float, Any], options: Options, group: Group
) -> tuple[Source, Validation | None]:
    """Return the sources of the training and of the validation."""
    x, y, weights, split, given = data
    source, held_out = reader.to_train(
        (x, y, weights),
        split if given is None else 0.0,
        options.batch_size,
        options.steps_per_epoch,
        options.class_weight,
        group,
    )
    size, steps = options.validation_batch_size or options.batch_size, options.validation_steps
    if given is not None:
        found = reader.validation(given, size, steps, group)
    elif held_out is not None:
        found = reader.samples(held_out, size, steps)
    else:
        return source, None
    return source, Validation(found, steps, options.validation_freq)


def _check_passes(x: Any, options: Options) -> None:
    """Refuse more than one epoch of data that can be read only once."""
    if options.epochs - options.initial_epoch > 1:
        raise ValueError(
            f"x is of type {type(x).__name__} and can be read once, which makes one epoch of "
            f"{options.epochs - options.initial_epoch}; give steps_per_epoch, the number of "
            "batches in an epoch, or what can be read again, such as a PyDataset"
        )
