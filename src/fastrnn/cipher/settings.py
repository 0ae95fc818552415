"""What a training run is told: its corpus, its model, its schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from os.path import abspath
from typing import Any

from fastrnn.cipher.ciphers import make_cipher
from fastrnn.cipher.corpus import Corpus, built_in, enciphered, read_pair
from fastrnn.cipher.errors import RunError, SettingsError
from fastrnn.cipher.network import EMBEDDED, INPUTS, ONE_HOT, SCALAR, check_cell

__all__ = ["DECRYPT", "DIRECTIONS", "ENCRYPT", "Settings"]

DECRYPT, ENCRYPT = DIRECTIONS = ("decrypt", "encrypt")

#: By input: a network that must tell numbers apart by their size wants small steps, the others
#: know a cipher that changes letter by letter after one epoch of large ones.
LEARNING_RATES = {SCALAR: 0.001, ONE_HOT: 0.01, EMBEDDED: 0.01}


@dataclass
class Settings:
    """The settings of a run, checked, with every default filled in.

    Parameters
    ----------
    plaintext, ciphertext : str, optional
        Files of the corpus, a line a sentence. With both, they are the corpus; with `plaintext`
        alone, `cipher` enciphers it; with neither, `cipher` enciphers the built-in corpus.
    sentences : int, optional
        How many sentences to take: by default all of the files, or 10,001 of the built-in corpus.
    cipher, key : str, optional
        The cipher and its key; Caesar's and the cipher's own default where left out. Not with
        `ciphertext`, which is enciphered already.
    direction : str
        What to learn: to decipher, ``"decrypt"``, or to encipher, ``"encrypt"``.
    cell : str
        The recurrent layer: ``"gru"``, ``"rnn"`` or ``"lstm"``.
    units : int
        The size of its state.
    input : str
        How a character goes in: ``"scalar"``, its number as one feature, ``"one-hot"``, a feature
        for every character, or ``"embedding"``, features that are learned.
    epochs : int
        How often to go through the sentences.
    batch_size : int
        Sentences a step.
    learning_rate : float, optional
        Of Adam; `LEARNING_RATES` has the defaults, one for each `input`.
    clip_norm : float, optional
        The greatest length of the gradient; a longer one is shortened to it.
    validation_split : float
        The fraction of the sentences, the last ones, to hold out.
    seed : int
        Decides the initial weights and the order of the sentences.

    Raises
    ------
    SettingsError
        A value is out of its range, or two do not go together.
    InvalidKeyError
        The cipher cannot use the key.
    """

    plaintext: str | None = None
    ciphertext: str | None = None
    sentences: int | None = None
    cipher: str | None = None
    key: str | None = None
    direction: str = DECRYPT
    cell: str = "gru"
    units: int = 64
    input: str = SCALAR
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float | None = None
    clip_norm: float | None = None
    validation_split: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        check_cell(self.cell)
        for name, choices in (("direction", DIRECTIONS), ("input", INPUTS)):
            value = getattr(self, name)
            if value not in choices:
                raise SettingsError(
                    f"{name}: {value!r}, but it should be one of {', '.join(choices)}"
                )
        if self.learning_rate is None:
            self.learning_rate = LEARNING_RATES[self.input]
        self._check_ranges(self.learning_rate)
        self._complete_corpus()

    def _check_ranges(self, learning_rate: float) -> None:
        for name, least in (
            ("sentences", 1),
            ("units", 1),
            ("epochs", 1),
            ("batch_size", 1),
            ("seed", 0),
        ):
            value = getattr(self, name)
            if name == "sentences" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise SettingsError(
                    f"{name}: {value!r}, but it should be a whole number of at least {least}"
                )
        if not 0 < learning_rate < math.inf:
            raise SettingsError(
                f"learning_rate: {learning_rate!r}, but it should be a number above 0"
            )
        if self.clip_norm is not None and not 0 < self.clip_norm < math.inf:
            raise SettingsError(f"clip_norm: {self.clip_norm!r}, but it should be a number above 0")
        if not 0 <= self.validation_split < 1:
            raise SettingsError(
                f"validation_split: {self.validation_split!r}, "
                "but it should be at least 0 and less than 1"
            )

    def _complete_corpus(self) -> None:
        """Make paths absolute, fill in the cipher and its key."""
        if self.plaintext is not None:
            self.plaintext = abspath(self.plaintext)
        if self.ciphertext is None:
            cipher = make_cipher(self.cipher or "caesar", self.key)
            self.cipher, self.key = cipher.name, cipher.key
            return
        self.ciphertext = abspath(self.ciphertext)
        if self.plaintext is None:
            raise SettingsError("ciphertext: it should come with plaintext, the same sentences")
        if self.cipher is not None or self.key is not None:
            raise SettingsError(
                "cipher, key: not with ciphertext, whose sentences are enciphered already"
            )

    @property
    def deciphers(self) -> bool:
        """Whether the model learns to decipher, not to encipher."""
        return self.direction == DECRYPT

    def corpus(self) -> Corpus:
        """Read or make the corpus.

        Returns
        -------
        Corpus
            The sentences and their ciphers.

        Raises
        ------
        CorpusError
            A file does not hold what it should; the message names the file and the line.
        OSError
            A file cannot be read.
        """
        if self.plaintext is not None and self.ciphertext is not None:
            return read_pair(self.plaintext, self.ciphertext, self.sentences)
        assert self.cipher is not None
        cipher = make_cipher(self.cipher, self.key)
        if self.plaintext is not None:
            return enciphered(self.plaintext, cipher, self.sentences)
        return built_in(cipher, self.sentences)

    def continued(self, given: Mapping[str, Any]) -> Settings:
        """Return the settings with which to continue a run that was started with these.

        Parameters
        ----------
        given : mapping
            Settings asked for anew. `epochs` may change; the others can only be the same again.

        Returns
        -------
        Settings
            These, with the new `epochs`.

        Raises
        ------
        RunError
            Another setting is not what the run was started with.
        """
        changes = dict(given)
        if changes.get("cipher", self.cipher) != self.cipher:
            changes.setdefault("key", None)
        wanted = replace(self, **changes)
        for name in (field.name for field in fields(self) if field.name != "epochs"):
            if getattr(wanted, name) != getattr(self, name):
                raise RunError(
                    f"{name}: {getattr(wanted, name)!r}, but the run to resume was started with "
                    f"{getattr(self, name)!r}; leave it out, or start a new run elsewhere"
                )
        return wanted
