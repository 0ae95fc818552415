"""The datasets of Keras's examples, read from local files.

They are read from Keras's folder ``~/.keras/datasets``, or from a given path.  Nothing is
downloaded: if a file is missing, the error says where to get it.
"""

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.datasets import imdb, mnist, reuters

__all__ = ["imdb", "mnist", "reuters"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
