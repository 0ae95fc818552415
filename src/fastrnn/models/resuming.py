"""A training that goes on from a file."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np

from fastrnn import seeding
from fastrnn.callbacks import CallbackList, History
from fastrnn.distributed import Group
from fastrnn.files import path_text
from fastrnn.models import saving, state
from fastrnn.models.run import Run, tensors_in, unpacked
from fastrnn.models.saving import Checkpoint, CheckpointError
from fastrnn.models.trainer import Trainer


class Resumption:
    """What a file has of a training that should go on, checked before anything is changed.

    Parameters
    ----------
    path : str or path
        A file that :meth:`fastrnn.models.Model.save` wrote while the training ran.
    model : Model
        Compiled as it was.
    run : Run
        Moved to where the training was.
    group : Group
        The processes that go on with it; the first reads the file.

    Raises
    ------
    FileNotFoundError
        If there is none.
    CheckpointError
        If it is no such file, or does not fit the model.
    ValueError
        If it is of another training.
    """

    def __init__(self, path: str | os.PathLike[str], model: Any, run: Run, group: Group) -> None:
        self._path = path_text("resume", path)
        self._file = group.first(lambda: _to_send(saving.read(path, keep=lambda name: True), group))
        said, compiled = self._file.run, self._file.training
        if said is None or compiled is None:
            raise CheckpointError(
                f"{self._path} was not saved in a training; load_model and fit make a new one"
            )
        self._compiled = compiled
        names = {model.optimizer.__class__.__name__, compiled["optimizer"]["class_name"]}
        if len(names) > 1:
            raise CheckpointError(
                f"{self._path}: the training had the optimizer "
                f"{compiled['optimizer']['class_name']}; the model has {model.optimizer!r}"
            )
        try:
            for name in tensors_in([said.get("layers"), said.get("callbacks")]):
                if name not in self._file.tensors:
                    raise CheckpointError(f"the file lacks {name}, which its training had")
            self._layers, self._callbacks = list(said["layers"]), list(said["callbacks"])
            self._root = _root(said["root"])
            if len(self._layers) != len(model.graph.layers):
                raise CheckpointError(
                    f"its training had {len(self._layers)} layers; "
                    f"the model has {len(model.graph.layers)}"
                )
            for kept in [*self._layers, *(entry["state"] for entry in self._callbacks)]:
                if not isinstance(kept, dict):
                    raise TypeError(f"{kept!r} is no state")
            state.check_weights(model, self._file.tensors)
            state.check_slots(model, model.optimizer, self._file.tensors)
            self._iterations = state.iterations_of(compiled)
            totals = said["totals"]
            if totals is not None and len(totals) != model._require_compiled().measured:
                raise CheckpointError("the training had other losses or metrics than the model")
            run.restore(said)
        except CheckpointError as error:
            raise CheckpointError(f"{self._path}: {error}") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(
                f"{self._path}: what the file says of its training is no use: {error!r}"
            ) from error
        #: Whether a callback had ended the training.
        self.stopped = bool(said.get("stopped"))

    def restore_model(self, model: Any) -> None:
        """Give the model its weights, and the optimizer its state."""
        tensors = self._file.tensors
        state.take_weights(model, tensors)
        state.restore_optimizer(model, model._current_trainer(), self._iterations, tensors)
        seeding.set_root(self._root)

    def restore_rest(self, trainer: Trainer, callbacks: CallbackList, run: Run) -> None:
        """Give callbacks and layers what they remembered, and the optimizer its rate.

        Called at the place in the training's course at which the file was written, so that a hook
        that has run before the file was written does not count twice.
        """
        tensors = self._file.tensors
        trainer.set_layer_states(unpacked(self._layers, tensors))
        rate = self._compiled["optimizer"]["config"].get("learning_rate")
        if isinstance(rate, (int, float)):
            trainer.set_learning_rate(rate)
        left = list(self._callbacks)
        for callback in callbacks.callbacks:
            mine = [entry for entry in left if entry["class_name"] == type(callback).__name__]
            if mine:
                left.remove(mine[0])
                if callback in callbacks.called:
                    callback.set_state(unpacked(mine[0]["state"], tensors))
            if isinstance(callback, History):
                callback.fill(run.epochs)


def _to_send(checkpoint: Checkpoint, group: Group) -> Checkpoint:
    """Return a checkpoint that can be sent to the others, if there are any."""
    return checkpoint if group.size == 1 else replace(checkpoint, tensors={**checkpoint.tensors})


def _root(description: dict[str, Any]) -> np.random.SeedSequence:
    try:
        return seeding.from_description(description)
    except ValueError as error:
        raise CheckpointError(f"its training's root seed is no use: {error}") from error


def training_position(filepath: str | os.PathLike[str]) -> tuple[int, int] | None:
    """Return where the training was in which a file was saved.

    Parameters
    ----------
    filepath : str or path

    Returns
    -------
    (int, int) or None
        How many epochs were finished, and how many steps of the next; None for a file that was not
        saved in a training.

    Raises
    ------
    FileNotFoundError
        If there is none.
    CheckpointError
        If it is no such file, or is damaged.
    """
    path = path_text("filepath", filepath)
    said = saving.read(path).run
    if said is None:
        return None
    epoch, step = said.get("epoch"), said.get("step")
    if not isinstance(epoch, int) or not isinstance(step, int):
        raise CheckpointError(f"{path}: what the file says of its training is no use")
    return epoch, step
