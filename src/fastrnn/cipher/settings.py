"""The settings of a training run: its corpus, its model, its schedule."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from fastrnn.cipher.ciphers import CIPHERS, OPTIONS, Cipher, make_cipher
from fastrnn.cipher.corpus import Corpus, built_in, enciphered, read_pair
from fastrnn.cipher.defaults import (
    CHOSEN,
    CONSTANT,
    COSINE,
    LONG_MEMORY,
    SCHEDULES,
    USUAL,
    with_random_keys,
)
from fastrnn.cipher.errors import RunError, SettingsError, brief, nearest
from fastrnn.cipher.network import CELLS, GATED, INPUTS, ONE_HOT
from fastrnn.cipher.values import float_of, number, path_of, whole
from fastrnn.splitting import held_out_from

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

#: The settings that are whole numbers, with the least that each may be.
WHOLE = {
    "sentences": 1,
    "units": 1,
    "readout": 0,
    "epochs": 1,
    "batch_size": 1,
    "warmup_steps": 0,
    "seed": 0,
}

#: Those of them that may be left out.
OPTIONAL = ("sentences", "readout")

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
        How many sentences to take: by default all of the files, 10,001 of the built-in corpus, or
        100,000 of random letters, some held out and the others drawn afresh in every epoch.
    cipher, key : str, optional
        The cipher and its key; Caesar's and the cipher's own default where left out. Not with
        `ciphertext`, which is enciphered already.
        ``"random"`` for another one in every sample, which the network is shown in front of the
        message, so that it learns the cipher itself. Then the defaults of the network and of its
        training are others, see below.
    key_length : int, optional
        The most letters of a random key; shorter ones are padded. 6, or what the cipher asks for.
    text : str
        With random keys, what is enciphered: sentences, ``"corpus"``, or letters drawn one by one,
        ``"random"``.
    text_length : int, optional
        How many of these letters; 20.
    curriculum : float
        With random keys, the share of all epochs in which only the beginning of each message is
        trained on: 6 characters at first, then more and more of them. 0, or 0.1 with random
        letters, but 0 with an Enigma.
    rotors, reflector, rings, plugboard : str, optional
        Of the Enigma, see `fastrnn.cipher.Enigma`; its own defaults where left out.
    direction : str
        What to learn: to decipher, ``"decrypt"``, or to encipher, ``"encrypt"``.
    cell : str
        The recurrent layer: ``"gru"``, ``"rnn"`` or ``"lstm"``; gru, or lstm with random keys.
    units : int
        The size of its state: 64, or 256.
    forget_bias : float, optional
        What the bias of the gate that keeps the state begins with, see
        `fastrnn.initializers.ForgetBias`; the layer's own default where left out: 1 for an LSTM, 0
        for a GRU. An LSTM with random keys begins with 3.
    readout : int, optional
        The size of the layers between the state and the answer. A projection of the character that
        goes in is multiplied by one of the state, normalized and projected, five times over, each
        time with another projection of the state. 0, the default, is none: the answer is a linear
        function of the state. With random keys of an Enigma, 512. The training then also tells the
        network what the windows of the rotors show at each letter, and the projections are of what
        it takes them to show.
    input : str
        How a character goes in: ``"one-hot"``, a feature for every character, ``"scalar"``, its
        number as one feature, or ``"embedding"``, features that are learned.
    epochs : int
        How often to go through the sentences: 5; with random keys 200, or 40 with random letters,
        16 for an Enigma.
    batch_size : int
        Sentences a step: 32, or 128 with random keys.
    learning_rate : float
        Of Adam: 0.001, or 0.004 with random keys, 0.003 for an Enigma.
    schedule : str
        ``"constant"``, or ``"cosine"``, the default with random keys: the learning rate falls to 0
        at the end of all epochs.
    warmup_steps : int
        With ``"cosine"``, in how many steps the learning rate rises to its full size at first; 0,
        or 100 with random keys of an Enigma.
    clip_norm : float, optional
        The greatest length of the gradient; a longer one is shortened to it. None, or 1.
    validation_split : float
        The fraction of the sentences, the last ones, to hold out: 0.2, or 0.04 with random letters.
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
    curriculum: float = CHOSEN
    rotors: str | None = None
    reflector: str | None = None
    rings: str | None = None
    plugboard: str | None = None
    direction: str = DECRYPT
    cell: str = CHOSEN
    units: int = CHOSEN
    forget_bias: float | None = None
    readout: int | None = None
    input: str = ONE_HOT
    epochs: int = CHOSEN
    batch_size: int = CHOSEN
    learning_rate: float = CHOSEN
    schedule: str = CHOSEN
    warmup_steps: int = CHOSEN
    clip_norm: float | None = None
    validation_split: float = CHOSEN
    seed: int = 0

    def __post_init__(self) -> None:
        self._choose()
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
            if name not in OPTIONAL or getattr(self, name) is not None:
                setattr(self, name, whole(name, getattr(self, name), least))
        self.learning_rate = number("learning_rate", self.learning_rate)
        if self.clip_norm is not None:
            self.clip_norm = number("clip_norm", self.clip_norm)
        if self.forget_bias is not None:
            self._check_forget_bias()
        for name in ("validation_split", "curriculum"):
            part = float_of(getattr(self, name))
            if part is None or not 0 <= part < 1:
                raise SettingsError(
                    f"{brief(getattr(self, name))}, but it should be at least 0 and less than 1",
                    (name,),
                )
            setattr(self, name, part)
        if self.warmup_steps and self.schedule != COSINE:
            raise SettingsError("it should come with --schedule cosine", ("warmup_steps",))
        self._complete_corpus()
        self._complete_random_keys()

    def _choose(self) -> None:
        """Fill in the defaults that depend on the task."""
        kind = CIPHERS.get(self.cipher) if isinstance(self.cipher, str) else None
        chosen = USUAL
        if self.has_random_keys:
            has_windows = kind is not None and kind.windows > 0
            chosen = with_random_keys(self.text == LETTERS, has_windows, self.schedule)
        for name, value in chosen.items():
            if getattr(self, name) is None:
                setattr(self, name, value)
        if self.has_random_keys and self.cell == "lstm" and self.forget_bias is None:
            self.forget_bias = LONG_MEMORY

    def _check_forget_bias(self) -> None:
        """Check that it is a number, and that there is such a gate."""
        if self.cell not in GATED:
            raise SettingsError(
                f"a cell {self.cell} has no gate that keeps its state; leave it out, or use "
                f"{' or '.join(GATED)}",
                ("forget_bias", "cell"),
            )
        bias = float_of(self.forget_bias)
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
                value = path_of(name, value)
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
        self.key_length = whole("key_length", self.key_length, fewest)
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
            self.text_length = whole(
                "text_length", MESSAGE_LETTERS if self.text_length is None else self.text_length, 1
            )
            if self.plaintext is not None:
                raise SettingsError("the two do not go together", ("plaintext", "text"))
            self._check_enough()
        elif self.text_length is not None:
            raise SettingsError("it should come with --text random", ("text_length",))

    def _check_enough(self) -> None:
        """Check that there is a random text to train on, and one to hold out if that is wanted."""
        samples, held_out = self.drawn_samples
        if not samples or (self.validation_split and not held_out):
            least = 2
            while not all(_divided(least, self.validation_split)):
                least *= 2
            raise SettingsError(
                f"{self.sentences} random texts are too few to hold out a fraction of "
                f"{self.validation_split}; ask for {least} or more, or change the fraction",
                ("sentences", "validation_split"),
            )

    @property
    def drawn_samples(self) -> tuple[int, int]:
        """With random texts, how many an epoch has to train on, and how many are held out."""
        assert self.sentences is not None
        return _divided(self.sentences, self.validation_split)

    @property
    def windows(self) -> int:
        """Of how many windows of a machine the network is taught what they show."""
        if not self.readout or not self.has_random_keys:
            return 0
        return self.with_key().windows

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
        is_built_in = self.plaintext is None and self.text == CORPUS
        if is_built_in and (self.sentences or 0) > MOST_BUILT_IN:
            raise SettingsError(
                f"{brief(self.sentences)}, but of the built-in corpus there are at most "
                f"{MOST_BUILT_IN}; ask for fewer, or give files",
                ("sentences",),
            )

    @property
    def title(self) -> str:
        """What was trained on what, for the title of a picture."""
        network = f"{self.cell} of {self.units} units"
        if self.has_random_keys and self.text == LETTERS:
            return f"{network}, on random letters, {self.cipher} with random keys"
        files = [os.path.basename(file) for file in (self.plaintext, self.ciphertext) if file]
        corpus = " and ".join(files) or "the built-in corpus"
        cipher = "" if self.cipher is None else f", {self.cipher} with key {self.key}"
        return f"{network}, on {corpus}{cipher}"

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
DEFAULTS = {field.name: USUAL.get(field.name, field.default) for field in fields(Settings)}


def _divided(count: int, share: float) -> tuple[int, int]:
    """Return how many of so many are trained on, and how many are held out."""
    samples = held_out_from(count, share)
    return samples, count - samples
