"""No instruction of a level runs where the processor may lack it: seen in the built extensions.

A build is stripped of its names, but the tables of the kernels are still known by theirs. What can
be reached from the tables of AVX levels may use AVX; nothing else may.
"""

import bisect
import ctypes
import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastrnn._core
from fastrnn._core import kernels

OBJDUMP = shutil.which("objdump")
pytestmark = pytest.mark.skipif(
    OBJDUMP is None or not sys.platform.startswith("linux") or platform.machine() != "x86_64",
    reason="reads x86-64 code with objdump",
)

MODULES = sorted(
    path.name.partition(".")[0] for path in Path(fastrnn._core.__path__[0]).glob("*.so")
)
TYPES = ("f32", "f64")

#: What AVX2 has not: vectors of 64 bytes, vectors beyond the sixteenth, masks.
AVX512_REGISTER = re.compile(r"%zmm|%[xy]mm(?:1[6-9]|2\d|3[01])|%k[0-7]")


def objdump(*arguments):
    return subprocess.run(
        [OBJDUMP, *arguments], capture_output=True, text=True, check=True
    ).stdout.splitlines()


def is_avx(code):
    """Tell whether the bytes of an instruction are coded as AVX (VEX) or AVX-512 (EVEX)."""
    legacy_prefixes = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x67}
    first = next((byte for byte in code if byte not in legacy_prefixes), None)
    return first in (0xC4, 0xC5, 0x62)


def disassembled(path):
    """Return the instructions of a file: address, bytes, text; sorted by address."""
    line = re.compile(r"\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(.*)")
    found = [line.match(text) for text in objdump("-d", "--insn-width=16", str(path))]
    return [(int(match[1], 16), bytes.fromhex(match[2]), match[3]) for match in found if match]


def functions_of(path):
    """Return (start, end) of every function, as the tables for unwinding have them."""
    frame = re.compile(r"FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)")
    found = (frame.search(text) for text in objdump("--dwarf=frames", str(path)))
    return sorted((int(match[1], 16), int(match[2], 16)) for match in found if match)


def file_of(module):
    return Path(importlib.util.find_spec(f"fastrnn._core.{module}").origin)


class Code:
    """The code of an extension: its functions, and which of them use AVX or name which others."""

    def __init__(self, path):
        self.functions = functions_of(path)
        self.starts = [start for start, _ in self.functions]
        self.avx, self.avx512, self.named = set(), set(), {}
        target = re.compile(r"^(?:bnd )?(?:call|j[a-z]+)\s+([0-9a-f]+)\b")
        address = re.compile(r"# ([0-9a-f]+)\b")
        for place, code, text in disassembled(path):
            function = self.function_at(place)
            if is_avx(code):
                self.avx.add(function)
            if code[0] == 0x62 or AVX512_REGISTER.search(text):
                self.avx512.add(function)
            # a jump, a call, or the address of a function that is passed on
            for match in filter(None, (target.match(text), address.search(text))):
                other = self.function_at(int(match[1], 16))
                if other is not None:
                    self.named.setdefault(function, set()).add(other)

    def function_at(self, address):
        """Return the start of the function that an address is in."""
        i = bisect.bisect_right(self.starts, address) - 1
        return self.starts[i] if i >= 0 and address < self.functions[i][1] else None

    def reachable(self, starts):
        """Return the functions that can be reached from some of them."""
        found, left = set(), {self.function_at(start) for start in starts}
        while left:
            function = left.pop()
            found.add(function)
            left |= self.named.get(function, set()) - found
        return found


