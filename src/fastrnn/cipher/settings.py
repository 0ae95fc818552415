"""The settings of a training run: its corpus, its model, its schedule."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from operator import index
from typing import Any

from fastrnn.cipher.ciphers import OPTIONS, Cipher, make_cipher
from fastrnn.cipher.corpus import Corpus, built_in, enciphered, read_pair
from fastrnn.cipher.errors import RunError, SettingsError, brief, nearest
from fastrnn.cipher.network import CELLS, GATED, INPUTS, ONE_HOT

__all__ = ["CORPUS", "DECRYPT", "DIRECTIONS", "ENCRYPT", "RANDOM", "Settings"]

DECRYPT, ENCRYPT = DIRECTIONS = ("decrypt", "encrypt")

#: The key that is another one in every sample. The word is a key, too, in capitals.
RANDOM = "random"

#: Where the messages with random keys come from: the sentences, or letters without a sense.
CORPUS, LETTERS = TEXTS = ("corpus", "random")

#: Letters of a random key at most, and of a message of random letters, where nothing else is said.
KEY_LETTERS, MESSAGE_LETTERS = 6, 20

#: With fewer keys than this none can be held out: a network would never see some letters as a key.
FEWEST_KEYS = 100

#: How the learning rate goes on from its start.
CONSTANT, COSINE = SCHEDULES = ("constant", "cosine")

#: The settings that are whole numbers, with the least that each may be.
WHOLE = {"sentences": 1, "units": 1, "epochs": 1, "batch_size": 1, "seed": 0}

#: What they may be at most; a seed may be anything.
MOST = 2**31 - 1

#: Sentences of the built-in corpus that a run may ask for: they are all in memory.
MOST_BUILT_IN = 200_000

#: The settings that name files.
FILES = ("plaintext", "ciphertext")


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
        ``"random"`` for another one in every sample, which the network is shown in front of the
        message, so that it learns the cipher itself.
    key_length : int, optional
        The most letters of a random key; shorter ones are padded. 6, or what the cipher asks for.
    text : str
        With random keys, what is enciphered: sentences, ``"corpus"``, or letters drawn one by one,
        ``"random"``.
    text_length : int, optional
        How many of these letters; 20.
    curriculum : float
        With random keys, the share of all epochs in which only the beginning of each message is
        trained on: 6 characters at first, then more and more of them.
    rotors, reflector, rings, plugboard : str, optional
        Of the Enigma, see `fastrnn.cipher.Enigma`; its own defaults where left out.
    direction : str
        What to learn: to decipher, ``"decrypt"``, or to encipher, ``"encrypt"``.
    cell : str
        The recurrent layer: ``"gru"``, ``"rnn"`` or ``"lstm"``.
    units : int
        The size of its state.
    forget_bias : float, optional
        What the bias of the gate that keeps the state begins with, see
        `fastrnn.initializers.ForgetBias`; the layer's own default where left out: 1 for an LSTM, 0
        for a GRU.
    input : str
        How a character goes in: ``"one-hot"``, a feature for every character, ``"scalar"``, its
        number as one feature, or ``"embedding"``, features that are learned.
    epochs : int
        How often to go through the sentences.
    batch_size : int
        Sentences a step.
    learning_rate : float
        Of Adam.
    schedule : str
        ``"constant"``, or ``"cosine"``: the learning rate falls to 0 at the end of all epochs.
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

    Examples
    --------
    >>> settings = Settings(cell="lstm", epochs=8)
    >>> settings.cell, settings.units, settings.cipher, settings.key
    ('lstm', 64, 'caesar', '5')
    """

    plaintext: str | None = None
    ciphertext: str | None = None
    sentences: int | None = None
    cipher: str | None = None
    key: str | None = None
    key_length: int | None = None
    text: str = CORPUS
    text_length: int | None = None
    curriculum: float = 0.0
    rotors: str | None = None
    reflector: str | None = None
    rings: str | None = None
    plugboard: str | None = None
    direction: str = DECRYPT
    cell: str = "gru"
    units: int = 64
    forget_bias: float | None = None
    input: str = ONE_HOT
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 0.001
    schedule: str = CONSTANT
    clip_norm: float | None = None
    validation_split: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in (
            ("cell", tuple(CELLS)),
            ("direction", DIRECTIONS),
            ("input", INPUTS),
            ("text", TEXTS),
            ("schedule", SCHEDULES),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise SettingsError(
                    f"{brief(value)}, but it should be one of {', '.join(choices)}"
                    f"{nearest(str(value), choices)}",
                    (name,),
                )
        for name, least in WHOLE.items():
            if name != "sentences" or self.sentences is not None:
                setattr(self, name, _whole(name, getattr(self, name), least))
        self.learning_rate = _number("learning_rate", self.learning_rate)
        if self.clip_norm is not None:
            self.clip_norm = _number("clip_norm", self.clip_norm)
        if self.forget_bias is not None:
            self._check_forget_bias()
        for name in ("validation_split", "curriculum"):
            part = _float(getattr(self, name))
            if part is None or not 0 <= part < 1:
                raise SettingsError(
                    f"{brief(getattr(self, name))}, but it should be at least 0 and less than 1",
                    (name,),
                )
            setattr(self, name, part)
        self._complete_corpus()
        self._complete_random_keys()

    def _check_forget_bias(self) -> None:
        """Check that it is a number, and that there is such a gate."""
        if self.cell not in GATED:
            raise SettingsError(
                f"a cell {self.cell} has no gate that keeps its state; leave it out, or use "
                f"{' or '.join(GATED)}",
                ("forget_bias", "cell"),
            )
        bias = _float(self.forget_bias)
        if bias is None or not math.isfinite(bias):
            raise SettingsError(
                f"{brief(self.forget_bias)}, but it should be a number", ("forget_bias",)
            )
        self.forget_bias = bias

    def _complete_corpus(self) -> None:
        """Make paths absolute, fill in the cipher and its key."""
        for name in ("plaintext", "ciphertext", "cipher", "key", *OPTIONS):
            value = getattr(self, name)
            if value is not None and name in FILES:
                value = _path(name, value)
                setattr(self, name, value)
            # A key may be a number; its cipher says whether it will do.
            if not isinstance(value, (str, int) if name == "key" else str) and value is not None:
                raise SettingsError(f"{brief(value)}, but it should be a text", (name,))
        if self.ciphertext is None:
            self._check_size()
            cipher = self._cipher()
            self.cipher = cipher.name
            self.key = self.key if self.has_random_keys else cipher.key
            for name in cipher.options:
                setattr(self, name, getattr(cipher, name))
            return
        if self.plaintext is None:
            raise SettingsError(
                "the first should come with the second, the same sentences in plain text",
                ("ciphertext", "plaintext"),
            )
        given = tuple(
            name for name in ("cipher", "key", *OPTIONS) if getattr(self, name) is not None
        )
        if given:
            raise SettingsError(
                "the sentences of the first are enciphered already; leave out what follows it",
                ("ciphertext", *given),
            )

    def _complete_random_keys(self) -> None:
        """Fill in what goes with random keys, or check that nothing of it is there."""
        if not self.has_random_keys:
            for name in ("key_length", "text", "text_length", "curriculum"):
                if getattr(self, name) != DEFAULTS[name]:
                    raise SettingsError("it should come with --key random", (name,))
            return
        fewest, most = self.with_key().key_letters
        if self.key_length is None:
            self.key_length = most or KEY_LETTERS
        self.key_length = _whole("key_length", self.key_length, fewest)
        if most and self.key_length != most:
            raise SettingsError(
                f"{self.key_length}, but a key of this cipher has {most} letters", ("key_length",)
            )
        if self.validation_split and 26**self.key_length < FEWEST_KEYS:
            raise SettingsError(
                "so few keys there are that a network must see each; give longer ones, or "
                "--validation-split 0",
                ("key", "key_length"),
            )
        if self.text == LETTERS:
            self.text_length = _whole(
                "text_length", MESSAGE_LETTERS if self.text_length is None else self.text_length, 1
            )
            if self.plaintext is not None:
                raise SettingsError("the two do not go together", ("plaintext", "text"))
        elif self.text_length is not None:
            raise SettingsError("it should come with --text random", ("text_length",))

    @property
    def has_random_keys(self) -> bool:
        """Whether every sample has a key of its own."""
        return self.key == RANDOM and self.ciphertext is None

    def with_key(self, key: str | None = None) -> Cipher:
        """Return the cipher that these ask for, with a key; its default one where left out."""
        options = {name: getattr(self, name) for name in OPTIONS}
        return make_cipher(self.cipher or "caesar", key, **options)

    def _cipher(self) -> Cipher:
        """Return the cipher that these ask for; with random keys, its own key does not matter."""
        return self.with_key(None if self.has_random_keys else self.key)

    def _check_size(self) -> None:
        """Check that the built-in corpus, if it is that, is none that takes hours to make."""
        if self.plaintext is None and (self.sentences or 0) > MOST_BUILT_IN:
            raise SettingsError(
                f"{brief(self.sentences)}, but of the built-in corpus there are at most "
                f"{MOST_BUILT_IN}; ask for fewer, or give files",
                ("sentences",),
            )

    @property
    def title(self) -> str:
        """What was trained on what, for the title of a picture."""
        files = [os.path.basename(file) for file in (self.plaintext, self.ciphertext) if file]
        corpus = " and ".join(files) or "the built-in corpus"
        cipher = "" if self.cipher is None else f", {self.cipher} with key {self.key}"
        return f"{self.cell} of {self.units} units, on {corpus}{cipher}"

    @property
    def deciphers(self) -> bool:
        """Whether the model learns to decipher, not to encipher."""
        return self.direction == DECRYPT

    def corpus(self, end_counts: bool = False) -> Corpus:
        """Read or make the corpus.

        Parameters
        ----------
        end_counts : bool, default False
            As for `fastrnn.cipher.read_pair`.

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
            return read_pair(self.plaintext, self.ciphertext, self.sentences, end_counts=end_counts)
        cipher = self._cipher()
        if self.plaintext is not None:
            return enciphered(self.plaintext, cipher, self.sentences, end_counts=end_counts)
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
            # Of another cipher nothing stays, so that what differs is named.
            changes = {**dict.fromkeys(("key", "key_length", *OPTIONS)), **changes}
        if self.schedule != CONSTANT and changes.get("epochs", self.epochs) != self.epochs:
            raise RunError(
                f"{changes['epochs']}, but the learning rate of this run has come to its end after "
                f"{self.epochs}; start a new run elsewhere",
                ("epochs",),
            )
        wanted = replace(self, **changes)
        for name in (field.name for field in fields(self) if field.name != "epochs"):
            if getattr(wanted, name) != getattr(self, name):
                raise RunError(
                    f"{brief(getattr(wanted, name))}, but the run to resume was started with "
                    f"{brief(getattr(self, name))}; leave it out, or start a new run elsewhere",
                    (name,),
                )
        return wanted


#: The settings where nothing is said.
DEFAULTS = {field.name: field.default for field in fields(Settings)}


def _whole(name: str, value: Any, least: int) -> int:
    """Return a whole number of Python's own type."""
    try:
        number = least - 1 if isinstance(value, bool) else index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise SettingsError(
            f"{brief(value)}, but it should be a whole number of at least {least}", (name,)
        )
    if number > MOST and name != "seed":
        raise SettingsError(f"{brief(value)}, but it should be at most {MOST}", (name,))
    return number


def _number(name: str, value: Any) -> float:
    """Return a number above 0 of Python's own type."""
    number = _float(value)
    if number is None or not 0 < number < math.inf:
        raise SettingsError(f"{brief(value)}, but it should be a number above 0", (name,))
    return number


def _float(value: Any) -> float | None:
    """Return a number of Python's own type; None where it is no number, or too large for one."""
    if isinstance(value, (str, bytes, bool)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _path(name: str, value: Any) -> str:
    """Return the absolute path of a file."""
    try:
        path = os.path.abspath(os.fsdecode(value))
    except TypeError:
        path = "\0"
    if "\0" in path:
        raise SettingsError(f"{brief(value)}, but it should be the name of a file", (name,))
    return path
