"""Resuming a training from a file."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastrnn import formats, seeding
from fastrnn.callbacks import Callback, CallbackList, History
from fastrnn.distributed import Group
from fastrnn.files import path_text
from fastrnn.formats import CheckpointError, Description
from fastrnn.formats.choice import WHOLE
from fastrnn.models import state
from fastrnn.models.training.run import Run, unpacked
from fastrnn.models.training.trainer import Trainer
from fastrnn.settings import number


class Resumption:
    """The state of a training in a file, checked before anything is changed.

    Parameters
    ----------
    path : str or path
        A file that :meth:`fastrnn.models.Model.save` wrote while the training ran.
    model : Model
    trainer : Trainer
        Of the model, compiled as it was when the file was saved.
    run : Run
        Moved to where the training was.
    group : Group
        The processes that resume it; the first reads the file.

    Raises
    ------
    FileNotFoundError
        If there is none.
    CheckpointError
        If it is no such file, does not fit the model, or is of another training.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        model: Any,
        trainer: Trainer,
        run: Run,
        group: Group,
    ) -> None:
        self._path = path_text("resume", path)
        self._file = group.first(
            lambda: _to_send(formats.read(path, keep=lambda name: True), group)
        )
        said, compiled = self._file.run, self._file.training
        if said is None or compiled is None:
            raise CheckpointError(
                f"{self._path} was not saved in a training; load_model and fit make a new one"
            )
        #: Functions that undo what has been restored, until everything is.
        self._undo: Callable[[], None] | None = None
        self._trainer = trainer
        try:
            self._read(said, compiled, model, run, group)
        except CheckpointError as error:
            raise CheckpointError(f"{self._path}: {error}") from error
        except MemoryError:
            raise
        except Exception as error:  # any exception, since the content may be anything
            raise CheckpointError(
                f"{self._path}: the state of the training in the file is invalid: {error!r}"
            ) from error

    def _read(
        self, said: dict[str, Any], compiled: dict[str, Any], model: Any, run: Run, group: Group
    ) -> None:
        """Check all that the file says, and move the run to its position."""
        written = compiled["optimizer"]
        if type(model.optimizer).__name__ != written["class_name"]:
            raise CheckpointError(
                f"the training had the optimizer {written['class_name']}; "
                f"the model has {model.optimizer!r}"
            )
        tensors = self._file.tensors
        state.fitting_weights(model, tensors, WHOLE)
        state.check_slots(model, model.optimizer, tensors)
        self._iterations = state.iterations_of(compiled)
        self._rate = _rate(written["config"].get("learning_rate"), model, self._iterations)
        self._root = seeding.from_description(said["root"])
        totals = said["totals"]
        sizes = None if totals is None else [len(part) for part in totals]
        if sizes is not None and sizes != self._trainer.objective.sizes:
            raise CheckpointError("the training had other losses or metrics than the model")
        self._layers = unpacked(said["layers"], tensors)
        _check_layers(self._layers, model, run, group)
        self._callbacks = _paired(unpacked(said["callbacks"], tensors), run.callbacks)
        for callback, kept in self._callbacks:
            _check(type(callback).__name__, kept, callback.check_state, model)
        run.restore(said)
        #: Whether a callback had stopped the training.
        self.stopped = bool(said.get("stopped"))

    def restore_model(self, model: Any) -> None:
        """Restore the weights and the state of the optimizer."""
        trainer, tensors = self._trainer, self._file.tensors
        if not all(_is_ours(holder) for holder in self._holders(model)):
            # User-defined layers and callbacks may fail on the content of the file.
            self._undo = _undo_of(model, trainer)
        state.take_weights(model, tensors)
        state.restore_optimizer(model, trainer, self._iterations, tensors)
        seeding.set_root(self._root)

    def _holders(self, model: Any) -> list[Any]:
        return [*model._graph.layers, *(callback for callback, _ in self._callbacks)]

    def restore_rest(self, trainer: Trainer, callbacks: CallbackList, run: Run) -> None:
        """Restore the states of callbacks and layers, and the learning rate.

        Called at the point of the training where the file was written, so that no hook that ran
        before takes effect twice.

        Raises
        ------
        CheckpointError
            If a user-defined layer or callback refuses its state; the model is then unchanged.
        """
        try:
            trainer.set_layer_states(self._layers)
            for callback, kept in self._callbacks:
                if callback in callbacks.called:
                    callback.set_state(kept)
        except Exception as error:
            if self._undo is None:
                raise
            self._undo()
            raise CheckpointError(f"{self._path}: its training's state: {error!r}") from error
        self._undo = None
        if self._rate is not None:
            trainer.set_learning_rate(self._rate)
        for callback in callbacks.callbacks:
            if isinstance(callback, History):
                callback.fill(run.epochs)


