"""The arguments of a layer in a Keras file, each of which is converted, noted, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastrnn import activations, constraints, initializers, regularizers
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.generation import Generation
from fastrnn.naming import custom_object

_MISSING = object()

#: Keras 1's names of arguments.
KERAS_1 = {
    "output_dim": "units",
    "inner_activation": "recurrent_activation",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "bias": "use_bias",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "p": "rate",
    "sigma": "stddev",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "border_mode": "padding",
    "subsample_length": "strides",
    "pool_length": "pool_size",
    "stride": "strides",
    "length": "size",
}

#: Arguments of every layer without an effect on its results.
_HARMLESS = {
    "autocast",
    "batch_input_shape",
    "batch_shape",
    "consume_less",
    "implementation",
    "input_dim",
    "input_dtype",
    "input_length",
    "input_shape",
    "input_spec",
    "unroll",
}

#: Regularizers and constraints: the argument, the module that reads it, and Keras's classes and
#: functions.
_ATTACHED = [
    (f"{stem}_{kind}", module, known)
    for kind, module, known in (
        ("regularizer", regularizers, {"L1", "L2", "L1L2", "l1", "l2", "l1_l2"}),
        (
            "constraint",
            constraints,
            {"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}
            | {name for name in constraints.__all__ if "no" in name and name.islower()},
        ),
    )
    for stem in (*regularizers.REGULARIZED, "activity")
]


def short(value: Any) -> str:
    """Return a value as an error shows it."""
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


class Arguments:
    """The arguments of a layer, which are taken one by one; :meth:`finish` refuses the others.

    Parameters
    ----------
    kind : str
        Class of the layer.
    config : mapping
    generation : Generation
    notes : list of str
        Collects a message for everything that is left out.
    """

    def __init__(
        self, kind: str, config: Mapping[str, Any], generation: Generation, notes: list[str]
    ) -> None:
        self.kind, self.generation, self.notes = kind, generation, notes
        self._left = dict(config)
        self.name = str(self._left.pop("name", kind.lower()))
        #: Its name in error messages.
        self.title = f"layer {self.name!r} ({kind})"

    def error(self, argument: str, value: Any, reason: str) -> CheckpointError:
        """Return the error for an argument that cannot be represented."""
        return CheckpointError(f"{self.title}: {argument} is {short(value)}; {reason}")

    def rename(self, names: Mapping[str, str]) -> None:
        """Replace older names of arguments by newer ones."""
        for old, new in names.items():
            if old in self._left and new not in self._left:
                self._left[new] = self._left.pop(old)

    def has(self, argument: str) -> bool:
        """Return whether the file has an argument."""
        return argument in self._left

    def take(self, argument: str, default: Any = _MISSING) -> Any:
        """Return an argument, or its default if there is one."""
        value = self._left.pop(argument, default)
        if value is _MISSING:
            raise CheckpointError(f"{self.title} has no {argument}, which it needs")
        return value

    def number(self, argument: str, default: Any = _MISSING) -> Any:
        """Return a number, or None if that is the default; arrays with one element are accepted."""
        value = self.take(argument, default)
        if isinstance(value, dict):
            value = value.get("value", value)
        while isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        raise self.error(argument, value, "it should be a number")

    def flag(self, argument: str, default: bool) -> bool:
        """Return a boolean."""
        value = self.take(argument, default)
        if value is None:
            return default
        if value in (True, False):
            return bool(value)
        raise self.error(argument, value, "it should be true or false")

    def integers(self, argument: str, default: Any = _MISSING) -> Any:
        """Return an integer, or a list of integers."""
        value = self.take(argument, default)
        if value is None and default is not _MISSING:
            return default
        if isinstance(value, dict):  # a tuple, as some versions write it
            value = value.get("items", value)
        listed = value if isinstance(value, list) else [value]
        if all(isinstance(one, int) and not isinstance(one, bool) for one in listed):
            return value
        raise self.error(argument, value, "it should hold integers")

    def integer(self, argument: str, default: Any = _MISSING) -> int:
        """Return an integer, which may be in a list."""
        value = self.integers(argument, default)
        if isinstance(value, list):
            if len(value) != 1:
                raise self.error(argument, value, "it should be one integer")
            (value,) = value
        return int(value)

    def seed(self) -> int | None:
        """Return the seed, or None if fastrnn does not support it."""
        value = self.take("seed", None)
        is_seed = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return value if is_seed else None

    def must_be(self, argument: str, *values: Any, reason: str = "fastrnn lacks this") -> None:
        """Refuse an argument unless it is one of the values."""
        if argument in self._left:
            value = self._left.pop(argument)
            if value is not None and value not in values:
                raise self.error(argument, value, reason)

    def activation(self, argument: str = "activation", default: Any = "linear") -> str:
        """Return fastrnn's name of an activation."""
        value = self.take(argument, default)
        name = value
        if isinstance(value, dict):
            inner = value.get("config")
            name = inner if isinstance(inner, str) else value.get("class_name")
        if name is None:
            name = "linear"
        own = str(name).rpartition(">")[2]
        if custom_object(own) is not None:
            return f"<function {own}>"
        if name == "hard_sigmoid" and not self.generation.has_new_hard_sigmoid:
            return "hard_sigmoid_keras2"
        try:
            return activations.get(name).name if name != "hard_sigmoid_keras2" else self._no(value)
        except (TypeError, ValueError):
            raise self.error(argument, value, "fastrnn lacks this activation") from None

    def _no(self, value: Any) -> str:
        raise ValueError(value)  # fastrnn's own name, which no file of Keras has

    def initializer(self, argument: str) -> dict[str, Any] | str | None:
        """Return an initializer, or None for the default; the file has the weights anyway."""
        value = self.take(argument, None)
        if value is None:
            return None
        name: Any = value
        config: Mapping[str, Any] = {}
        if isinstance(value, dict):
            name, config = value.get("class_name"), value.get("config") or {}
        try:
            return _initializer(name, config)
        except (TypeError, ValueError, KeyError):
            shown = name if isinstance(name, str) else short(value)
            self.notes.append(
                f"{self.name}: {argument} {shown} is left out; the weights are those of the file"
            )
            return None

    def attached(self, *stems: str) -> dict[str, Any]:
        """Return regularizers and constraints of some weights; :meth:`penalties` notes others.

        Only Keras's own; of a custom class only the name is known.
        """
        found: dict[str, Any] = {}
        for argument, module, known in _ATTACHED:
            value = self._left.get(argument)
            kind = value.get("class_name") if isinstance(value, dict) else value
            if argument.rpartition("_")[0] not in stems or kind not in known:
                continue
            try:
                read = module.get(value)
            except (TypeError, ValueError):
                continue
            if read is not None:
                found[argument] = module.serialize(read)
                del self._left[argument]
        return found

    def penalties(self, *stems: str) -> None:
        """Note regularizers and constraints of some weights, and leave them out."""
        for stem in stems:
            for argument in (f"{stem}_regularizer", f"{stem}_constraint"):
                value = self._left.pop(argument, None)
                if value is not None:
                    self.notes.append(f"{self.name}: {argument} {_described(value)} is left out")

    def finish(self) -> None:
        """Refuse the arguments that are left."""
        self.penalties("activity")
        for argument, value in self._left.items():
            if argument in _HARMLESS or value is None:
                continue
            raise self.error(argument, value, f"fastrnn's {self.kind} has no such argument")


def _initializer(name: Any, config: Mapping[str, Any]) -> dict[str, Any] | str:
    if not isinstance(name, str):
        raise TypeError("no name")
    options = {key: value for key, value in config.items() if key != "dtype"}
    if name == "VarianceScaling":
        shape = options.get("scale"), options.get("mode"), options.get("distribution")
        if shape[:2] != (1.0, "fan_avg"):
            raise ValueError("none of fastrnn's")
        name = "GlorotUniform" if shape[2] == "uniform" else "GlorotNormal"
        options = {"seed": options.get("seed")}
    if not isinstance(options.get("seed", 0), int):
        options["seed"] = None
    found = initializers.get({"class_name": name, "config": options} if config else name)
    return initializers.serialize(found)


def _described(value: Any) -> str:
    if not isinstance(value, dict):
        return short(value)
    config = value.get("config")
    inside = config if isinstance(config, dict) else {}
    shown = ", ".join(f"{key}={short(one)}" for key, one in inside.items())
    return f"{value.get('class_name')}({shown})"
