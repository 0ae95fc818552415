"""The formats of model files, a module for each, all based on a :class:`Description`.

Formats do not depend on each other or on models: see ``registry.Format`` for the functions of a
module.
"""

from fastrnn.formats.choice import Choice
from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.registry import (
    FORMATS,
    OWN,
    Format,
    check_ending,
    format_for,
    format_of_file,
    read,
)

__all__ = [
    "FORMATS",
    "OWN",
    "CheckpointError",
    "Choice",
    "Description",
    "Format",
    "Origin",
    "check_ending",
    "format_for",
    "format_of_file",
    "read",
]
