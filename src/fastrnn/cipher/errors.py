"""What can go wrong with a cipher job; every message is one line that says where and what to do."""

from __future__ import annotations

from fastrnn.distributed import DistributedError

__all__ = ["CipherError", "CorpusError", "InvalidKeyError", "RunError", "SettingsError", "line_of"]


class CipherError(ValueError):
    """The base of the errors of `fastrnn.cipher`."""


class InvalidKeyError(CipherError):
    """A key that its cipher cannot use, or a cipher that does not exist."""


class CorpusError(CipherError):
    """A text that cannot be trained on or deciphered; names the file and the line."""


class SettingsError(CipherError):
    """A setting of a training that is out of its range or does not go with another."""


class RunError(CipherError):
    """A directory of a training run that is damaged, in the way, or does not fit."""


def line_of(error: BaseException) -> str:
    """Return what to tell of an error, whatever it is.

    Parameters
    ----------
    error : BaseException
        What ended a command, or a run of a sweep.

    Returns
    -------
    str
        One line that says what to do.
    """
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; check the name and permissions"
    if isinstance(error, MemoryError):
        return "out of memory; try fewer units, a smaller batch size or fewer sentences"
    text = " ".join(str(error).split())
    if isinstance(error, (ValueError, OSError, ImportError, DistributedError)) and text:
        return text
    return (
        f"{type(error).__name__}: {text}; this should not happen, please report it "
        "(FASTRNN_TRACEBACK=1 in the environment shows where it comes from)"
    )
