"""Operations of NumPy on symbolic tensors, and their form in files."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.differentiation import has_rule, item
from fastrnn.operations import LIFTED


class Slot(int):
    """A placeholder for an array among the arguments of an operation."""


class Operation:
    """A function with its arguments, except for the arrays.

    Parameters
    ----------
    function : callable
    form : list
        Its arguments, with a :class:`Slot` for each array.
    options : dict
        Its keyword arguments.
    takes_several : bool
        Whether it is called on a list of arrays.
    """

    def __init__(
        self, function: Any, form: list[Any], options: dict[str, Any], takes_several: bool
    ) -> None:
        self.function, self.form, self.options = function, form, options
        self.takes_several = takes_several

    def __call__(self, given: Any) -> Any:
        """Compute it on an array, or on a list of them."""
        arrays = given if self.takes_several else [given]
        return self.function(*_filled(self.form, arrays), **self.options)

    def written(self, title: str) -> dict[str, Any]:
        """Return the operation, JSON-serializable.

        Raises
        ------
        ValueError
            If it has arguments that a file cannot hold.
        """
        try:
            return {
                "operation": self.function.__name__,
                "arguments": _encoded(self.form),
                "options": {name: _encoded(value) for name, value in self.options.items()},
                "takes_several": self.takes_several,
            }
        except TypeError as error:
            raise ValueError(f"{title} cannot be written: {error}") from None

    @classmethod
    def read(cls, written: dict[str, Any]) -> Operation:
        """Return an operation from its form in a file; only known array operations are accepted."""
        form = _decoded(written["arguments"])
        options = {name: _decoded(value) for name, value in written["options"].items()}
        return cls(_found(str(written["operation"])), form, options, bool(written["takes_several"]))


def _found(name: str) -> Any:
    if name == item.__name__:
        return item
    if name in LIFTED:
        return LIFTED[name]
    if has_rule(name):
        return getattr(np, name, None) or getattr(np.linalg, name)
    raise ValueError(f"operation is {name!r}; it should be one of NumPy's or of fastrnn.backend")


def _filled(form: Any, arrays: Any) -> Any:
    if isinstance(form, Slot):
        return arrays[form]
    if isinstance(form, (list, tuple)):
        return type(form)(_filled(one, arrays) for one in form)
    return form


def _encoded(value: Any) -> Any:
    if isinstance(value, Slot):
        return {"slot": int(value)}
    if isinstance(value, slice):
        return {"slice": [_encoded(part) for part in (value.start, value.stop, value.step)]}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(one) for one in value]}
    if isinstance(value, list):
        return [_encoded(one) for one in value]
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return {"array": value.tolist(), "dtype": value.dtype.name}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a file cannot hold {value!r}")


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "slot" in value:
        return Slot(value["slot"])
    if "slice" in value:
        return slice(*_decoded(value["slice"]))
    if "tuple" in value:
        return tuple(_decoded(value["tuple"]))
    if "array" in value:
        return np.array(value["array"], value["dtype"])
    return Ellipsis
