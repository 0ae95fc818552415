"""Errors on setting attributes that would be ignored: Keras's, and misspelled ones."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar

__all__ = ["Guarded", "missing"]

_TRAINING = "train with fit or train_on_batch; a loss may be a function of y_true and y_pred"
#: What to do instead of using attributes of Keras's models, layers and optimizers.
INSTEAD: Mapping[str, str] = {
    "add_loss": (
        "give compile a loss that is a function of y_true and y_pred, or the layer "
        "activity_regularizer="
    ),
    "add_metric": "give compile metrics=[...]",
    "losses": "evaluate returns the loss with the penalties of the layers",
    "apply_gradients": _TRAINING,
    "minimize": _TRAINING,
    "get_updates": _TRAINING,
    "get_gradients": "model.compute_gradients(x, y) returns the gradients of the weights",
    "train_step": _TRAINING,
    "test_step": _TRAINING,
    "predict_step": _TRAINING,
    "compute_loss": _TRAINING,
    "compute_loss_and_updates": _TRAINING,
    "make_train_function": _TRAINING,
    "make_test_function": _TRAINING,
    "make_predict_function": _TRAINING,
}


def missing(kind: type, name: str) -> str:
    """Return the error message for an attribute that objects of a class do not have."""
    said = f"{kind.__name__} has no attribute {name!r}"
    return f"{said}: {INSTEAD[name]}" if name in INSTEAD else said


class Guarded:
    """Refuses attributes that would be ignored.

    Existing attributes can be set, and new ones with other names too.

    Attributes
    ----------
    _no_effect : frozenset of str
        Attributes of the same class in Keras without a counterpart here, besides those of arguments
        in `harmless` (see :mod:`fastrnn.construction`).  A subclass that uses one declares it as a
        class attribute.
    _fixed : frozenset of str
        Attributes of the class that objects cannot override.
    _often_set : tuple of str
        Attributes that users set; new ones with a similar spelling are refused.
    """

    _no_effect: ClassVar[frozenset[str]] = frozenset()
    _fixed: ClassVar[frozenset[str]] = frozenset()
    _often_set: ClassVar[tuple[str, ...]] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._fixed:
            raise AttributeError(f"{name} of {type(self).__name__} cannot be set")
        if name[:1] != "_" and name not in self.__dict__ and not hasattr(type(self), name):
            self._refuse(name)
        object.__setattr__(self, name, value)

    def _refuse(self, name: str) -> None:
        """Raise ``AttributeError`` if a new attribute would be ignored."""
        if name in self._often_set:
            return
        kind = type(self).__name__
        if name in self._no_effect or name in getattr(type(self), "harmless", ()):
            raise AttributeError(
                f"{kind} has no {name!r}: in Keras it means something, here it would be ignored"
            )
        near = get_close_matches(name, self._often_set, 1, 0.85)
        if near:
            raise AttributeError(f"{kind} has no {name!r}; did you mean {near[0]!r}?")


if not TYPE_CHECKING:

    def _missing(self: Guarded, name: str) -> Any:
        """Say what to use instead of an attribute of Keras."""
        if hasattr(type(self), name):
            return object.__getattribute__(self, name)  # a property that failed: raise its error
        raise AttributeError(missing(type(self), name), name=name, obj=self)

    Guarded.__getattr__ = _missing
