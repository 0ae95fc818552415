"""The datasets of Keras's examples, read from files that are on this machine already.

Keras keeps them in ``~/.keras/datasets``; a path does as well.  Nothing is downloaded: where a file
is missing, the error says where it can be had.
"""

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.datasets import imdb, mnist, reuters

__all__ = ["imdb", "mnist", "reuters"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
