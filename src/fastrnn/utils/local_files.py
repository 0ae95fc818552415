"""Files in Keras's download cache; fastrnn downloads nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file in the cache, where Keras or the user has put it.

    Parameters
    ----------
    fname : str or path, optional
        Name of the file, or its whole path; the last part of `origin` if left out.
    origin : str, optional
        URL of the file, for the error message if the file is missing.
    untar, extract : bool, default False
        Whether to unpack the archive next to it, and return the folder, as in Keras 3.  Its content
        is also accessible next to the archive, where Keras 2 unpacks it.
    md5_hash, file_hash : str, optional
        Expected hash of the file; `hash_algorithm` is ``"md5"`` or ``"sha256"``, and ``"auto"``
        decides by the length.
    cache_subdir : str, default "datasets"
        Folder within `cache_dir`.
    archive_format : str, default "auto"
        ``"tar"``, ``"zip"``, or ``"auto"`` to decide by the content.
    cache_dir : str or path, optional
        ``$KERAS_HOME``, or ``~/.keras``, if left out.
    force_download : bool, default False
        Must be False: nothing is downloaded.

    Returns
    -------
    str
        Path of the file, or of the folder with the unpacked content.

    Raises
    ------
    FileNotFoundError
        If the file is missing; the message says where to get it and where to put it.
    ValueError
        If the hash or the format of the archive differs.

    Examples
    --------
    >>> path = get_file("imdb.npz")  # doctest: +SKIP
    """
    if force_download:
        raise ValueError("force_download is True; fastrnn downloads nothing, it should be False")
    if fname is None:
        if not origin:
            raise ValueError("fname and origin were both left out; give one of them")
        fname = origin.split("?")[0].rsplit("/", 1)[-1]
    home = Path(cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    path = home / cache_subdir / fname
    archived = extract or untar
    folder = path.with_name(f"{path.name}_extracted")  # its name in Keras 3
    if archived and folder.is_dir():
        _show_beside(folder)
        return str(folder)
    names = [path.name, f"{path.name}_archive", f"{path.name}.tar.gz"] if archived else [path.name]
    found = next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)
    if found is None:
        source = f"download {origin} and " if origin else ""
        raise FileNotFoundError(f"{path} is not there: {source}put the file in that place")
    is_md5 = md5_hash is not None and file_hash is None
    _check_hash(found, md5_hash if is_md5 else file_hash, "md5" if is_md5 else hash_algorithm)
    if archived:
        _unpack(found, folder, "tar" if untar else archive_format)
        _show_beside(folder)
        return str(folder)
    return str(found)


def _show_beside(folder: Path) -> None:
    """Link the content of a folder next to it; existing files are kept."""
    for entry in folder.iterdir():
        place = folder.parent / entry.name
        if os.path.lexists(place):
            continue
        try:
            place.symlink_to(Path(folder.name) / entry.name, target_is_directory=entry.is_dir())
        except OSError:  # links are not supported, or not allowed
            if entry.is_dir():
                shutil.copytree(entry, place)
            else:
                shutil.copy2(entry, place)


def _check_hash(path: Path, expected: str | None, algorithm: str) -> None:
    if expected is None:
        return
    if algorithm == "auto":
        algorithm = "sha256" if len(expected) == 64 else "md5"
    if algorithm not in ("md5", "sha256"):
        raise ValueError(f'hash_algorithm is {algorithm!r}; it should be "md5", "sha256" or "auto"')
    with path.open("rb") as file:
        found = hashlib.new(algorithm, usedforsecurity=False)
        while piece := file.read(1 << 20):
            found.update(piece)
    if found.hexdigest() != expected.lower():
        raise ValueError(
            f"{path} has the {algorithm} hash {found.hexdigest()}, expected {expected}: "
            "the file is damaged, or another version"
        )


def _unpack(path: Path, folder: Path, archive_format: str) -> None:
    """Unpack an archive into a folder, completely or not at all."""
    kind = "tar" if tarfile.is_tarfile(path) else "zip" if zipfile.is_zipfile(path) else None
    if kind is None or archive_format not in ("auto", kind):
        raise ValueError(f"{path} is {kind or 'no archive'}; archive_format is {archive_format!r}")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as scratch:
        partial = Path(scratch) / folder.name
        if kind == "tar":
            with tarfile.open(path) as archive:
                _extract(archive, partial)
        else:
            with zipfile.ZipFile(path) as members:
                members.extractall(partial)  # keeps absolute paths and ".." inside the folder
        partial.rename(folder)


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack an archive, but nothing that leads out of the folder."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    # Python before 3.10.12 and 3.11.4 has no filters.
    top = folder.resolve()
    for member in archive.getmembers():
        if not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name!r} is neither a file nor a folder")
        if not (top / member.name).resolve().is_relative_to(top):
            raise tarfile.TarError(f"{member.name!r} would be extracted outside the destination")
    archive.extractall(folder)
