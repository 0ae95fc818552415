"""The position of a training: enough to resume it and end with the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import seeding
from fastrnn.callbacks import CallbackList
from fastrnn.callbacks.kept import MOST
from fastrnn.formats import CheckpointError
from fastrnn.formats.names import run_name
from fastrnn.models.objective import Means
from fastrnn.models.training.epochs import Place
from fastrnn.models.training.trainer import Trainer

Array = NDArray[Any]
Logs = dict[str, float]


@dataclass
class Run:
    """The position of a training, moved on by :class:`fastrnn.models.training.loop.Loop`.

    Attributes
    ----------
    draws : bool
        Whether anything is drawn at random.
    shuffle : bool
    samples, batch_size : int or None
        Of the data; None for ready-made batches.
    steps : int or None
        ``steps_per_epoch``, if it was given.
    data : str
        Description of the training data.
    epoch : int
        Index of the current or next epoch.
    step : int
        Number of its finished steps.
    begins : tuple of (int, int)
        Start of that epoch in the data; see :class:`~fastrnn.models.training.epochs.Epochs`.
    means : Means or None
        Sums of the current epoch.
    totals : list of list of float, or None
        The sums of a resumed epoch; see :class:`fastrnn.models.objective.Means`.
    epochs : list of (int, dict)
        The finished epochs, with their logs.
    callbacks : CallbackList
        Their states are part of the training's.
    seed : numpy.random.SeedSequence or None
        Seed of the order of the samples and of the layers' random numbers; None if there are none.
    layers : list of dict or None
        States of the layers before an unfinished step; None: the current states.
    """

    draws: bool
    shuffle: bool
    samples: int | None
    batch_size: int | None
    steps: int | None
    data: str
    epoch: int
    step: int = 0
    begins: Place = (0, 0)
    means: Means | None = None
    totals: list[list[float]] | None = None
    epochs: list[tuple[int, Logs]] = field(default_factory=list)
    callbacks: CallbackList = field(default_factory=lambda: CallbackList([]))
    layers: list[dict[str, Any]] | None = None
    seed: np.random.SeedSequence | None = None

    def __post_init__(self) -> None:
        self.begins = self.epoch, 0

    def end_epoch(self, logs: Logs, begins: Place) -> None:
        """Advance to the next epoch, which starts at `begins`."""
        self.epochs.append((self.epoch, logs))
        self.epoch, self.step, self.means, self.totals = self.epoch + 1, 0, None, None
        self.begins = begins

    @property
    def sums(self) -> list[float] | None:
        """All of `totals` in one list."""
        return None if self.totals is None else [one for part in self.totals for one in part]

    def record(self, trainer: Trainer, stopped: bool) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the position for a file: a JSON-serializable dict, and tensors.

        Parameters
        ----------
        trainer : Trainer
        stopped : bool
            Whether a callback has ended the training.
        """
        tensors: dict[str, Array] = {}
        layers = trainer.layer_states() if self.layers is None else self.layers
        callbacks = [
            {"class_name": type(callback).__name__, "state": state}
            for callback in self.callbacks.callbacks
            # Progress bars and logs should not change the files of a training.
            if (state := callback.get_state())
        ]
        said = {
            "seed": None if self.seed is None else seeding.described(self.seed),
            "root": seeding.described(seeding.root()),
            "shuffle": self.shuffle,
            "samples": self.samples,
            "batch_size": self.batch_size,
            "steps_per_epoch": self.steps,
            "data": self.data,
            "epoch": self.epoch,
            "step": self.step,
            "begins": list(self.begins),
            "totals": self.totals if self.means is None else self.means.totals,
            "epochs": [(epoch, _numbers(logs)) for epoch, logs in self.epochs],
            "stopped": stopped,
            "layers": _packed(layers, run_name("layers"), tensors),
            "callbacks": _packed(callbacks, run_name("callbacks"), tensors),
        }
        return said, tensors

    def restore(self, said: Mapping[str, Any]) -> None:
        """Restore the position from a file.

        Raises
        ------
        CheckpointError
            If the content is invalid, or belongs to another training; the run is then unchanged.
        """
        try:
            epoch, step = _count(said["epoch"]), _count(said["step"])
            totals = said["totals"]
            if totals is not None:
                totals = [[_number(total) for total in part] for part in totals]
            epochs = [
                (_count(number), {str(name): _logged(value) for name, value in logs.items()})
                for number, logs in said["epochs"]
            ]
            numbers = [number for number, _ in epochs]
            if numbers != list(range(epoch - len(epochs), epoch)):
                raise ValueError(f"the epochs {numbers} do not lead to epoch {epoch}")
            seed = None if said["seed"] is None else seeding.from_description(said["seed"])
            shuffle, stopped = said["shuffle"], said.get("stopped", False)
            if not isinstance(shuffle, bool) or not isinstance(stopped, bool):
                raise ValueError("shuffle and stopped should be true or false")
            counts = [said["samples"], said["batch_size"], said.get("steps_per_epoch")]
            samples, size, steps = (None if one is None else _count(one) for one in counts)
            theirs = shuffle, samples, size, steps
            begins = said.get("begins", [epoch, 0])
            begins = _count(begins[0]), _count(begins[1])
            data = said.get("data")
            if data is not None and not isinstance(data, str):
                raise ValueError("data should be a text")
        except Exception as error:  # any exception, since the content may be anything
            raise CheckpointError(
                f"the state of the training in the file is invalid: {error!r}"
            ) from error
        ours = self.shuffle, self.samples, self.batch_size, self.steps
        if theirs != ours:
            raise CheckpointError(
                f"the training to resume had {_in_words(*theirs, data)}; "
                f"this one has {_in_words(*ours, self.data)}"
            )
        steps = self.steps
        if self.samples is not None and self.batch_size is not None and steps is None:
            steps = -(-self.samples // self.batch_size)
        if (steps is not None and step > steps) or (step and totals is None):
            raise CheckpointError(f"no epoch of the training is at step {step}")
        if (seed is None) == self.draws:
            raise CheckpointError("the file has no seed where the training draws at random")
        self.epoch, self.step, self.totals, self.epochs = epoch, step, totals, epochs
        self.seed, self.begins = seed, begins


def _in_words(
    shuffle: bool,
    samples: int | None,
    batch_size: int | None,
    steps: int | None,
    data: str | None,
) -> str:
    if samples is None or batch_size is None:
        words = f"shuffle={shuffle} and {data or 'batches'}"
    else:
        words = f"shuffle={shuffle}, {samples} samples and batches of {batch_size}"
    return words if steps is None else f"{words}, {steps} an epoch"


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise ValueError(f"{value!r} is not a count")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _logged(value: Any) -> Any:
    return np.array(value, np.float64) if isinstance(value, list) else _number(value)


def _numbers(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of the logs; callbacks may have added other objects."""
    found: dict[str, Any] = {}
    for name, value in logs.items():
        if isinstance(value, (int, float, np.integer, np.floating)):
            found[name] = float(value)
        elif isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "biuf":
            found[name] = value.astype(np.float64).tolist()
    return found


def _packed(value: Any, place: str, tensors: dict[str, Array]) -> Any:
    """Return `value` with arrays moved to `tensors`, named by their path."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biu":
            return {"integers": value.tolist(), "dtype": value.dtype.name, "shape": [*value.shape]}
        if value.dtype not in (np.float32, np.float64):
            raise TypeError(
                f"{place} is an array of {value.dtype}; it should be of float32, float64, integers "
                "or booleans"
            )
        tensors[place] = value
        return {"tensor": place}
    if isinstance(value, dict):
        return {key: _packed(part, f"{place}/{key}", tensors) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_packed(part, f"{place}/{index}", tensors) for index, part in enumerate(value)]
    return value.item() if isinstance(value, np.generic) else value


#: The keys of an integer or boolean array in a file, where tensors are floats.
_OF_INTEGERS = {"integers", "dtype", "shape"}


def _integers(value: Mapping[str, Any]) -> Array:
    try:
        dtype = np.dtype(value["dtype"])
        if dtype.kind not in "biu":
            raise ValueError(f"{dtype} is no type of integers")
        array = np.array(value["integers"]).astype(dtype)
        if array.tolist() != value["integers"]:
            raise ValueError(f"they do not fit into {dtype}")
        return array.reshape([_count(extent) for extent in value["shape"]])
    except (TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(
            f"the file holds an array of integers that is none: {error}"
        ) from None


def unpacked(value: Any, tensors: Mapping[str, Array]) -> Any:
    """Return `value` with its arrays read from a file.

    Raises
    ------
    CheckpointError
        If an array is missing.
    """
    if isinstance(value, dict):
        if set(value) == {"tensor"}:
            name = value["tensor"]
            if not isinstance(name, str) or name not in tensors:
                raise CheckpointError(f"the file lacks {name}, which its training had")
            return tensors[name]
        if set(value) == _OF_INTEGERS:
            return _integers(value)
        return {key: unpacked(part, tensors) for key, part in value.items()}
    if isinstance(value, list):
        return [unpacked(part, tensors) for part in value]
    return value
