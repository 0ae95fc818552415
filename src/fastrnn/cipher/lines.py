"""Lines of text files of any size: found by an index and read when they are asked for."""

from __future__ import annotations

import os
import shutil
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, islice
from os import PathLike, fspath
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar, overload
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.errors import CorpusError

__all__ = ["Lines", "blocks", "code_points", "grouped", "lengths", "place_of", "take"]

T = TypeVar("T")

#: Every so many lines the index has the place of one: what lies between is read together, which
#: costs little more than one line alone, and keeps the index small beside the file.
STRIDE = 16

#: Places that an index has at most, 32 MiB of them: in a file of more lines, which can only be
#: short ones, they lie twice as far apart, or four times, or as far as it takes.
PLACES = 1 << 22

#: Bytes that are read at once to make the index, or to go through all lines.
CHUNK = 1 << 18

#: Lines that `grouped` puts together.
GROUP = 4096

_NEWLINE, _RETURN = b"\n\r"


class Lines(Sequence[str]):
    r"""The lines of a UTF-8 text file, or some of them; a slice is no copy.

    Lines end as in Python's text files, with ``"\n"``, ``"\r\n"`` or ``"\r"``, and a file that
    ends with such an end has an empty last line, as ``text.split("\n")`` has. A byte order mark is
    no part of the first line.

    Parameters
    ----------
    path : str or path-like
        The file. It is read once, to check it and to make the index, and stays open.

    Raises
    ------
    CorpusError
        The file is not UTF-8; the message names the line. When a line is read: the file has
        changed meanwhile.
    OSError
        The file cannot be read.

    Notes
    -----
    Takes some hundredths of the file's size of memory, and 32 MiB at most. Any number of threads
    and forked processes may read.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._file = _File(fspath(path))
        self._numbers = range(self._file.count)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, item: int) -> str: ...
    @overload
    def __getitem__(self, item: slice) -> Lines: ...
    def __getitem__(self, item: int | slice) -> str | Lines:
        if isinstance(item, slice):
            part = object.__new__(Lines)
            part._file, part._numbers = self._file, self._numbers[item]
            return part
        return self._file.line(self._numbers[item])

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(block.split("\n") for block in self.blocks())

    def blocks(self) -> Iterator[str]:
        """Yield all lines, many at a time, with line feeds between them."""
        numbers = self._numbers
        if numbers.step != 1:
            return map("\n".join, grouped(map(self._file.line, numbers)))
        return self._file.blocks(numbers.start, numbers.stop)

    def take(self, indices: NDArray[np.intp]) -> list[str]:
        """Return lines by their indices, from 0, in any order: faster than one by one."""
        return self._file.take(self._numbers.start + self._numbers.step * indices)

    def place(self, index: int) -> str:
        """Return where a line stands, as messages say it: the file and the line's number."""
        return f"{self._file.path}, line {self._numbers[index] + 1}"


