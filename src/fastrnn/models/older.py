"""The methods for generators of Keras 1 and 2."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastrnn.callbacks import History
from fastrnn.construction import with_older_names
from fastrnn.models.data import positive_integer
from fastrnn.models.evaluating import Callbacks
from fastrnn.models.learner import Learner


class OlderMethods(Learner):
    """The part of a model for scripts written for Keras 1 and 2; see :class:`Model`."""

    @with_older_names
    def fit_generator(
        self,
        generator: Any,
        steps_per_epoch: int | None = None,
        epochs: int = 1,
        verbose: Any = 1,
        callbacks: Callbacks = None,
        validation_data: Any = None,
        validation_steps: int | None = None,
        validation_freq: Any = 1,
        class_weight: Mapping[int, float] | None = None,
        *,
        shuffle: bool = True,
        initial_epoch: int = 0,
        samples_per_epoch: int | None = None,
        nb_val_samples: int | None = None,
    ) -> History:
        """Train on batches: :meth:`fit`, as Keras 2 called it.

        Parameters
        ----------
        generator, steps_per_epoch, epochs, verbose, callbacks, validation_data, validation_steps, \
        validation_freq, class_weight, shuffle, initial_epoch :
            As for :meth:`fit`.
        samples_per_epoch, nb_val_samples : int, optional
            Number of samples, from which Keras 1 computed the number of steps by the size of the
            first batch.

        Returns
        -------
        History
        """
        generator, steps_per_epoch = _counted(
            generator, samples_per_epoch, "samples_per_epoch", steps_per_epoch
        )
        if not isinstance(validation_data, (tuple, list)):
            validation_data, validation_steps = _counted(
                validation_data, nb_val_samples, "nb_val_samples", validation_steps
            )
        return self.fit(
            generator,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
        )

    @with_older_names
    def evaluate_generator(
        self,
        generator: Any,
        steps: int | None = None,
        callbacks: Callbacks = None,
        *,
        verbose: Any = 0,
        val_samples: int | None = None,
    ) -> Any:
        """Return loss and metrics on batches: :meth:`evaluate`, as Keras 2 called it.

        `val_samples` is Keras 1's way to say how many; see :meth:`fit_generator`.
        """
        generator, steps = _counted(generator, val_samples, "val_samples", steps)
        return self.evaluate(generator, steps=steps, callbacks=callbacks, verbose=verbose)

    @with_older_names
    def predict_generator(
        self,
        generator: Any,
        steps: int | None = None,
        callbacks: Callbacks = None,
        *,
        verbose: Any = 0,
        val_samples: int | None = None,
    ) -> Any:
        """Return the answers to batches: :meth:`predict`, as Keras 2 called it.

        `val_samples` is Keras 1's way to say how many; see :meth:`fit_generator`.
        """
        generator, steps = _counted(generator, val_samples, "val_samples", steps)
        return self.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose)


def _counted(
    batches: Any, samples: int | None, argument: str, steps: int | None
) -> tuple[Any, int | None]:
    """Return batches, and the number of them that make `samples`, if that is given."""
    if samples is None or batches is None:
        return batches, steps
    if steps is not None:
        raise ValueError(f"{argument} and a number of steps were both given; leave out one")
    samples = positive_integer(argument, samples)
    if hasattr(type(batches), "__getitem__"):
        first = batches[0]
    else:
        iterator = iter(batches)
        first = next(iterator, None)
        if first is None:
            return iterator, None
        batches = itertools.chain([first], iterator) if iterator is batches else batches
    return batches, -(-samples // max(1, _rows(first)))


def _rows(batch: Any) -> int:
    """Return the number of samples of a batch that is not checked yet."""
    x = batch[0] if isinstance(batch, (tuple, list)) and batch else batch
    while isinstance(x, (Mapping, list, tuple)) and len(x):
        part = next(iter(x.values())) if isinstance(x, Mapping) else x[0]
        if not np.ndim(part):
            break
        x = part
    shape = np.shape(x)
    return shape[0] if shape else 1
