"""How the files of Keras 2 and Keras 3 write layers, functions, regularizers and constraints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fastrnn.formats.errors import CheckpointError

Config = dict[str, Any]
#: Regularizers and constraints, with Keras's classes.
ATTACHED = {
    "regularizer": ("L1", "L2", "L1L2"),
    "constraint": ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"),
}


@dataclass(frozen=True)
class Dialect:
    """The format of layers that the readers of a file support.

    Attributes
    ----------
    name : str
        Name of the format in error messages.
    has_modules : bool
        Whether objects include their module, as in files of Keras 3; otherwise in the format that
        Keras 2 and 3 both read.
    activations : frozenset of str
        Activations with the same meaning for all readers.
    has_layers : bool, default True
        Whether it holds layers, and not only weights.
    """

    name: str
    has_modules: bool
    activations: frozenset[str]
    has_layers: bool = True

    def layer(self, kind: str, config: Config) -> Config:
        """Return a layer of a model in the format of the file."""
        if not self.has_modules:
            return {"class_name": kind, "config": config}
        return self.object("keras.layers", kind, config)

    def object(self, module: str, kind: str, config: Config) -> Config:
        """Return an inner layer in the format of the file."""
        if kind == "Functional":
            module = "keras.src.models.functional"
        name = "Functional" if kind == "Functional" else None
        return {"module": module, "class_name": kind, "config": config, "registered_name": name}

    def own(self, kind: str, config: Config) -> Config:
        """Return a custom layer, which readers find by the name of its class."""
        if not self.has_modules:
            return {"class_name": kind, "config": config}
        return {"module": None, "class_name": kind, "config": config, "registered_name": kind}


_EVERYWHERE = {"linear", "tanh", "sigmoid", "relu", "elu", "selu", "softmax", "softplus"}
_EVERYWHERE |= {"softsign", "exponential", "gelu", "silu", "mish"}

KERAS_3 = Dialect(
    ".keras",
    True,
    frozenset({*_EVERYWHERE, "hard_sigmoid", "relu6", "leaky_relu", "log_softmax", "log_sigmoid"}),
)
#: HDF5 for both Keras 2 and Keras 3.  Their hard_sigmoids are different functions.
HDF5 = Dialect("HDF5 of Keras", False, frozenset(_EVERYWHERE))
#: HDF5 in Keras 3's format.
HDF5_OF_KERAS_3 = replace(KERAS_3, name=HDF5.name)


def attached(config: Config, dialect: Dialect, stem: str) -> Config:
    """Return the regularizer and the constraint of a weight in the format of the file.

    Custom ones are left, and refused later.
    """
    found = {}
    for kind, known in ATTACHED.items():
        value = config.get(f"{stem}_{kind}")
        if value is not None and value["class_name"] in known:
            module = f"keras.{kind}s"
            made = dialect.object(module, value["class_name"], dict(value["config"]))
            found[f"{stem}_{kind}"] = made
    return found


def function_out(config: Config, dialect: Dialect, title: str) -> Config:
    """Return the arguments of a Lambda in the format of the file."""
    name = config["function"].get("function")
    if name is None:
        raise CheckpointError(
            f"{title}: it is the operation {config['function'].get('operation')} on tensors, which "
            f"{dialect.name} files cannot hold; .safetensors can"
        )
    if not dialect.has_modules:
        raise CheckpointError(f"{title}: Keras 2 and Keras 3 write functions in other words")
    function = {"module": "builtins", "class_name": "function", "config": name}
    made: Config = {"function": {**function, "registered_name": name}}
    made["arguments"] = config.get("arguments", {})
    if isinstance(config.get("output_shape"), list):
        made["output_shape"] = config["output_shape"]
    return made