def _rate(written: Any, model: Any, iterations: int) -> float | None:
    """Return the learning rate of a file if it is a number; check a schedule."""
    schedule = model.optimizer.schedule
    if schedule is not None:
        number("learning_rate", schedule(iterations), least=0)
    return None if isinstance(written, dict) else number("learning_rate", written, least=0)


def _check_layers(states: Any, model: Any, run: Run, group: Group) -> None:
    layers = model._graph.layers
    if len(states) != len(layers):
        raise CheckpointError(f"its training had {len(states)} layers; the model has {len(layers)}")
    for layer, kept in zip(layers, states, strict=True):
        _check(layer.name, kept, layer.check_state)
        rows = {len(one) for one in kept.get("states") or []} if layer.stateful else set()
        known = [count for count in (run.batch_size, run.samples) if count is not None]
        if group.size == 1 and known and rows - {min(known)}:
            raise CheckpointError(f"{layer.name} had the states of {rows.pop()} samples")


def _paired(entries: Any, callbacks: CallbackList) -> list[tuple[Callback, dict[str, Any]]]:
    """Return the callbacks that have a state in the file, with the states."""
    left = [(str(entry["class_name"]), entry["state"]) for entry in entries]
    found = []
    for callback in callbacks.callbacks:
        mine = [entry for entry in left if entry[0] == type(callback).__name__]
        if mine:
            left.remove(mine[0])
            found.append((callback, mine[0][1]))
    return found


def _check(name: str, kept: Any, check: Callable[..., None], *arguments: Any) -> None:
    """Raise ``CheckpointError`` unless a state can be set."""
    if not isinstance(kept, dict):
        raise CheckpointError(f"the state of {name} is {kept!r}")
    try:
        check(kept, *arguments)
    except Exception as error:
        raise CheckpointError(f"the state of {name} is invalid: {error}") from error


def _is_ours(holder: Any) -> bool:
    return bool(type(holder).set_state.__module__.startswith("fastrnn."))


def _undo_of(model: Any, trainer: Trainer) -> Callable[[], None]:
    """Return a function that restores the current state of a model and its optimizer."""
    weights = [parameter.value.copy() for parameter in model.weights]
    optimizer, layers = copy.deepcopy(trainer.optimizer.__dict__), trainer.layer_states()
    root = seeding.described(seeding.root())

    def undo() -> None:
        for parameter, value in zip(model.weights, weights, strict=True):
            parameter.value[...] = value
        trainer.optimizer.__dict__.update(optimizer)
        trainer.optimizer.owners = None
        trainer.set_layer_states(layers)
        seeding.set_root(seeding.from_description(root))

    return undo


def _to_send(checkpoint: Description, group: Group) -> Description:
    """Return a checkpoint in a form that can be sent to other processes."""
    return checkpoint if group.size == 1 else replace(checkpoint, tensors={**checkpoint.tensors})


def training_position(filepath: str | os.PathLike[str]) -> tuple[int, int] | None:
    """Return the position of the training in which a file was saved.

    Parameters
    ----------
    filepath : str or path

    Returns
    -------
    (int, int) or None
        Number of finished epochs, and of finished steps in the next; None for a file that was not
        saved during a training.

    Raises
    ------
    FileNotFoundError
        If there is none.
    CheckpointError
        If it is no such file, or is damaged.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> model = Sequential([Input((None, 3)), GRU(4), Dense(1)])
    >>> from fastrnn.callbacks import ModelCheckpoint
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 5, 3)), np.ones((8, 1))
    >>> saved = ModelCheckpoint("model.safetensors")
    >>> _ = model.fit(x, y, epochs=2, callbacks=[saved], verbose=0)
    >>> training_position("model.safetensors")
    (2, 0)
    """
    path = path_text("filepath", filepath)
    said = formats.read(path).run
    if said is None:
        return None
    epoch: Any = said.get("epoch")
    step: Any = said.get("step")
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in (epoch, step)):
        raise CheckpointError(f"{path}: the state of the training in the file is invalid")
    return epoch, step
