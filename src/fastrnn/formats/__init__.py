"""Formats of model files, one in a module, all over one :class:`Description` of a model.

No format knows another one, and none knows a model: see ``registry.Format`` for what a module has.
"""

from fastrnn.formats.choice import Choice
from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.registry import FORMATS, OWN, Format, format_for, format_of_file, read

__all__ = [
    "FORMATS",
    "OWN",
    "CheckpointError",
    "Choice",
    "Description",
    "Format",
    "Origin",
    "format_for",
    "format_of_file",
    "read",
]
