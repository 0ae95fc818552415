"""The product of lists of settings, and the name of each of its runs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from fastrnn.cipher.defaults import WITH_RANDOM_TEXT
from fastrnn.cipher.errors import SettingsError, brief
from fastrnn.cipher.settings import DEFAULTS, RANDOM, Settings

__all__ = ["Grid", "Point"]


#: Settings that are files, of which a directory's name holds no more than the last part.
FILES = ("plaintext", "ciphertext")

#: A value that stands in a directory's name as it is. What separates settings there, and what a
#: shell or a file system reads in its own way, are not in it.
PLAIN = re.compile(r"[A-Za-z0-9.+-]{1,40}")

#: What a directory may be called at most; file systems end at 255.
LONGEST = 200


@dataclass(frozen=True)
class Point:
    """One of the runs.

    Attributes
    ----------
    name : str
        What its directory is called.
    settings : Settings
        What it is told.
    """

    name: str
    settings: Settings


@dataclass(frozen=True)
class Grid:
    """A value or several for some settings, and their product.

    Attributes
    ----------
    values : dict of str to list
        For every setting that is given, the values to try, in the order of `Settings`.
    """

    values: dict[str, list[Any]]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Grid:
        """Return a grid, checked.

        Parameters
        ----------
        given : mapping
            For names of `Settings`, a value or an iterable of values, such as a list or an array.

        Returns
        -------
        Grid
            Of lists.

        Raises
        ------
        SettingsError
            A name is none of a setting, a list is empty, or a value is in it twice.
        """
        for name in given:
            if name not in DEFAULTS:
                raise SettingsError(
                    f"no setting; it should be one of {', '.join(DEFAULTS)}", (name,)
                )
        values = {name: _listed(given[name]) for name in DEFAULTS if name in given}
        for name, several in values.items():
            if not several:
                raise SettingsError("no value, but it should be one or several", (name,))
            for place, value in enumerate(several):
                if value in several[:place]:
                    raise SettingsError(
                        f"{brief(value)} is there twice, but should be once", (name,)
                    )
        return cls(values)

    @property
    def varied(self) -> tuple[str, ...]:
        """The settings with several values."""
        return tuple(name for name, several in self.values.items() if len(several) > 1)

    def points(self) -> list[Point]:
        """Return the runs of the product.

        Returns
        -------
        list of Point
            The last setting changes fastest.

        Raises
        ------
        SettingsError, InvalidKeyError
            Values are out of their range or do not go together, or make the same run twice.
        """
        # A setting that never varies is part of the name too, unless it is the default: so a
        # second sweep beside a first finds its names free. More epochs are the same run, longer.
        # With random keys other defaults hold.
        chosen = WITH_RANDOM_TEXT if RANDOM in self.values.get("key", []) else {}
        told = [
            name
            for name, several in self.values.items()
            if len(several) > 1
            or (name != "epochs" and (several[0] != DEFAULTS[name] or name in chosen))
        ]
        points: dict[tuple[Any, ...], Point] = {}
        for choice in product(*self.values.values()):
            given = dict(zip(self.values, choice, strict=True))
            settings = Settings(**given)
            point = Point(_name(settings, given, told), settings)
            same = points.setdefault(astuple(settings), point)
            if same is not point:
                raise SettingsError(f"two values make the same run, {same.name}", self.varied)
        return [*points.values()]


def _listed(given: Any) -> list[Any]:
    """Return a value, or several, as a list of Python's own types."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        given = [given]
    return [value.item() if hasattr(value, "item") else value for value in given]


def _name(settings: Settings, given: Mapping[str, Any], told: list[str]) -> str:
    """Return the name of a run's directory, which no other settings give."""
    parts = []
    for name in told:
        # What was given, where that is None: the setting has its default by now.
        value = None if given[name] is None else getattr(settings, name)
        parts.append(f"{name.replace('_', '-')}-{_text(name, value)}")
    whole = "_".join(parts) or "default"
    return whole if len(whole) <= LONGEST else f"{whole[:LONGEST]}~{_digest(whole)}"


def _text(name: str, value: Any) -> str:
    text = "none" if value is None else str(value)
    if name not in FILES and PLAIN.fullmatch(text):
        return text
    readable = Path(text).stem if name in FILES else text
    return f"{re.sub(r'[^A-Za-z0-9.+-]+', '-', readable)[:40]}~{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
