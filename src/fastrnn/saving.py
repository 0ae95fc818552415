"""Keras's module of files and custom objects."""

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.models import load_model, save_model
from fastrnn.naming import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)

CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "register_keras_serializable",
    "save_model",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
