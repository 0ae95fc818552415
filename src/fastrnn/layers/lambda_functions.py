"""The functions of a Lambda: their parameters, and how files refer to them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from fastrnn.layers.layer import Layer
from fastrnn.layers.operation import Operation
from fastrnn.naming import custom_object


def parameters_named(function: Any, *names: str) -> set[str]:
    """Return the names that are parameters of a function."""
    try:
        return set(inspect.signature(function).parameters) & set(names)
    except (TypeError, ValueError):  # signatures of NumPy's own functions cannot be inspected
        return set()


class FunctionLayer(Layer):
    """Base of the layers with functions: saving and loading."""

    function: Any
    shape_said: Any
    mask: Any
    gradient: Any
    arguments: dict[str, Any]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again, functions by their names."""
        functions = {"function": self.function, "output_shape": self.shape_said}
        functions.update(mask=self.mask, gradient=self.gradient)
        config = {**super().get_config(), **_written_all(self.name, functions)}
        if self.takes_several:
            config["takes_several"] = True
        return {**config, "arguments": self.arguments} if self.arguments else config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FunctionLayer:
        """Return a new layer from what :meth:`get_config` returned."""
        options = {key: _read(key, value) for key, value in config.items()}
        takes_several = options.pop("takes_several", False)
        layer = cls(**options)
        layer.takes_several = bool(takes_several)
        return layer


def _written_all(title: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return JSON-serializable arguments, with functions as names, and without None.

    A function without a name gets that of the layer, and the argument if that is not `function`.
    """
    return {
        argument: _written(title, argument, value)
        for argument, value in given.items()
        if value is not None
    }


def _written(title: str, argument: str, value: Any) -> Any:
    if isinstance(value, Operation):
        return value.written(title)
    if not callable(value):
        return np.asarray(value).tolist()
    name = getattr(value, "__name__", "<lambda>")
    own = title if argument == "function" else f"{title}.{argument}"
    return {"function": own if name == "<lambda>" else name}


def _read(argument: str, value: Any) -> Any:
    """Return an argument of a Lambda from its form in a file.

    Raises
    ------
    ValueError
        If there is no function of its name.
    """
    if not isinstance(value, dict) or argument == "arguments":
        return value
    if "operation" in value:
        return Operation.read(value)
    name = value["function"]
    found = custom_object(name)
    if found is None and isinstance(getattr(np, name, None), np.ufunc):
        found = getattr(np, name)
    if found is None:
        raise ValueError(
            f"{argument} of a Lambda is called {name!r}; give the function of that name in "
            "custom_objects"
        )
    return found
