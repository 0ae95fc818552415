"""The directory of a training run: which files it has, and how they are read and written."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from itertools import count
from os import PathLike
from pathlib import Path
from typing import Any

from fastrnn.cipher import history
from fastrnn.cipher.corpus import Corpus
from fastrnn.cipher.errors import HeldError, RunError, brief
from fastrnn.cipher.history import Epoch
from fastrnn.cipher.lock import Lock
from fastrnn.cipher.network import LETTERS, SCALAR, input_shape, weight_shapes
from fastrnn.cipher.settings import Settings
from fastrnn.cipher.values import MOST
from fastrnn.cipher.vocabulary import Vocabulary
from fastrnn.files import make_folder, remove_leftovers, replace_file
from fastrnn.models import Model

__all__ = ["Config", "RunDirectory"]

#: The version of ``config.json``. In runs of the first one, an empty line at the end of a file is
#: a sentence, and the accuracy of ``history.csv`` counts padding.
FORMAT = 2


@dataclass(frozen=True)
class Config:
    """What ``config.json`` says, enough to rebuild the model and to check a resumed run.

    Attributes
    ----------
    settings : Settings
        What the run was told.
    length : int
        Steps of the longest sentence, and of a key in front of it.
    plain, cipher : Vocabulary
        The characters of the plain texts and of the ciphers.
    fingerprint : str
        Of the corpus, see `fastrnn.cipher.survey.Survey`.
    format : int
        The version of ``config.json`` that the run was started with.
    """

    settings: Settings
    length: int
    plain: Vocabulary
    cipher: Vocabulary
    fingerprint: str
    format: int = FORMAT

    @property
    def key_length(self) -> int:
        """Steps in front of a sentence, in which the model is shown its key."""
        return self.settings.key_length or 0

    @property
    def text_length(self) -> int:
        """Characters of the longest sentence."""
        return self.length - self.key_length

    @property
    def source(self) -> Vocabulary:
        """The characters that go into the model."""
        return self.cipher if self.settings.deciphers else self.plain

    @property
    def target(self) -> Vocabulary:
        """The characters that come out of it."""
        return self.plain if self.settings.deciphers else self.cipher

    @property
    def weight_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the weights of a model of the run."""
        told, sizes = self.settings, (len(self.source), len(self.target))
        return weight_shapes(told.cell, told.units, *sizes, told.input, told.readout, told.windows)

    def check_model(self, model: Model, file: Path) -> None:
        """Check that a model that was read from a file is one of this run.

        Raises
        ------
        RunError
            It is not: what follows may then cost more than the file does.
        """
        wanted = (
            (None, *input_shape(self.length, self.settings.input)),
            [(None, self.length, len(self.target))]
            + self.settings.windows * [(None, self.length, LETTERS)],
        )
        shapes = [weights.shape for weights in model.get_weights()]
        outputs = [tensor.shape for tensor in model.outputs]
        if (model.input_shape, outputs) != wanted or shapes != self.weight_shapes:
            raise RunError(
                f"{file}: a model of another run than config.json; "
                "put the files of one run together again"
            )

    def sides(self, corpus: Corpus) -> tuple[Sequence[str], Sequence[str]]:
        """Return the texts that go into the model, and those that should come out."""
        plain, cipher = corpus.plaintexts, corpus.ciphertexts
        return (cipher, plain) if self.settings.deciphers else (plain, cipher)

    def to_json(self) -> str:
        """Return the text of ``config.json``."""
        content = {
            "format": self.format,
            "settings": asdict(self.settings),
            "length": self.length,
            "characters": {"plain": self.plain.characters, "cipher": self.cipher.characters},
            "corpus": self.fingerprint,
        }
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Return what the text of a ``config.json`` says.

        Parameters
        ----------
        text : str
            What `to_json` returned.

        Returns
        -------
        Config
            Its content.

        Raises
        ------
        ValueError
            The text is nothing of that kind; the message says why.
        """
        try:
            content = json.loads(text)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        content = _mapping("its content", content)
        names = {"format", "settings", "length", "characters", "corpus"}
        _check_names("its content", content, names, names)
        format, length = content["format"], content["length"]
        if not _is_whole(format) or not 1 <= format <= FORMAT:
            raise ValueError(f"format: {brief(format)}, but it should be 1 to {FORMAT}")
        if not _is_whole(length) or not 1 <= length <= MOST:
            raise ValueError(
                f"length: {brief(length)}, but it should be a whole number, 1 to {MOST}"
            )
        settings = dict(_mapping("settings", content["settings"]))
        if format < 2:
            # Runs older than this setting.
            settings.setdefault("input", SCALAR)
        settings.setdefault("warmup_steps", 0)
        _check_names("settings", settings, {field.name for field in fields(Settings)})
        characters = _mapping("characters", content["characters"])
        _check_names("characters", characters, {"plain", "cipher"}, {"plain", "cipher"})
        fingerprint = content["corpus"]
        if not isinstance(fingerprint, str):
            raise ValueError(f"corpus: {brief(fingerprint)}, but it should be a text")
        return cls(
            Settings(**settings),
            length,
            _vocabulary("plain", characters["plain"]),
            _vocabulary("cipher", characters["cipher"]),
            fingerprint,
            format,
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name}: {brief(value)}, but it should be an object with names")
    return value


def _check_names(
    name: str, found: dict[str, Any], known: set[str], needed: set[str] | None = None
) -> None:
    """Check that an object has the names that it should have, and no others."""
    for missing in sorted((needed or set()) - found.keys()):
        raise ValueError(f"{missing}: missing")
    for unknown in found.keys() - known:
        raise ValueError(f"{name}: has {brief(unknown)}, which means nothing here")


def _vocabulary(name: str, characters: Any) -> Vocabulary:
    if not isinstance(characters, str):
        raise ValueError(f"characters: {brief(characters)}, but it should be a text")
    vocabulary = Vocabulary([characters])
    if vocabulary.characters != characters:
        raise ValueError(f"characters: one of {name} stands there twice, or as a capital")
    return vocabulary


def _text(file: Path) -> str:
    """Return what a file says; one without an end, such as a device or a pipe, is refused."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise ValueError("it is no regular file")
    return file.read_text(encoding="utf-8")


