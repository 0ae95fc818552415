"""What can go wrong with a cipher job; every message is one line that says where and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from fastrnn.distributed import DistributedError

__all__ = [
    "CipherError",
    "CorpusError",
    "HeldError",
    "NO_ROOM",
    "InvalidKeyError",
    "RunError",
    "SettingsError",
    "brief",
    "line_of",
    "nearest",
]


#: What an error number of the operating system means for saving a file.
NO_ROOM = {
    errno.ENOSPC: "the disk is full; make room on it",
    errno.EDQUOT: "the disk quota is used up; make room in it",
    errno.EFBIG: "the file is larger than this system allows",
}


#: Characters of a file's name that a message shows.
LONGEST_PATH = 400

#: Characters of a value that a message shows.
LONGEST = 100


class CipherError(ValueError):
    """The base of the errors of `fastrnn.cipher`.

    Parameters
    ----------
    text : str
        What is wrong and what to do.
    names : sequence of str
        The settings that it is about, if any. They stand before the text: an argument is called
        ``batch_size`` in Python and ``--batch-size`` on the command line.

    Examples
    --------
    >>> try:
    ...     Settings(epochs=0)
    ... except CipherError as error:
    ...     print(error)
    epochs: 0, but it should be a whole number of at least 1
    """

    def __init__(self, text: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(text, names)
        self.text = text
        self.names = names

    def __str__(self) -> str:
        return self.spelled(str)

    def spelled(self, spell: Callable[[str], str]) -> str:
        """Return the message, with the names of settings as `spell` returns them."""
        return f"{', '.join(map(spell, self.names))}: {self.text}" if self.names else self.text


class InvalidKeyError(CipherError):
    """A key that its cipher cannot use, or a cipher that does not exist.

    Examples
    --------
    >>> try:
    ...     make_cipher("caesar", "26")
    ... except InvalidKeyError as error:
    ...     print(error)
    caesar: the key is '26', but it should be a whole number from -25 to 25
    """


class CorpusError(CipherError):
    """A text that cannot be trained on or deciphered; names the file and the line.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("empty.txt").write_text("")
    >>> try:
    ...     enciphered("empty.txt", Caesar(5))
    ... except CorpusError as error:
    ...     print(error)
    empty.txt, line 1: the file is empty; it should have a sentence a line
    """


class SettingsError(CipherError):
    """A setting of a training that is out of its range or does not go with another.

    Examples
    --------
    >>> try:
    ...     Settings(units=0)
    ... except SettingsError as error:
    ...     print(error)
    units: 0, but it should be a whole number of at least 1
    """


class RunError(CipherError):
    """A directory of a training run that is damaged, in the way, or does not fit.

    Examples
    --------
    >>> try:
    ...     Decipherer.load(RunDirectory("elsewhere"))
    ... except RunError as error:
    ...     print(error)
    elsewhere: no training run is there (it has no config.json); name a directory that
    fastrnn cipher train wrote
    """


class HeldError(RunError):
    """A directory that another process is writing to."""


def brief(value: object) -> str:
    """Return a value as Python writes it, cut where it would fill the screen."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question about what was meant, for the end of a message; empty if nothing is near.

    Parameters
    ----------
    word : str
        What was given.
    known : iterable of str
        What could have been.

    Examples
    --------
    >>> nearest("LTSM", ["gru", "lstm"])
    '; did you mean lstm?'
    """
    names = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), [*names], n=1, cutoff=0.6)
    return f"; did you mean {names[found[0]]}?" if found else ""


def line_of(error: BaseException, spell: Callable[[str], str] = str) -> str:
    """Return the text of any error, for a message.

    Parameters
    ----------
    error : BaseException
        What ended a command, or a run of a sweep.
    spell : callable, optional
        Returns what to call a setting, given its name in Python.

    Returns
    -------
    str
        One line that says what to do.
    """
    if isinstance(error, CipherError):
        return " ".join(error.spelled(spell).split())
    if isinstance(error, OSError):
        return _line_of_system(error)
    if isinstance(error, MemoryError):
        return "out of memory; try fewer units, a smaller batch size or fewer sentences"
    text = " ".join(str(error).split())
    if isinstance(error, (ValueError, ImportError, DistributedError)) and text:
        return text
    return (
        f"{type(error).__name__}: {text}; this should not happen, please report it "
        "(FASTRNN_TRACEBACK=1 in the environment shows where it comes from)"
    )


def _line_of_system(error: OSError) -> str:
    """Return the text of an error of the operating system, for a message."""
    given = error.filename
    name = os.fsdecode(given) if isinstance(given, (str, bytes)) else str(given or "")
    where = (
        f"{name if len(name) <= LONGEST_PATH else name[:LONGEST_PATH] + '...'}: " if name else ""
    )
    if error.errno in NO_ROOM:
        return where + NO_ROOM[error.errno]
    if error.errno is None or not error.strerror:
        return " ".join(str(error).split()) or type(error).__name__
    said = error.strerror if where else f"{error.strerror} (error {error.errno} of the system)"
    return f"{where}{said}" + ("; check the name and permissions" if where else "")
