"""A training run: started, continued, and kept in its directory epoch by epoch."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from fastrnn.callbacks import Callback
from fastrnn.cipher.accuracy import CharacterAccuracy
from fastrnn.cipher.defaults import COSINE
from fastrnn.cipher.directory import Config, RunDirectory
from fastrnn.cipher.errors import RunError, SettingsError
from fastrnn.cipher.history import Epoch, of_the_answers
from fastrnn.cipher.keyed import Drawn
from fastrnn.cipher.lesson import Lesson
from fastrnn.cipher.network import build
from fastrnn.cipher.plot import plot
from fastrnn.cipher.settings import Settings
from fastrnn.distributed import Group
from fastrnn.files import remove_leftovers
from fastrnn.models import Model, NonFiniteGradientError, load_model, training_position
from fastrnn.optimizers import Adam, Optimizer
from fastrnn.optimizers.schedules import CosineDecay
from fastrnn.seeding import set_seed

__all__ = ["Training"]

# A run's seed serves twice, with one of these beside it.
_WEIGHTS, _ORDER = 0, 1


class Training:
    """A run, ready to go on after the epochs that it has.

    Made by `start` or `resume`. The same settings give the same bits, for any number of threads,
    and whether or not the run was resumed, wherever it was interrupted.

    Attributes
    ----------
    lesson : Lesson
        What it learns from.
    directory : RunDirectory
        Where it is kept.
    model : Model
        As it stands after the last epoch.
    epochs : list of Epoch
        The figures of the finished epochs.
    step : int
        How many steps of the next epoch were made when `model` was saved.
    save_steps, save_seconds : float or None
        Keep the run within epochs too: every so many steps, or after so many seconds.
    group : Group
        The processes that train the model together; the first one keeps the run.
    saved : tuple of int, or None
        The finished epochs, and steps of the next, of the training that ``last.safetensors`` holds.
    picture_error : Exception or None
        Why ``history.png`` could not be drawn, which is all that is missing then.

    Examples
    --------
    >>> from fastrnn.cipher.lesson import Lesson
    >>> settings = Settings(sentences=200, units=8, epochs=1)
    >>> training = Training.start(Lesson.prepare(settings), RunDirectory.fresh("run"))
    >>> training.run()
    >>> len(training.epochs), training.directory.best_file.exists()
    (1, True)
    """

    def __init__(
        self,
        lesson: Lesson,
        directory: RunDirectory,
        model: Model,
        epochs: list[Epoch],
        group: Group | None = None,
    ) -> None:
        self.lesson = lesson
        self.directory = directory
        self.model = model
        self.epochs = epochs
        self.group = Group() if group is None else group
        self.step = 0
        self.saved: tuple[int, int] | None = None
        self.picture_error: Exception | None = None
        self.save_steps: int | None = None
        self.save_seconds: float | None = None

    def __repr__(self) -> str:
        settings = self.lesson.config.settings
        done = f"{len(self.epochs)} of {settings.epochs} epochs"
        return f"<Training in {self.directory}: {settings.title}, {done}>"

    @property
    def steps(self) -> int:
        """The number of batches of an epoch."""
        return _steps(self.lesson)

    @classmethod
    def start(cls, lesson: Lesson, directory: RunDirectory, group: Group | None = None) -> Training:
        """Return a new run, with random weights.

        Parameters
        ----------
        lesson : Lesson
            What to learn from.
        directory : RunDirectory
            Where to keep the run; its ``config.json`` is written.
        group : Group, optional
            The processes that train together; this one alone if left out.

        Returns
        -------
        Training
            Before its first epoch.

        Raises
        ------
        RunError
            Another process is writing to the directory.
        OSError
            The directory cannot be written to.
        """
        run = cls(lesson, directory, _new_model(lesson.config, _steps(lesson)), [], group)
        run.group.first(directory.hold)
        run.group.first(lambda: directory.write_config(lesson.config))
        return run

    @classmethod
    def resume(
        cls,
        directory: RunDirectory,
        given: Mapping[str, Any] | None = None,
        group: Group | None = None,
        patience: float = 0.0,
    ) -> Training:
        """Return a run that was interrupted or finished, ready to go on.

        Parameters
        ----------
        directory : RunDirectory
            Where it is kept.
        given : mapping, optional
            Settings asked for anew; only ``"epochs"`` may differ.
        group : Group, optional
            As for `start`. It need not have as many processes as the run had before, and only the
            first one needs the directory.
        patience : float
            Seconds to wait for another process that is writing to the directory.

        Returns
        -------
        Training
            Where it was kept last.

        Raises
        ------
        RunError
            The directory is none of a run or is damaged, another process is writing to it, a
            setting is not that of the run, or the files of its corpus have changed.
        CorpusError, OSError
            The corpus cannot be read any more.
        """
        group = Group() if group is None else group
        group.first(directory.read_config)  # to say so, if no run is there
        group.first(lambda: directory.hold(patience))
        try:
            return cls._resumed(directory, given, group)
        except BaseException:
            directory.release()
            raise

    @classmethod
    def _resumed(
        cls, directory: RunDirectory, given: Mapping[str, Any] | None, group: Group
    ) -> Training:
        """Return a run whose directory is held."""
        config = group.first(directory.read_config)
        settings = config.settings.continued(given or {})
        with group.together():
            lesson = Lesson.again(directory, config, settings, "start a new run elsewhere")
        epochs = group.first(directory.read_history)
        group.first(lambda: remove_leftovers(directory.path))
        if len(epochs) <= 1 and not group.first(directory.last_file.exists):
            return cls.start(lesson, directory, group)
        # The others are given what the file holds when the training goes on.
        if group.is_first:
            model = _saved(directory, lesson.config)
        else:
            model = _new_model(lesson.config, _steps(lesson))
        run = cls(lesson, directory, model, epochs, group)
        position = group.first(lambda: training_position(directory.last_file))
        if position is None or position[0] > len(epochs):
            where = "no training" if position is None else f"a training after epoch {position[0]}"
            raise RunError(
                f"{directory.last_file}: saved in {where}, which does not fit the "
                f"{len(epochs)} epochs of history.csv; start a new run elsewhere"
            )
        # The history is written first, so that it may be one epoch ahead.
        run.epochs, run.step, run.saved = epochs[: position[0]], position[1], position
        if settings != config.settings:
            group.first(lambda: directory.write_config(replace(config, settings=settings)))
        return run

    def run(self, callbacks: Sequence[Callback] = ()) -> None:
        """Train for the epochs that are missing, and draw the history.

        The directory is held meanwhile, and released at the end.

        Parameters
        ----------
        callbacks : sequence of Callback
            Called after the run has kept an epoch.

        Raises
        ------
        RunError
            A gradient is no number any more.
        OSError
            A file cannot be written; what was kept before stays.

        Notes
        -----
        Without matplotlib nothing is drawn.
        """
        self.group.first(self.directory.hold)
        try:
            self._train(callbacks)
            if self.group.is_first:
                self._draw()
        finally:
            self.directory.release()

    def _train(self, callbacks: Sequence[Callback]) -> None:
        settings = self.lesson.config.settings
        held_out = self.lesson.held_out
        last_file = self.directory.last_file
        training = self.lesson.training
        drawing = [training] if isinstance(training, Drawn) else []
        data = self.lesson.data(training)
        x, y = data if isinstance(data, tuple) else (data, None)
        # Set here, a resumed run finds the order of its epochs as the first run would have.
        set_seed([settings.seed, _ORDER])
        try:
            self.model.fit(
                x,
                y,
                batch_size=settings.batch_size,
                epochs=settings.epochs,
                resume=last_file if self.group.first(last_file.exists) else None,
                validation_data=self.lesson.data(held_out) if len(held_out) else None,
                callbacks=[*drawing, _Keeper(self), *callbacks],
                # What is drawn needs no other order.
                shuffle=not drawing,
                verbose=0,
                comm=self.group,
            )
        except NonFiniteGradientError as error:
            raise RunError(str(error)) from error

    def _draw(self) -> None:
        """Draw the history; a failure to draw does not end the run."""
        try:
            self.directory.write_history_plot(
                plot(self.epochs, title=self.lesson.config.settings.title)
            )
        except ImportError:
            pass
        except Exception as error:
            self.picture_error = error


def _steps(lesson: Lesson) -> int:
    """Return the number of batches of an epoch."""
    return math.ceil(len(lesson.training) / lesson.config.settings.batch_size)


def _saved(directory: RunDirectory, config: Config) -> Model:
    """Return the model that a run was saved with last."""
    model = load_model(directory.last_file)
    if model.optimizer is None:
        raise RunError(
            f"{directory.last_file}: a model without an optimizer, so no training can be resumed "
            "from it; start a new run elsewhere"
        )
    config.check_model(model, directory.last_file)
    # A file names the accuracy that counts every step, since it cannot hold this one.
    return _compiled(model, model.optimizer)


def _check_memory(config: Config) -> None:
    """Check that the machine can hold the model, so that nothing is begun in vain."""
    numbers = sum(math.prod(shape) for shape in config.weight_shapes)
    # Weights, gradients, and two averages of Adam, of four bytes each.
    needed, there = 16 * numbers, _memory()
    if there is not None and needed > there:
        raise SettingsError(
            f"{config.settings.units}, but to train such a model takes {needed / 2**30:.3g} GiB, "
            f"and this machine has {there / 2**30:.3g} GiB; try fewer",
            ("units",),
        )


def _memory() -> int | None:
    """Return the bytes of memory of this machine, where it says so."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _new_model(config: Config, steps: int) -> Model:
    """Return the model that a run starts with; an epoch has so many steps."""
    settings = config.settings
    _check_memory(config)
    set_seed([settings.seed, _WEIGHTS])
    model = build(
        settings.cell,
        settings.units,
        config.length,
        len(config.source),
        len(config.target),
        settings.input,
        settings.forget_bias,
        settings.readout,
        settings.windows,
    )
    rate: float | CosineDecay = settings.learning_rate
    if settings.schedule == COSINE:
        rate = _cosine(settings, settings.epochs * steps)
    return _compiled(model, Adam(rate, global_clipnorm=settings.clip_norm))


