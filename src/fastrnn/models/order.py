"""The order in which an epoch goes through the samples, in memory that does not grow with them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: So many samples at most are in an order that any sample may have any place of: 64 MiB of it.
MOST = 1 << 24

#: Of more samples, blocks of so many neighbours stay near each other, which spares the disk.
BLOCK = 1 << 10
#: The samples of so many of these blocks, from anywhere, are mixed with each other.
BLOCKS_MIXED = 1 << 11


class Order(Protocol):
    """The numbers of all samples, each once: an array of them, or what makes parts of it."""

    def __len__(self) -> int:
        """Return how many samples there are."""
        ...

    def __getitem__(self, part: slice, /) -> Array:
        """Return the samples at some places that follow one another."""
        ...


def drawn(samples: int, seed: np.random.SeedSequence) -> Order:
    """Return the numbers of the samples in an order drawn from `seed`."""
    return shuffled(samples, seed) if samples <= MOST else Blocks(samples, seed)


def shuffled(numbers: int, seed: np.random.SeedSequence) -> Array:
    """Return the numbers from 0 in an order drawn from `seed`, each as likely as any other."""
    order = np.arange(numbers, dtype=_type_for(numbers))
    np.random.Generator(np.random.PCG64(seed)).shuffle(order)
    return order


def _type_for(numbers: int) -> type[np.signedinteger[Any]]:
    # An order does not depend on the type that holds it.
    return np.int32 if numbers <= np.iinfo(np.int32).max else np.int64


class Blocks:
    """An order of samples too many for each to have a number in memory.

    Blocks of neighbours are put into a random order; then groups of those that come one after
    another there are taken, and the samples of each group are shuffled.

    Parameters
    ----------
    samples : int
    seed : SeedSequence
        Decides the order alone, whatever part of it is asked for first.
    """

    def __init__(self, samples: int, seed: np.random.SeedSequence) -> None:
        self._samples = samples
        self._seed = seed
        self._blocks = shuffled(-(-samples // BLOCK), seed)
        blocks = len(self._blocks)
        #: Where every group begins, and the end.
        self._starts = np.append(np.arange(0, blocks, BLOCKS_MIXED), blocks) * BLOCK
        # All blocks are full but the last of the samples, which lies in any of the groups.
        shorter = int(np.argmax(self._blocks)) // BLOCKS_MIXED
        self._starts[shorter + 1 :] -= blocks * BLOCK - samples
        self._held: tuple[int, Array] = -1, np.empty(0, _type_for(samples))

    def __len__(self) -> int:
        return self._samples

    def __getitem__(self, part: slice) -> Array:
        """Return the samples at some places; only slices of neighbouring places are known."""
        start, stop, _ = part.indices(self._samples)
        pieces = []
        while start < stop:
            group = int(np.searchsorted(self._starts, start, "right")) - 1
            begin = self._starts[group]
            pieces.append(self._group(group)[start - begin : stop - begin])
            start += len(pieces[-1])
        return np.concatenate([self._held[1][:0], *pieces])

    def _group(self, number: int) -> Array:
        """Return the samples of a group, in their order."""
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