class _File:
    """A file with its index: the places of lines as far apart as `stride` says, and the end.

    Attributes
    ----------
    path : str
        As it was given.
    count : int
        Lines.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        with ExitStack() as stack:
            source: BinaryIO = stack.enter_context(open(path, "rb"))
            if not source.seekable():
                pipe, source = source, stack.enter_context(TemporaryFile())
                shutil.copyfileobj(pipe, source)
                source.seek(0)
            self.count, self._stride, self._places = _index(source, path)
            self._descriptor = os.dup(source.fileno())
        #: What was read last, since the next line is often in it too.
        self._held: tuple[int, list[str]] = (-1, [])
        finalize(self, os.close, self._descriptor)

    def line(self, number: int) -> str:
        """Return a line."""
        place, within = divmod(number, self._stride)
        held, lines = self._held
        if held != place:
            lines = self._text(place, place + 1).split("\n")
            # In one assignment, so that another thread finds either the old or the new one.
            self._held = place, lines
        return lines[within]

    def take(self, numbers: NDArray[np.intp]) -> list[str]:
        """Return some lines."""
        if (np.diff(numbers) == 1).all():
            blocks = self.blocks(int(numbers[0]), int(numbers[-1]) + 1) if len(numbers) else ()
            return [line for block in blocks for line in block.split("\n")]
        places, within = np.divmod(numbers, self._stride)
        starts = self._places[places]
        sizes = self._places[places + 1] - starts
        found = []
        for number, start, size, index in zip(
            numbers.tolist(), starts.tolist(), sizes.tolist(), within.tolist(), strict=True
        ):
            # Of bytes, splitlines ends lines where text files do; of a str it knows other ends too.
            lines = os.pread(self._descriptor, size, start).splitlines()
            try:
                # Where the file ends, or has changed, it is not that simple.
                simple = len(lines) == self._stride
                found.append(lines[index].decode("utf-8") if simple else self.line(number))
            except UnicodeDecodeError:
                found.append(self.line(number))
        return found

    def blocks(self, start: int, stop: int) -> Iterator[str]:
        """Yield the lines from one number up to another, joined, about `CHUNK` bytes at a time."""
        while start < stop:
            first, skipped = divmod(start, self._stride)
            reach = np.searchsorted(self._places, self._places[first] + CHUNK, "right")
            last = min(max(int(reach) - 1, first + 1), -(-stop // self._stride))
            text, begin = self._text(first, last), start - skipped
            start = last * self._stride
            if skipped or start > stop:
                text = "\n".join(text.split("\n")[skipped : stop - begin])
            yield text

    def _text(self, first: int, last: int) -> str:
        """Return the lines from one place of the index up to another, with line feeds between."""
        start, end = int(self._places[first]), int(self._places[last])
        content = self._read(start, end - start)
        if b"\r" in content:
            content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = min(last * self._stride, self.count) - first * self._stride
        ends = lines - (last == len(self._places) - 1)
        try:
            # Where lines are short, this counts many times as fast as bytes.count.
            if np.count_nonzero(np.frombuffer(content, np.uint8) == _NEWLINE) == ends:
                # The line feed behind the last of these lines is not between two of them.
                return content[: len(content) - (ends == lines)].decode("utf-8")
        except UnicodeDecodeError:
            pass
        raise CorpusError(
            f"{self.path}, line {first * self._stride + 1} or behind it: changed since the file "
            "was opened; leave it as it is while it is read"
        )

    def _read(self, start: int, size: int) -> bytes:
        """Return that part of the file; less where it has become shorter."""
        parts = []
        while size and (part := os.pread(self._descriptor, size, start)):
            parts.append(part)
            start, size = start + len(part), size - len(part)
        return b"".join(parts)


def _index(source: BinaryIO, path: str) -> tuple[int, int, NDArray[np.int64]]:
    """Return how many lines a file has, and every how many of them it says where one begins.

    The third are these places, and the end.
    """
    check = getincrementaldecoder("utf-8")()
    begin = len(BOM_UTF8) if source.read(len(BOM_UTF8)) == BOM_UTF8 else 0
    source.seek(begin)
    places, kept, stride = [np.array([begin])], 1, STRIDE
    count, held = 1, b""
    while True:
        read = source.read(CHUNK)
        content = held + read
        # Whether a return at the end of a piece ends a line, the next piece will tell.
        held = b"\r" if read and content.endswith(b"\r") else b""
        content = content[: len(content) - len(held)]
        starts = begin + _ends(content) + 1
        try:
            check.decode(read, final=not read)
        except UnicodeDecodeError as error:
            # What the error counts from ends where this piece does.
            wrong = begin + len(content) + len(held) - len(error.object) + error.start
            line = count + int(np.searchsorted(starts, wrong, side="right"))
            raise CorpusError(
                f"{path}, line {line}: not UTF-8; save the file as UTF-8 text"
            ) from None
        # A copy: a view would keep all of them.
        places.append(starts[-count % stride :: stride].copy())
        kept += len(places[-1])
        count += len(starts)
        begin += len(content)
        while kept > PLACES:
            places = [np.concatenate(places)[::2].copy()]
            kept, stride = len(places[0]), 2 * stride
        if not read:
            return count, stride, np.concatenate([*places, [begin]])


def _ends(content: bytes) -> NDArray[np.int64]:
    """Return where lines end: at every line feed, and at a return that none follows."""
    codes = np.frombuffer(content, np.uint8)
    if b"\r" not in content:
        return np.flatnonzero(codes == _NEWLINE)
    followed = np.append(codes[1:] == _NEWLINE, False)
    return np.flatnonzero((codes == _NEWLINE) | ((codes == _RETURN) & ~followed))


def grouped(items: Iterable[T], size: int = GROUP) -> Iterator[list[T]]:
    """Yield lists of `size` items, of fewer at the end; no empty one."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def blocks(texts: Sequence[str]) -> Iterator[str]:
    """Yield texts of one line each, many at a time, with line feeds between them."""
    own: Callable[[], Iterator[str]] | None = getattr(texts, "blocks", None)
    return map("\n".join, grouped(texts)) if own is None else own()


def lengths(block: str) -> NDArray[np.int64]:
    """Return how many characters each line of what `blocks` yields has."""
    codes = code_points(block)
    return np.diff(np.flatnonzero(codes == _NEWLINE), prepend=-1, append=len(codes)) - 1


def code_points(text: str) -> NDArray[np.uint8] | NDArray[np.uint32]:
    """Return the numbers of the characters of `text`."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def take(texts: Sequence[str], indices: NDArray[np.intp]) -> list[str]:
    """Return texts by their indices, from 0."""
    own: Callable[[NDArray[np.intp]], list[str]] | None = getattr(texts, "take", None)
    return [texts[index] for index in indices.tolist()] if own is None else own(indices)


def place_of(texts: Sequence[str], index: int) -> str:
    """Return where the text of that index stands: its line, or else its number from 1."""
    place: Callable[[int], str] | None = getattr(texts, "place", None)
    return f"sentence {index + 1}" if place is None else place(index)
