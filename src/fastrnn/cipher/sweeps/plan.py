"""The directory of each run of a sweep, new or there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple
from pathlib import Path

from fastrnn.cipher.directory import RunDirectory
from fastrnn.cipher.errors import RunError, brief
from fastrnn.cipher.settings import Settings
from fastrnn.cipher.sweeps.grid import Point

__all__ = ["directories"]


def directories(folder: Path, points: Sequence[Point]) -> list[Path]:
    """Return where the runs of a sweep are kept, or will be.

    A run that is in `folder` already, under the name that another sweep gave it, stays there.

    Parameters
    ----------
    folder : Path
        Of the sweep; it need not exist.
    points : sequence of Point
        The runs.

    Returns
    -------
    list of Path
        One for each.

    Raises
    ------
    RunError
        A directory holds a run with other settings.
    """
    there = dict(_there(folder))
    own = {folder / point.name for point in points}
    elsewhere = {astuple(settings): path for path, settings in there.items() if path not in own}
    paths = []
    for point in points:
        path = folder / point.name
        if path in there:
            _check(path, there[path], point.settings)
        else:
            path = elsewhere.get(astuple(point.settings), path)
        paths.append(path)
    return paths


def _there(folder: Path) -> Iterator[tuple[Path, Settings]]:
    """Yield the runs in a folder; what is damaged is told when it is needed."""
    for file in sorted(folder.glob("*/config.json")):
        with suppress(RunError, OSError):
            yield file.parent, RunDirectory(file.parent).read_config().settings


def _check(path: Path, there: Settings, wanted: Settings) -> None:
    """Check that the run in a directory is the one that is wanted, or its beginning."""
    for name, value in asdict(wanted).items():
        other = getattr(there, name)
        if name == "epochs" and value < other:
            raise RunError(
                f"{path}: holds a run of {other} epochs, but the sweep has {value}; "
                "epochs can only become more, so give another directory with --out"
            )
        if name != "epochs" and value != other:
            raise RunError(
                f"{brief(value)}, but {path} holds a run with {brief(other)}; "
                "give another directory with --out",
                (name,),
            )
