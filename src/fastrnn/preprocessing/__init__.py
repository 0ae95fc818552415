"""From text to arrays: the modules ``text`` and ``sequence``."""

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.preprocessing import sequence, text

__all__ = ["sequence", "text"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
