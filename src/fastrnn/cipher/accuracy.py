"""The share of characters that are right, as a training measures it."""

from __future__ import annotations

import numpy as np

from fastrnn._core import loss as core
from fastrnn.cipher.vocabulary import PADDING
from fastrnn.losses.head import Head
from fastrnn.metrics.binding import AccuracyByShape, Bound

__all__ = ["CharacterAccuracy"]


class CharacterAccuracy(AccuracyByShape):
    """Accuracy over characters alone: the steps behind the end of a sentence do not count.

    Padding is no answer either, since `fastrnn.cipher.Decipherer` never gives it. So a training, an
    evaluation and the deciphered text agree about what is right. The loss goes on counting every
    step, as that of the notebook does, unless every sentence has a key of its own.
    """

    def __init__(self) -> None:
        super().__init__("accuracy")

    def bind(self, head: Head, is_weighted: bool) -> Bound:
        """Return a function that counts the characters that are right, and all."""
        return _Count(head)


class _Count:
    def __init__(self, head: Head) -> None:
        self._head = head
        self._counts = np.empty(len(head.targets), head.output.dtype)

    def __call__(self) -> tuple[float, float]:
        head, counts = self._head, self._counts
        np.not_equal(head.targets, PADDING, out=counts)
        padding = head.output[:, PADDING]
        before = padding.copy()
        padding[...] = -1  # less than any probability
        try:
            correct = core.count_correct(head.rows, head.features, head.targets, counts)
        finally:
            padding[...] = before
        return float(correct), float(np.count_nonzero(counts))
