"""The order of the samples in an epoch, in an amount of memory that does not grow with them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Up to so many samples are shuffled as a whole; the indices take 64 MiB.
MOST = 1 << 24

#: Above that, blocks of so many neighbouring samples stay close together, for faster disk access.
BLOCK = 1 << 10
#: Number of blocks in a group, whose samples are shuffled together.
BLOCKS_MIXED = 1 << 11


class Order(Protocol):
    """A permutation of the sample indices: an array, or an object that computes slices of one."""

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def __getitem__(self, part: slice, /) -> Array:
        """Return a slice of the permutation."""
        ...


def drawn(samples: int, seed: np.random.SeedSequence) -> Order:
    """Return a random permutation of the sample indices."""
    return shuffled(samples, seed) if samples <= MOST else Blocks(samples, seed)


def shuffled(numbers: int, seed: np.random.SeedSequence) -> Array:
    """Return a uniformly random permutation."""
    order = np.arange(numbers, dtype=_type_for(numbers))
    np.random.Generator(np.random.PCG64(seed)).shuffle(order)
    return order


def _type_for(numbers: int) -> type[np.signedinteger[Any]]:
    # The permutation must not depend on the integer type.
    return np.int32 if numbers <= np.iinfo(np.int32).max else np.int64


class Blocks:
    """A permutation of too many samples to hold all indices in memory.

    Blocks of neighbouring samples are put in random order; consecutive blocks form groups, and the
    samples of each group are shuffled.

    Parameters
    ----------
    samples : int
    seed : SeedSequence
        Determines the permutation, whichever part of it is read first.
    """

    def __init__(self, samples: int, seed: np.random.SeedSequence) -> None:
        self._samples = samples
        self._seed = seed
        self._blocks = shuffled(-(-samples // BLOCK), seed)
        blocks = len(self._blocks)
        #: Start of every group, and the end of the last.
        self._starts = np.append(np.arange(0, blocks, BLOCKS_MIXED), blocks) * BLOCK
        # Only the block of the last samples may be shorter; it can be in any group.
        shorter = int(np.argmax(self._blocks)) // BLOCKS_MIXED
        self._starts[shorter + 1 :] -= blocks * BLOCK - samples
        self._held: tuple[int, Array] = -1, np.empty(0, _type_for(samples))

    def __len__(self) -> int:
        return self._samples

    def __getitem__(self, part: slice) -> Array:
        """Return a slice of the permutation, with step 1."""
        start, stop, _ = part.indices(self._samples)
        pieces = []
        while start < stop:
            group = int(np.searchsorted(self._starts, start, "right")) - 1
            begin = self._starts[group]
            pieces.append(self._group(group)[start - begin : stop - begin])
            start += len(pieces[-1])
        return np.concatenate([self._held[1][:0], *pieces])

    def _group(self, number: int) -> Array:
        """Return the permuted samples of a group."""
        held, order = self._held
        if held != number:
            self._held = -1, order[:0]
            first = number * BLOCKS_MIXED
            blocks = self._blocks[first : first + BLOCKS_MIXED].astype(order.dtype)
            order = (blocks[:, np.newaxis] * BLOCK + np.arange(BLOCK, dtype=order.dtype)).ravel()
            if order.max() >= self._samples:
                order = order[order < self._samples]
            key = (*self._seed.spawn_key, number)
            own = np.random.SeedSequence(self._seed.entropy, spawn_key=key)
            np.random.Generator(np.random.PCG64(own)).shuffle(order)
            self._held = number, order
        return order
