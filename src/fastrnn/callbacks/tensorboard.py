"""Logs for TensorBoard."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import Any, ClassVar, Literal

import numpy as np

from fastrnn.arithmetic import quietly
from fastrnn.callbacks import kept
from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.callbacks.frequency import Frequency, checked
from fastrnn.construction import Harmless
from fastrnn.files import path_text
from fastrnn.settings import boolean, integer


class TensorBoard(Callback):
    """Write the logs as event files for ``tensorboard --logdir logs``.

    Needs the package tensorboard: ``pip install fastrnn[tensorboard]``.

    Parameters
    ----------
    log_dir : str or path, default "logs"
        Contains the folders ``train`` and ``validation``.  Use a new folder for every run.
    histogram_freq : int, default 0
        Write histograms of the weights every so many epochs; 0: never.
    update_freq : {"epoch", "batch"} or int, default "epoch"
        Whether to write loss and metrics also after every step, or after every so many steps.
    write_images : bool, default False
        Has no effect without histograms, as in Keras; with histograms it has to be False.

    Notes
    -----
    Tags are Keras's: ``epoch_loss``, ``epoch_accuracy``... by epoch, in both folders, and
    ``batch_loss``... by step.  Weights are called ``layer/weight``.

    Examples
    --------
    >>> callback = TensorBoard("logs")  # doctest: +SKIP
    """

    is_for_first = True
    _kept: ClassVar[kept.Kept] = {"_step": kept.count}
    #: Keras's arguments without an effect on what fastrnn writes, at their defaults.
    harmless: ClassVar[Harmless] = {
        "write_graph": ((True, False), "there is no graph to draw"),
        "write_steps_per_second": ((False,), "the speed is not written"),
        "profile_batch": ((int, str, tuple), "there is no profile"),
        "batch_size": ((int, None), "nothing is computed for it"),
        "write_grads": ((False,), "gradients are not written"),
        "embeddings_layer_names": ((None,), "embeddings are not written"),
        "embeddings_data": ((None,), "embeddings are not written"),
        "embeddings_freq": ((0,), "embeddings are not written"),
        "embeddings_metadata": ((None,), "embeddings are not written"),
    }

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        update_freq: Literal["epoch", "batch"] | int = "epoch",
        *,
        write_images: bool = False,
    ) -> None:
        self.log_dir = path_text("log_dir", log_dir)
        self.histogram_freq = integer("histogram_freq", histogram_freq, least=0)
        if boolean("write_images", write_images) and self.histogram_freq:
            raise TypeError(
                "write_images of TensorBoard is True; it should be False or left out: weights are "
                "not drawn as pictures beside their histograms"
            )
        given = checked("update_freq", update_freq, ("batch",))
        self.update_freq: Frequency = 1 if given == "batch" else given
        self._writers: dict[str, Any] = {}
        self._step = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Import the package, so that a missing one is reported before the first epoch."""
        _package()
        self._step = 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Write the step, if `update_freq` demands it."""
        self._step += 1
        if self.update_freq != "epoch" and self._step % int(self.update_freq) == 0:
            self._write("train", "batch_", logs or {}, self._step)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch."""
        held_out, trained = {}, {}
        for name, value in (logs or {}).items():
            if name.startswith("val_"):
                held_out[name.removeprefix("val_")] = value
            else:
                trained[name] = value
        trained.setdefault("learning_rate", self.model.optimizer.learning_rate)
        self._write("train", "epoch_", trained, epoch)
        if held_out:
            self._write("validation", "epoch_", held_out, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the files."""
        while self._writers:
            self._writers.popitem()[1].close()

    def release(self) -> None:
        """Close the files after an error, without raising another one."""
        with suppress(Exception):
            self.on_train_end()

    def _write(self, folder: str, prefix: str, values: Logs, step: int) -> None:
        _, _, summary = _package()
        entries = [
            summary.Value(tag=prefix + name, simple_value=float(value))
            for name, value in values.items()
            if not np.ndim(value)  # scalars only
        ]
        self._add(folder, entries, step)

    @quietly
    def _write_weights(self, epoch: int) -> None:
        _, _, summary = _package()
        entries = []
        for layer in self.model.layers:
            for parameter in layer.parameters:
                values = parameter.value.astype(np.float64).ravel()
                if not values.size or not np.isfinite(values).all():
                    continue  # nothing to plot
                counts, edges = np.histogram(values, bins=30)
                entry = summary.Value(tag=f"{layer.name}/{parameter.name}")
                entry.histo.min, entry.histo.max = values.min(), values.max()
                entry.histo.num, entry.histo.sum = values.size, values.sum()
                entry.histo.sum_squares = values @ values
                entry.histo.bucket_limit.extend(edges[1:])
                entry.histo.bucket.extend(counts)
                entries.append(entry)
        self._add("train", entries, epoch)

    def _add(self, folder: str, entries: list[Any], step: int) -> None:
        writer_of, event, summary = _package()
        if folder not in self._writers:
            self._writers[folder] = writer_of(os.path.join(self.log_dir, folder))
        content = summary(value=entries)
        self._writers[folder].add_event(event(wall_time=time.time(), step=step, summary=content))


def _package() -> tuple[Any, Any, Any]:
    """Return the classes of tensorboard that are used: writer, event, summary."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError as error:
        raise ImportError(
            "the TensorBoard callback needs the package tensorboard: "
            f"pip install fastrnn[tensorboard] ({error})"
        ) from error
    return EventFileWriter, Event, Summary
