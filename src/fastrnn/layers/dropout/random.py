"""The random generator of a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn import seeding


class DropoutRandom:
    """The random generator of a layer's dropout.

    Parameters
    ----------
    seed : int, optional
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seeding.checked_seed(seed)
        self._generator: np.random.Generator | None = None
        #: The first row to fill and the number of rows of the whole batch, if only a part is
        #: filled.
        self.rows: tuple[int, int] | None = None
        self._whole = np.empty((0, 0), np.float32)

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Reseed with `seed`, or with the child of the layer's own seed that has the same key."""
        if self._seed is not None:
            # The key identifies training, epoch and layer.
            seed = np.random.SeedSequence(self._seed, spawn_key=seed.spawn_key)
        self._generator = np.random.Generator(np.random.PCG64(seed))

    @property
    def state(self) -> dict[str, Any] | None:
        """The state of NumPy's bit generator; None before the first number."""
        if self._generator is None:
            return None
        state: dict[str, Any] = dict(self._generator.bit_generator.state)
        return state

    @state.setter
    def state(self, state: dict[str, Any] | None) -> None:
        self._generator = None
        if state is not None:
            self._generator = np.random.Generator(np.random.PCG64(0))
            self._generator.bit_generator.state = state

    @staticmethod
    def check_state(state: Any) -> None:
        """Raise ``ValueError`` unless `state` can be set."""
        if state is None:
            return
        trial = np.random.PCG64(0)
        try:
            trial.state = state
            taken = dict(trial.state) == state
        except Exception as error:  # any exception, since the content may be anything
            raise ValueError(f"{state!r} is not a state of random numbers: {error!r}") from error
        if not taken:
            raise ValueError(f"{state!r} is not a state of random numbers")

    def __getstate__(self) -> dict[str, Any]:
        # The state of the generator, without its buffer.
        return {**self.__dict__, "_whole": np.empty((0, 0), np.float32)}

    def fill(self, out: np.ndarray[Any, Any], normal: bool = False) -> None:
        """Fill a contiguous float32 array, (..., batch, features), with uniform draws from [0, 1).

        With `normal`, they are from the standard normal distribution.
        """
        if self._generator is None:
            own = None if self._seed is None else np.random.SeedSequence(self._seed)
            self._generator = np.random.Generator(np.random.PCG64(own or seeding.spawn()))
        draw = self._generator.standard_normal if normal else self._generator.random
        if self.rows is None:
            draw(dtype=np.float32, out=out)
            return
        start, total = self.rows
        *steps, rows, features = out.shape
        if self._whole.shape != (*steps, total, features):
            self._whole = np.empty((*steps, total, features), np.float32)
        draw(dtype=np.float32, out=self._whole)
        out[...] = self._whole[..., start : start + rows, :]
