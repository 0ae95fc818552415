"""The base of all optimizers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn._core import optimizer as core
from fastrnn._core.memory import aligned_zeros
from fastrnn.construction import Constructible, Harmless
from fastrnn.guarded import Guarded
from fastrnn.optimizers import schedules
from fastrnn.optimizers.checks import above_zero, in_range
from fastrnn.optimizers.schedules import LearningRateSchedule

Array = NDArray[Any]
Rate = float | LearningRateSchedule
#: Key of a weight: see :class:`fastrnn.layers.parameter.Key`.
Owner = Hashable


class LearningRate(float):
    """A learning rate as a number that supports ``K.set_value(optimizer.lr, rate)``."""

    __slots__ = ("_optimizer",)

    _optimizer: Optimizer

    @classmethod
    def of(cls, optimizer: Optimizer, value: float) -> LearningRate:
        """Return the learning rate of an optimizer."""
        made = cls(value)
        made._optimizer = optimizer
        return made

    def assign(self, value: float) -> None:
        """Set the rate of the optimizer."""
        self._optimizer.learning_rate = float(value)

    def numpy(self) -> float:
        """Return the number."""
        return float(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Copied and pickled as a plain number, without the optimizer.
        return float, (float(self),)


class Optimizer(Guarded, metaclass=Constructible):
    """Updates a flat vector of weights by a flat vector of gradients, in one call per step.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        Positive or zero.  A number may be changed between steps.
    weight_decay : float, optional
        λ: every step first multiplies all weights, including biases, by 1 − λ times the learning
        rate.
    clipnorm : float, optional
        Maximum norm of the gradient of each weight.
    clipvalue : float, optional
        Clip every element of the gradients to the range from minus this to this.
    global_clipnorm : float, optional
        Maximum norm of all gradients together.
    lr : float, optional
        Keras's older name of `learning_rate`.
    decay : float, optional
        Divide the rate of every step by 1 + decay · step.

    Attributes
    ----------
    iterations : int
        Number of steps made.
    slots : dict of str to ndarray
        The state for the trained weights, such as moments, in vectors with the layout of the
        weights; empty before the first step.
    owners : tuple or None
        The keys of the slots' weights, in order; None if there are no slots.

    Raises
    ------
    ValueError
        If more than one of the three clippings is given, or a number is out of its range.
    TypeError
        If one is no number.

    Notes
    -----
    A custom optimizer is a subclass with `slot_names` and :meth:`update`, and with
    :meth:`get_config` if it has further arguments; ``load_model`` takes it from ``custom_objects``.

    While a weight is frozen, it is not in the vectors, and its slots are kept.  A copy of an
    optimizer, by :mod:`copy` or :mod:`pickle`, has its own slots, and can be used with any model
    whose weights they fit.

    Examples
    --------
    >>> class Plain(Optimizer):
    ...     def update(self, values, gradients, learning_rate, decay):
    ...         values -= learning_rate * gradients + decay * values
    >>> Plain(0.1).learning_rate
    0.1
    """

    #: Keras's arguments without an effect on what fastrnn computes, at their defaults.
    harmless: ClassVar[Harmless] = {
        "name": ((str, None), "an optimizer is called by the name of its class"),
        "use_ema": ((False,), "there are no averages of the weights"),
        "ema_momentum": ((None, 0.99), "there are no averages of the weights"),
        "ema_overwrite_frequency": ((None,), "there are no averages of the weights"),
        "loss_scale_factor": ((None,), "float32 and float64 need no scaling of the loss"),
        "gradient_accumulation_steps": ((None,), "a step takes the batch at hand"),
        "jit_compile": (("auto", True, False), "all of it is compiled"),
        "is_legacy_optimizer": ((False,), "there is one kind of optimizer"),
    }

    #: Names of the slots, in a fixed order.
    slot_names: tuple[str, ...] = ()

    _no_effect = frozenset({"built"})
    _often_set = (
        "learning_rate",
        "weight_decay",
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
        "iterations",
    )

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        *,
        lr: Rate | None = None,
        decay: float | None = None,
    ) -> None:
        self._learning_rate = _checked(learning_rate if lr is None else lr)
        self._decay = 0.0
        self.decay = 0.0 if decay is None else decay
        self.weight_decay = (
            None if weight_decay is None else in_range("weight_decay", weight_decay, 0.0, math.inf)
        )
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if len(given) > 1:
            written = ", ".join(f"{name}={limit!r}" for name, limit in given.items())
            raise ValueError(
                f"{written} are given; only one of clipnorm, clipvalue and global_clipnorm "
                "should be"
            )
        checked = {name: above_zero(name, limit) for name, limit in given.items()}
        self.clipnorm = checked.get("clipnorm")
        self.clipvalue = checked.get("clipvalue")
        self.global_clipnorm = checked.get("global_clipnorm")
        self.iterations = 0
        self.slots: dict[str, Array] = {}
        self.owners: tuple[Owner, ...] | None = None
        #: The range of each owner's slots in the vectors.
        self._places: dict[Owner, tuple[int, int]] = {}
        #: Slots of weights that are currently frozen.
        self._parked: dict[Owner, dict[str, Array]] = {}
        self._is_copy = False

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step, before `decay`; can be set between steps.

        Raises
        ------
        TypeError
            If a schedule determines the rate.
        """
        if isinstance(self._learning_rate, LearningRateSchedule):
            return LearningRate.of(self, self._learning_rate(self.iterations))
        return LearningRate.of(self, self._learning_rate)

    @learning_rate.setter
    def learning_rate(self, value: Rate) -> None:
        if isinstance(self._learning_rate, LearningRateSchedule) and not isinstance(
            value, LearningRateSchedule
        ):
            raise TypeError(
                f"learning_rate is decided by {self._learning_rate!r} and cannot be set to "
                f"{value!r}; make the optimizer with a number to change it while it trains"
            )
        self._learning_rate = _checked(value)

    @property
    def decay(self) -> float:
        """The learning rate of each step is divided by 1 + decay · step; can be set."""
        return self._decay

    @decay.setter
    def decay(self, value: float) -> None:
        decay = in_range("decay", value, 0.0, math.inf)
        if decay and self.schedule is not None:
            raise TypeError(
                f"decay is {value!r} and learning_rate {self.schedule!r}; give one of them"
            )
        self._decay = decay

    def _rate(self) -> float:
        """Return the learning rate of the next step."""
        rate = self.learning_rate
        return rate / (1.0 + self._decay * self.iterations) if self._decay else rate

    @property
    def schedule(self) -> LearningRateSchedule | None:
        """The learning-rate schedule, or None if the rate is a number."""
        rate = self._learning_rate
        return rate if isinstance(rate, LearningRateSchedule) else None

    @property
    def lr(self) -> float:
        """Keras's older name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Rate) -> None:
        self.learning_rate = value

    def build(
        self,
        values: Array,
        owners: tuple[Owner, ...] | None = None,
        bounds: Array | None = None,
    ) -> None:
        """Allocate the slots for a vector of weights; do nothing if they fit already.

        Parameters
        ----------
        values : ndarray of shape (n,)
            The weights.
        owners : tuple, optional
            Keys of the weights, to find their slots again in another vector.
        bounds : ndarray of intp, shape (weights + 1,), optional
            Start of each weight, and the end of the last; needed with `owners`.

        Raises
        ------
        ValueError
            If the slots belong to other weights: every model needs its own optimizer.
        """
        if owners is not None and owners is not self.owners:
            assert bounds is not None
            ends = bounds.tolist()
            places = dict(zip(owners, pairwise(ends), strict=True))
            self._give_to(values, owners, places)
        for name in self.slot_names:
            slot = self.slots.get(name)
            if slot is None:
                self.slots[name] = aligned_zeros(values.shape, values.dtype)
            elif slot.shape != values.shape or slot.dtype != values.dtype:
                raise self._belongs_elsewhere(values)

    def _give_to(
        self, values: Array, owners: tuple[Owner, ...], places: dict[Owner, tuple[int, int]]
    ) -> None:
        """Rearrange the slots for other weights, or for fewer or more of the same."""
        known = {*(self.owners or ()), *self._parked}
        if self.slots and owners != self.owners:
            if self.owners is None or (self._is_copy and known.isdisjoint(owners)):
                fits = self.owners is None or [*places.values()] == [*self._places.values()]
                if not fits or any(slot.shape != values.shape for slot in self.slots.values()):
                    raise self._belongs_elsewhere(values)
                self._parked = {}
            elif owners and known and known.isdisjoint(owners):
                raise self._belongs_elsewhere(values)
            else:
                self._lay_out(values, places)
        elif self._parked:
            self._lay_out(values, places)
        self.owners, self._places, self._is_copy = owners, places, False

    def _lay_out(self, values: Array, places: dict[Owner, tuple[int, int]]) -> None:
        kept = {
            **self._parked,
            **{owner: self.slots_of(owner) for owner in self._places},
        }
        slots = {name: aligned_zeros(values.shape, values.dtype) for name in self.slot_names}
        for owner, (start, stop) in places.items():
            for name, piece in kept.pop(owner, {}).items():
                slots[name][start : start + len(piece)] = piece[: stop - start]
        self.slots = slots
        self._parked = {
            owner: {name: piece.copy() for name, piece in pieces.items()}
            for owner, pieces in kept.items()
        }

    def _belongs_elsewhere(self, values: Array) -> ValueError:
        size = next((slot.size for slot in self.slots.values()), 0)
        return ValueError(
            f"this {type(self).__name__} belongs to a model with other weights "
            f"({size} numbers against {values.size} {values.dtype}); "
            "compile each model with an optimizer of its own"
        )

    def slots_of(self, owner: Owner) -> dict[str, Array]:
        """Return the slots of a weight, flat views by name; empty if there are none.

        They may be followed by padding zeros.
        """
        if self.slots and owner in self._places:
            start, stop = self._places[owner]
            return {name: slot[start:stop] for name, slot in self.slots.items()}
        return self._parked.get(owner, {})

    def forget(self, iterations: int) -> None:
        """Reset the optimizer to a count of steps, with no slots for any weight."""
        self.iterations = iterations
        self.slots, self.owners, self._places, self._parked = {}, None, {}, {}

    def park(self, owner: Owner, zeros: Array) -> dict[str, Array]:
        """Create slots of zeros for a weight that is currently frozen; return them."""
        self._parked[owner] = {name: zeros.copy() for name in self.slot_names}
        return self._parked[owner]

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({"_decay": 0.0, **state})
        self._is_copy = True
        self.slots = {name: _aligned(slot) for name, slot in state["slots"].items()}
        self._parked = {owner: dict(pieces) for owner, pieces in state["_parked"].items()}

    def apply(self, values: Array, gradients: Array, bounds: Array | None = None) -> None:
        """Make one step.

        Parameters
        ----------
        values : ndarray of shape (n,)
            IN/OUT.  The weights.
        gradients : ndarray of shape (n,)
            IN/OUT.  Clipped in place if clipping is on.
        bounds : ndarray of intp, shape (weights + 1,), optional
            Start of each weight, and the end of the last, for `clipnorm`; if left out, the vector
            is one weight.
        """
        self.build(values)
        self._clip(gradients, bounds)
        rate = self._rate()
        self.update(values, gradients, rate, rate * (self.weight_decay or 0.0))
        # Bypasses the check in ``__setattr__``, since this runs at every step.
        self.__dict__["iterations"] += 1

    def _clip(self, gradients: Array, bounds: Array | None) -> None:
        if self.clipvalue is not None:
            core.clip_values(gradients, self.clipvalue)
        elif self.global_clipnorm is not None:
            core.clip_norms(gradients, _whole(gradients), self.global_clipnorm)
        elif self.clipnorm is not None:
            whole = _whole(gradients) if bounds is None else bounds
            core.clip_norms(gradients, whole, self.clipnorm)

    def update(self, values: Array, gradients: Array, learning_rate: float, decay: float) -> None:
        """Update weights and slots, after clipping and before the step is counted.

        Parameters
        ----------
        values : ndarray of shape (n,)
            IN/OUT.
        gradients : ndarray of shape (n,)
            IN.
        learning_rate : float
            Of this step.
        decay : float
            Fraction of every weight to subtract first.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this optimizer."""
        rate = self._learning_rate
        # Only if it is set, so that earlier versions can read the files.
        decay = {"decay": self._decay} if self._decay else {}
        return {
            **decay,
            "learning_rate": (
                schedules.serialize(rate) if isinstance(rate, LearningRateSchedule) else rate
            ),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Optimizer:
        """Return a new optimizer from what :meth:`get_config` returned.

        Parameters
        ----------
        config : dict
        custom_objects : mapping of str to class, optional
            Custom schedules by class name.
        """
        if isinstance(config.get("learning_rate"), dict):
            rate = schedules.deserialize(config["learning_rate"], custom_objects)
            config = {**config, "learning_rate": rate}
        return cls(**config)

    def __repr__(self) -> str:
        shown = {**self.get_config(), "learning_rate": self._learning_rate}
        arguments = [f"{name}={value!r}" for name, value in shown.items() if value is not None]
        return f"{type(self).__name__}({', '.join(arguments)})"


def _checked(learning_rate: Any) -> Rate:
    if isinstance(learning_rate, LearningRateSchedule):
        return learning_rate
    return in_range("learning_rate", learning_rate, 0.0, math.inf)


def _aligned(array: Array) -> Array:
    copied: Array = aligned_zeros(array.shape, array.dtype)
    copied[...] = array
    return copied


def _whole(gradients: Array) -> Array:
    return np.array([0, gradients.size], np.intp)