def _cosine(settings: Settings, steps: int) -> CosineDecay:
    """Return the learning rate of each of so many steps, the last of which ends at 0."""
    top, rising = settings.learning_rate, min(settings.warmup_steps, steps - 1)
    if not rising:
        return CosineDecay(top, steps)
    # The first step is no waste: it takes the rate of the second.
    return CosineDecay(top / rising, steps - rising, warmup_target=top, warmup_steps=rising)


def _compiled(model: Model, optimizer: Optimizer) -> Model:
    """Return a model with the loss and the accuracy of every run."""
    loss = "sparse_categorical_crossentropy"
    metrics = [[CharacterAccuracy()], *([] for _ in model.outputs[1:])]
    model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    return model


class _Keeper(Callback):
    """Keeps every epoch in the run's directory, and moments between where that is wanted.

    ``last.safetensors`` is written last: whenever the program ends, the run can go on from it, and
    what the other files have beyond it is written again with the same content.
    """

    def __init__(self, training: Training) -> None:
        self._training = training
        self._started = 0.0
        self._saved_at = perf_counter()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at the clock."""
        self._started = perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Write the last model, if it is time."""
        training = self._training
        training.step = batch + 1
        steps, seconds = training.save_steps, training.save_seconds
        if (steps and (batch + 1) % steps == 0) or (
            seconds is not None and perf_counter() >= self._saved_at + seconds
        ):
            self._save()

    def on_interrupt(self) -> None:
        """Write the last model."""
        self._save()

    def _save(self) -> None:
        training = self._training
        if training.group.is_first:
            training.model.save(training.directory.last_file)
        training.saved = len(training.epochs), training.step
        self._saved_at = perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the history, the best model so far, and the last one."""
        figures = of_the_answers(logs or {})
        if not math.isfinite(figures["loss"]):
            raise RunError(
                f"the loss of epoch {epoch + 1} is {figures['loss']}; try a smaller learning rate"
            )
        training = self._training
        row = Epoch(
            epoch + 1,
            loss=figures["loss"],
            accuracy=figures["accuracy"],
            val_loss=figures.get("val_loss"),
            val_accuracy=figures.get("val_accuracy"),
            seconds=perf_counter() - self._started,
        )
        best = all(row.score < before.score for before in training.epochs)
        training.epochs.append(row)
        training.step = 0
        if training.group.is_first:
            training.directory.write_history(training.epochs)
            if best:
                training.model.save(training.directory.best_file)
        self._save()