class RunDirectory:
    """The files of a run.

    ==================== ==========================================================
    ``config.json``      the settings, the characters, what corpus it was
    ``history.csv``      a row an epoch
    ``best.safetensors`` the model of the epoch with the least ``val_loss``
    ``last.safetensors`` the model and the optimizer after the last epoch
    ``history.png``      a picture of ``history.csv``, where matplotlib is installed
    ``plot.png``         the same and where the model is wrong, if it was asked for
    ==================== ==========================================================

    Parameters
    ----------
    path : str or path-like
        The directory.

    Examples
    --------
    >>> directory = RunDirectory("run")
    >>> directory.best_file.name, directory.is_new()
    ('best.safetensors', True)
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self._lock: Lock | None = None
        self.config_file = self.path / "config.json"
        self.history_file = self.path / "history.csv"
        self.best_file = self.path / "best.safetensors"
        self.last_file = self.path / "last.safetensors"
        self.history_plot_file = self.path / "history.png"
        self.plot_file = self.path / "plot.png"

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"RunDirectory({str(self.path)!r})"

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that a run may have."""
        return (
            self.config_file,
            self.history_file,
            self.best_file,
            self.last_file,
            self.history_plot_file,
            self.plot_file,
        )

    def hold(self, patience: float = 0.0) -> None:
        """Lock the directory until `release`, or the end of the process.

        Parameters
        ----------
        patience : float
            Seconds to wait for another process to end.

        Raises
        ------
        RunError
            Another process has the directory, or another training of this one.
        OSError
            There is no such directory.
        """
        if self._lock is None:
            self._lock = Lock(self.path, patience)

    def release(self) -> None:
        """Release the lock of the directory."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def is_new(self) -> bool:
        """Return whether nothing of a run is there: no directory, or one that is empty.

        Raises
        ------
        RunError
            There is a file in place of the directory, or files in it, but no ``config.json``.
        """
        if self.config_file.exists():
            return False
        try:
            names = sorted(
                name for name in os.listdir(self.path) if not name.startswith(".fastrnn-")
            )
        except FileNotFoundError:
            return True
        except NotADirectoryError:
            raise self._no_directory() from None
        if names:
            raise RunError(
                f"{self}: no training run is there, but other files, such as {names[0]}; "
                "name the directory of a run, or one that is empty or does not exist"
            )
        return True

    def _no_directory(self) -> RunError:
        return RunError(f"{self}: is a file, but should be a directory; give another name")

    @classmethod
    def fresh(cls, path: str | PathLike[str], patience: float = 0.0) -> RunDirectory:
        """Make the directory of a new run; an existing one may hold anything but a run.

        Parameters
        ----------
        path : str or path-like
            The directory.
        patience : float
            As for `hold`.

        Returns
        -------
        RunDirectory
            Which has none of a run's files, and is held.

        Raises
        ------
        RunError
            There is a file of another run, which would be overwritten, or a file in place of the
            directory, or another process is writing there.
        OSError
            The directory cannot be made.
        """
        directory = cls(path)
        if directory.path.exists() and not directory.path.is_dir():
            raise directory._no_directory()
        make_folder(directory.path)
        directory.hold(patience)
        for file in directory.files:
            if file.exists():
                directory.release()
                raise RunError(
                    f"{directory}: holds a run already ({file.name}); continue it with --resume, "
                    "or give another directory with --out"
                )
        remove_leftovers(directory.path)
        return directory

    @classmethod
    def numbered(cls, path: str | PathLike[str]) -> RunDirectory:
        """Make a new directory: `path`, or where that exists `path` with -2, -3 ... behind it.

        Parameters
        ----------
        path : str or path-like
            The first name to try.

        Returns
        -------
        RunDirectory
            Which is empty, and held.

        Raises
        ------
        OSError
            The directory cannot be made.
        """
        first = Path(path)
        make_folder(first.parent)
        for number in count(2):
            if not os.path.lexists(first):
                make_folder(first)
                directory = cls(first)
                with suppress(HeldError):  # another process was faster
                    directory.hold()
                    if not os.listdir(first):
                        return directory
                    directory.release()
            first = Path(f"{os.fspath(path)}-{number}")
        raise AssertionError("numbers have no end")

    def read_config(self) -> Config:
        """Return what ``config.json`` says.

        Returns
        -------
        Config
            Its content.

        Raises
        ------
        RunError
            The directory is none of a run, or the file is damaged.
        """
        try:
            with self._told(self.config_file):
                return Config.from_json(_text(self.config_file))
        except (FileNotFoundError, NotADirectoryError):
            raise RunError(
                f"{self}: no training run is there (it has no config.json); "
                "name a directory that fastrnn cipher train wrote"
            ) from None

    def write_config(self, config: Config) -> None:
        """Write ``config.json``."""
        replace_file(self.config_file, config.to_json().encode())

    def read_history(self) -> list[Epoch]:
        """Return the rows of ``history.csv``, none where there is no such file.

        Returns
        -------
        list of Epoch
            The rows.

        Raises
        ------
        RunError
            The file is damaged.
        """
        try:
            with self._told(self.history_file):
                return history.from_csv(_text(self.history_file))
        except FileNotFoundError:
            return []

    def write_history(self, epochs: list[Epoch]) -> None:
        """Write ``history.csv``."""
        replace_file(self.history_file, history.to_csv(epochs).encode())

    def write_history_plot(self, picture: bytes) -> None:
        """Write ``history.png``."""
        replace_file(self.history_plot_file, picture)

    @staticmethod
    @contextmanager
    def _told(file: Path) -> Iterator[None]:
        """Turn the complaint of a parser into one that names the file."""
        try:
            yield
        except ValueError as error:
            raise RunError(f"{file}: damaged ({error}); train again elsewhere") from None
