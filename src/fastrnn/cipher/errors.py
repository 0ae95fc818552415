"""What can go wrong with a cipher job; every message is one line that says where and what to do."""

from __future__ import annotations

__all__ = ["CipherError", "CorpusError", "InvalidKeyError", "RunError", "SettingsError"]


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
