"""Sources of ready-made batches: objects indexed by batch, and iterables."""

from __future__ import annotations

import itertools
import operator
import types
from collections.abc import Callable, Iterator, Mapping, Sequence, Set as AbstractSet
from dataclasses import replace
from typing import Any

import numpy as np

from fastrnn.models.order import shuffled
from fastrnn.models.source import Data, Part, Sharing, Source, seed_of

#: Checks a batch; takes its name in error messages.
Read = Callable[[Any, str], Data]

#: Types that are read as arrays, or refused, although they can be iterated or indexed.
_ARRAYS = (list, tuple, str, bytes, Mapping, Sequence, AbstractSet, np.ndarray, np.generic)
_PLAIN = frozenset((np.ndarray, list, tuple, dict, type(None)))
_PROTOCOLS = ("__array__", "__array_interface__", "__array_struct__", "__buffer__", "__dataframe__")


def has_batches(x: object) -> bool:
    """Return whether `x` yields batches: a generator, a ``PyDataset``, a ``DataLoader``.

    Arrays, lists and dicts of arrays do not.  Neither do objects that can only be indexed: they may
    be endless despite their length.
    """
    kind = type(x)
    if kind in _PLAIN:  # faster than the checks that follow
        return False
    if isinstance(x, (*_ARRAYS, type)) or any(hasattr(kind, name) for name in _PROTOCOLS):
        return False
    return _has_numbers(x) or hasattr(kind, "__iter__") or hasattr(kind, "__next__")


def source_of(x: Any, argument: str, read: Read) -> Source:
    """Return the source of an object for which :func:`has_batches` is true.

    Parameters
    ----------
    x : object
    argument : str
        What errors call it.
    read : callable
        Checks a batch.

    Raises
    ------
    ValueError
        If there is no batch.
    """
    if _has_numbers(x):
        return OfNumbers(x, argument, read)
    return OfIterable(x, argument, read)


def _has_numbers(x: object) -> bool:
    """Return whether batches can be indexed, as those of Keras's ``PyDataset``."""
    kind = type(x)
    return hasattr(kind, "__getitem__") and (
        hasattr(kind, "on_epoch_end") or hasattr(kind, "num_batches")
    )


class OfNumbers(Source):
    """Batches that can be indexed: Keras's ``PyDataset``, formerly ``Sequence``.

    Parameters
    ----------
    batches : object
        With ``batches[number]``, and ``num_batches`` or a length; ``on_epoch_begin`` and
        ``on_epoch_end`` are called if it defines them.
    argument, read :
        See :func:`source_of`.

    Attributes
    ----------
    sharing : callable or None
        Returns the rows of a training batch that this process needs; all if None.
    """

    def __init__(self, batches: Any, argument: str, read: Read) -> None:
        self._batches, self.argument, self._read = batches, argument, read
        self.sharing: Sharing | None = None
        if self.steps == 0:
            raise ValueError(f"{argument} has no batches; it should have one or more")

    def __str__(self) -> str:
        count = self.steps
        return f"{'batches without end' if count is None else f'{count} batches'} of its own"

    @property
    def steps(self) -> int | None:
        """Current number of batches."""
        if hasattr(type(self._batches), "num_batches"):
            count = self._batches.num_batches
            return None if count is None else int(count)
        return len(self._batches)

    def batch(self, number: int) -> Data:
        """Return a batch, all rows of it."""
        return self._read(self._batches[number], f"{self.argument}[{number}]")

    def some(self, count: int, most: int) -> Data:
        """Return the first batch."""
        return self.batch(0)

    def for_training(
        self, number: int, start: int = 0, seed: np.random.SeedSequence | None = None
    ) -> Iterator[Data]:
        """Yield the rows of this process of the batches of a pass."""
        count = self.steps
        if count is None:
            numbers: Any = itertools.count(start)
        elif seed is None:
            numbers = range(start, count)
        else:
            numbers = shuffled(count, seed_of(number, seed))[start:].tolist()
        for index in numbers:
            data = self.batch(index)
            if self.sharing is None:
                yield data
            else:
                share = self.sharing(len(data))
                yield replace(data.part(share.start, share.stop), share=share)

    def in_order(self, part: Part | None = None, steps: int | None = None) -> Iterator[Data]:
        """Yield the batches in the order of their indices."""
        count = self.steps if steps is None else steps
        assert count is not None
        own = self.steps
        count = count if own is None else min(count, own)
        for index in range(*((0, count) if part is None else part(count))):
            yield self.batch(index)

    def begin_epoch(self) -> None:
        """Call the object's own hook, if it has one."""
        if hasattr(type(self._batches), "on_epoch_begin"):
            self._batches.on_epoch_begin()

    def end_epoch(self) -> None:
        """Call the object's own hook, if it has one."""
        if hasattr(type(self._batches), "on_epoch_end"):
            self._batches.on_epoch_end()


