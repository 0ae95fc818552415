"""Learning-rate schedules, with Keras's names, arguments and formulas.

A schedule is the ``learning_rate`` of an optimizer: ``Adam(CosineDecay(0.01, 1000))``. It depends
on the number of the optimizer's steps, which saved models include.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastrnn._names import names_of
from fastrnn.naming import named, read_again, written
from fastrnn.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from fastrnn.optimizers.schedules.decay import ExponentialDecay, InverseTimeDecay, PolynomialDecay
from fastrnn.optimizers.schedules.piecewise import PiecewiseConstantDecay
from fastrnn.optimizers.schedules.schedule import LearningRateSchedule

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]

_BY_NAME: dict[str, type[LearningRateSchedule]] = {
    schedule.__name__: schedule
    for schedule in (
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    )
}


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return a schedule as a JSON-serializable dict.

    Examples
    --------
    >>> serialize(ExponentialDecay(0.1, 100, 0.5))["class_name"]
    'ExponentialDecay'
    """
    return written(learning_rate_schedule)


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> LearningRateSchedule:
    """Return a new schedule from a dict of :func:`serialize`.

    Parameters
    ----------
    config : mapping
    custom_objects : mapping of str to class, optional
        Custom schedules by class name.

    Raises
    ------
    ValueError
        If there is no schedule of that name.

    Examples
    --------
    >>> deserialize(serialize(ExponentialDecay(0.1, 100, 0.5)))(100)
    0.05
    """
    return read_again(config, LearningRateSchedule, _class_of, _refused, custom_objects)


def _class_of(name: str) -> type[LearningRateSchedule]:
    found: type[LearningRateSchedule] = named("learning-rate schedule", name, _BY_NAME)
    return found


def _refused(found: object, **_: object) -> LearningRateSchedule:
    raise ValueError(f"learning-rate schedule is {found!r}; it should be a LearningRateSchedule")


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