class Cell(ctypes.Structure):
    """A row of the table of cells, which kernels.h describes."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("facts", ctypes.c_int * 5),
        ("steps", ctypes.c_void_p * 4),
    )


def cell_count():
    header = Path(__file__).parents[2] / "src/fastrnn/_core/simd/kernels.h"
    if not header.is_file():
        pytest.skip("the sources are not beside the tests")
    rows = re.search(r"EACH_CELL\(ROW\)((?:.*\\\n)+.*)", header.read_text())
    count = rows[1].count("ROW(")
    assert count >= 4
    return count


def table_entries(path):
    """Return, for each level, the addresses in the file of the functions of its two tables.

    All entries of a table are functions but one, which points to the table of cells.
    """
    starts, cells = {start for start, _ in functions_of(path)}, Cell * cell_count()
    symbol = re.compile(r"^([0-9a-f]+) .*\s([0-9a-f]+)\s+\S+\s+fastrnn_(f32|f64)_(\w+)$")
    library, entries = ctypes.CDLL(str(path)), {}
    for match in filter(None, map(symbol.match, objdump("-T", str(path)))):
        name = f"fastrnn_{match[3]}_{match[4]}"
        table = (ctypes.c_void_p * (int(match[2], 16) // 8)).in_dll(library, name)
        loaded_at = ctypes.addressof(table) - int(match[1], 16)
        functions = [entry - loaded_at for entry in table]
        (rows,) = [start for start in functions if start not in starts]
        functions.remove(rows)
        for row in cells.from_address(rows + loaded_at):
            assert row.name.isascii()
            functions += [step - loaded_at for step in row.steps]
        entries.setdefault(match[4], {})[match[3]] = functions
    return entries


@pytest.fixture(scope="module")
def code():
    return Code(file_of("kernels"))


@pytest.fixture(scope="module")
def levels(code):
    """Return the functions that each level's tables reach."""
    tables = table_entries(file_of("kernels"))
    assert set(tables) == set(kernels.compiled_levels())
    assert all(set(tables[level]) == set(TYPES) for level in tables)
    return {
        level: code.reachable(entry for entries in of_types.values() for entry in entries)
        for level, of_types in tables.items()
    }


def test_the_check_sees_the_code(code, levels):
    tables = table_entries(file_of("kernels"))
    assert code.avx, "nothing is recognized as AVX"
    for level, of_types in tables.items():
        for entries in of_types.values():
            assert len(entries) > 10
            assert all(entry in code.starts for entry in entries), "an entry is no function"
        # what multiplies and what exponentiates are vector code, whatever the level
        assert len(levels[level]) >= len(entries)
    assert None not in set().union(*levels.values())
    for level in ("avx2", "avx512"):
        entries = {entry for of_type in tables[level].values() for entry in of_type}
        assert len(entries & code.avx) > len(entries) / 2, f"{level} does not use AVX"


def test_the_baseline_has_no_avx(code, levels):
    assert {hex(start) for start in levels["baseline"] & code.avx} == set()


def test_nothing_but_the_levels_of_avx_has_avx(code, levels):
    allowed = levels["avx2"] | levels["avx512"]
    assert {hex(start) for start in code.avx - allowed} == set()


def test_avx2_has_no_avx512(code, levels):
    assert code.avx512, "nothing is recognized as AVX-512"
    assert {hex(start) for start in code.avx512 - levels["avx512"]} == set()
    assert {hex(start) for start in code.avx512 & levels["avx2"]} == set()


@pytest.mark.parametrize("module", [name for name in MODULES if name != "kernels"])
def test_the_other_extensions_have_no_avx(module):
    found = [text for _, code, text in disassembled(file_of(module)) if is_avx(code)]
    assert found == []


def test_all_extensions_are_looked_at():
    expected = {"activation", "kernels", "loss", "optimizer", "output", "recurrence", "threads"}
    assert expected <= set(MODULES)


def test_is_avx():
    assert is_avx(b"\xc5\xf8\x77")  # vzeroupper
    assert is_avx(b"\xc4\xe2\x75\x98\xc2")  # vfmadd132ps
    assert is_avx(b"\x62\xf1\x7c\x48\x28\xc1")  # vmovaps zmm
    assert is_avx(b"\x64\xc5\xf8\x28\x00")  # behind a prefix
    assert not is_avx(b"\x0f\x28\xc1")  # movaps
    assert not is_avx(b"\xc3")  # ret