class OfIterable(Source):
    """Batches of an iterable: a generator, a ``DataLoader`` of PyTorch, a ``zip``.

    Parameters
    ----------
    batches : iterable
        An iterator is read once; of any other iterable, every pass makes a new iterator.
    argument, read :
        See :func:`source_of`.

    Notes
    -----
    The first batch is read immediately, so that data that do not fit are refused before training
    begins.
    """

    def __init__(self, batches: Any, argument: str, read: Read) -> None:
        self._batches, self.argument, self._read = batches, argument, read
        self.is_repeatable = not hasattr(type(batches), "__next__")
        #: The pass that is being read, the number of its batches that were returned, and a batch
        #: that was read ahead.
        self._number: int | None = None
        self._taken = 0
        self._ahead: Data | None = None
        self._iterator = iter(batches)
        self._has_ended = False
        if not self.has_more():
            raise ValueError(f"{argument} gave no batch; it should give one or more")

    def __str__(self) -> str:
        return f"batches of a {type(self._batches).__name__}"

    @property
    def steps(self) -> int | None:
        """Number of batches of a pass, if the object has a length."""
        if not self.is_repeatable:
            return None
        try:
            return len(self._batches)
        except (TypeError, NotImplementedError):  # such as of an IterableDataset
            return None

    def some(self, count: int, most: int) -> Data:
        """Return the next batch, which stays the next one."""
        assert self._ahead is not None
        return self._ahead

    def has_more(self) -> bool:
        """Return whether there is another batch to read."""
        if self._ahead is None:
            self._ahead = self._read_next(self._taken)
        return self._ahead is not None

    def _begin(self, number: int | None) -> None:
        """Begin a pass with the next batch, which may have been read ahead already."""
        if not self.is_repeatable or (self._taken == 0 and self._ahead is not None):
            self._number = number
            return
        self._number, self._taken, self._ahead = number, 0, None
        self._iterator, self._has_ended = iter(self._batches), False

    def _read_next(self, number: int) -> Data | None:
        if self._has_ended:
            return None
        for batch in self._iterator:
            return self._read(batch, f"(batch {number} of {self.argument})")
        self._has_ended = True
        return None

    def _next(self) -> Data | None:
        """Return the next batch; None at the end of the pass."""
        data, self._ahead = self._ahead, None
        if data is None:
            data = self._read_next(self._taken)
        if data is not None:
            self._taken += 1
        return data

    def skip(self, count: int) -> None:
        """Skip batches that were read before, without checking them."""
        while count > 0 and not self._has_ended:
            if self._ahead is None and next(self._iterator, self) is self:
                self._has_ended = True
                return
            self._ahead = None
            self._taken += 1
            count -= 1

    def for_training(
        self, number: int, start: int = 0, seed: np.random.SeedSequence | None = None
    ) -> Iterator[Data]:
        """Yield the batches of a pass in their own order; the seed is not used."""
        if number != self._number or start < self._taken or self._has_ended:
            self._begin(number)
        self.skip(start - self._taken)
        while (data := self._next()) is not None:
            yield data

    def in_order(self, part: Part | None = None, steps: int | None = None) -> Iterator[Data]:
        """Yield the batches of a pass; those that are left, of an iterator."""
        self._begin(None)
        count = 0
        while (steps is None or count < steps) and (data := self._next()) is not None:
            yield data
            count += 1


def is_endless(x: Any) -> bool:
    """Return whether `x` is known to be endless."""
    if isinstance(x, types.GeneratorType):
        return not _can_end(x.gi_code)
    if isinstance(x, (itertools.cycle, itertools.count)):
        return True
    if isinstance(x, itertools.repeat):
        return operator.length_hint(x, -1) == -1
    if _has_numbers(x):
        return hasattr(type(x), "num_batches") and x.num_batches is None
    cardinality = getattr(x, "cardinality", None)  # of TensorFlow's data sets
    return callable(cardinality) and int(cardinality()) == -1


def _can_end(code: types.CodeType) -> bool:
    """Return whether a generator's code can reach its end, if only by raising an exception.

    The compiler removes unreachable code: after ``while True`` without a break, the implicit return
    at the end of the function.
    """
    import dis

    names = {step.opname for step in dis.get_instructions(code)}
    return bool(names & {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS"})


def parts_of(batch: Any, title: str, inputs: int = 0) -> tuple[Any, Any, Any]:
    """Return data, targets and weights of a batch, the last two None where they are missing.

    Parameters
    ----------
    batch : object
    title : str
        What errors call it.
    inputs : int, default 0
        If only data are needed: the number of inputs of the model.  Targets are then optional, and
        a list may hold only data.

    Raises
    ------
    TypeError
        If it is not a valid batch.
    """
    should = "(x, y) or (x, y, sample_weight)"
    if inputs:
        should = "x, (x,), " + should
        holds_data = isinstance(batch, list) and len(batch) == inputs > 1
        if holds_data and not any(isinstance(part, (list, tuple, dict)) for part in batch):
            return batch, None, None
        if not isinstance(batch, (tuple, list)):
            return batch, None, None
    if not isinstance(batch, (tuple, list)):
        raise TypeError(f"{title} is of type {type(batch).__name__}; it should be {should}")
    if not (1 if inputs else 2) <= len(batch) <= 3:
        raise TypeError(
            f"{title} is a {type(batch).__name__} of {len(batch)}; it should be {should}"
        )
    x, y, weights = (*batch, None, None)[:3]
    return x, y, weights
