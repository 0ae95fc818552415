"""The share of characters that are right, as a training measures it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from fastrnn.cipher.vocabulary import PADDING
from fastrnn.losses import Loss
from fastrnn.losses.loss import Head
from fastrnn.metrics import Metric

__all__ = ["CharacterAccuracy"]


class CharacterAccuracy(Metric):
    """Accuracy over characters alone: the steps behind the end of a sentence do not count.

    Padding is no answer either, since `fastrnn.cipher.Decipherer` never gives it. So a training, an
    evaluation and the deciphered text agree about what is right. The loss goes on counting every
    step, as that of the notebook does.
    """

    def __init__(self) -> None:
        super().__init__("accuracy", None)

    def bind(self, loss: Loss, head: Head) -> Callable[[], tuple[float, float]]:
        """Return a function that counts the characters that are right, and all."""
        return partial(_count, head)


def _count(head: Head) -> tuple[float, float]:
    wanted = head.targets
    # The first class is padding.
    answers = head.output[:, PADDING + 1 :].argmax(axis=-1) + PADDING + 1
    # No answer is padding, so that what is right is no padding.
    return float(np.count_nonzero(answers == wanted)), float(np.count_nonzero(wanted != PADDING))
