"""How a page is run: its blocks of code in their order, and what they print compared.

A page is Markdown.  Its blocks run in one folder, blocks of Python in one namespace:

- ``python`` runs, and prints what the ``text`` block behind it shows, or nothing;
- ``sh`` runs in bash; a ``text`` block behind it shows what it prints;
- a block with a file's name behind its language (``c board.c``) is written to that file;
- a block within ``<!-- -->`` runs, and readers do not see it: it makes what the page needs;
- a block of code behind ``<!-- not run: REASON -->`` is not run, and shows no output; a ``text``
  block behind it is printed by no block.  The lines of commands that are never run stand in
  :data:`NOT_RUN`.

In what is shown, ``...`` stands for anything, white space for any white space, and a number with a
decimal point or % may differ by `PRINTED` or in its last digit: instruction sets round differently.
"""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import fastrnn
from bench.distributed_job import MPI_SETTINGS
from fastrnn.seeding import DEFAULT_SEED
from tests.tolerances import PRINTED

ROOT = Path(__file__).parents[1]

#: Commands that are not run, and why; the rest of their block is.
NOT_RUN = {
    r"(\w+=\w+ )?(python -m )?pip install [^&|]*": ".ci/run has installed what is tested",
    r"(git|cd|python -m venv|source|\.) .*": "a clone and its surroundings are the reader's own",
    r"python -m pytest.*": "these are the tests",
    r"(srun|mpiexec --?hosts?) .*": "wants several machines",
    r".* --backend (dask|ray) .*": "wants a cluster",
    r"fastrnn cipher train --plaintext .*": "the files are the reader's own",
    r"fastrnn (inspect|convert) model\.nam.*": "the file is the reader's own",
    r"fastrnn cipher plot .*": "wants matplotlib; its own test draws",
    r"fastrnn cipher page .*": "wants clang; its own test compiles",
    r"python -m bench\..*": "measures for minutes",
    r"fastrnn bench.*": "measures for minutes; its own test runs it at a small size",
    r"mpiexec -n \d+ fastrnn .*": "tests/distributed trains so, with its own time limits",
}

#: Makes trainings short whose output is not shown; one that is resumed has its settings already.
SMALL = """
fastrnn() {
    case "${1:-} ${2:-} $*" in
        *--resume* | *--sentences*) command fastrnn "$@" ;;
        "cipher train "* | "cipher sweep "*)
            command fastrnn "$@" --sentences 300 --epochs 1 --batch-size 64 ;;
        *) command fastrnn "$@" ;;
    esac
}
"""

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<words>[^`\n]*)\n(?P<code>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)
REASON = re.compile(r"<!-- not run: [^>]+ -->\s*$")
#: Programs that others need beside them.
ALSO = {"clang": ("wasm-ld",), "rustc": ("cc",)}

NUMBER = re.compile(r"\d+\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+|\d+(?=%)")


class Block(NamedTuple):
    """A block of a page."""

    language: str
    file: str
    code: str
    line: int
    is_run: bool


def blocks_of(text):
    """Return the blocks of a page."""
    found = []
    for match in FENCE.finditer(text):
        words = match["words"].split()
        if words and words[0].startswith("{"):
            continue  # a directive of the site
        indent = match["indent"]
        code = "".join(
            line.removeprefix(indent) for line in match["code"].splitlines(keepends=True)
        )
        line = text.count("\n", 0, match.start()) + 1
        skipped = REASON.search(text[: match.start()]) is not None
        language, file = [*words, "", ""][:2]
        found.append(Block(language, file, code, line, not skipped))
    return found


def difference(shown, printed):
    """Return what is wrong with a text that was printed, or "" if it is the one that is shown."""
    numbers, pattern = [], []
    for word in re.split(r"(\.\.\.|\s+)", shown.strip()):
        if word == "...":
            pattern.append(r"[\s\S]*?")
        elif word.isspace():
            pattern.append(r"\s+")
        else:
            end = 0
            for match in NUMBER.finditer(word):
                pattern += [re.escape(word[end : match.start()]), f"({NUMBER.pattern})"]
                numbers.append(match[0])
                end = match.end()
            pattern.append(re.escape(word[end:]))
    found = re.fullmatch("".join(pattern), printed.strip())
    if found is None:
        return f"shown:\n{shown}\nprinted:\n{printed}"
    for wanted, number in zip(numbers, found.groups(), strict=True):
        places = len(wanted.partition(".")[2].partition("e")[0])
        last_digit = 1.001 * 10.0**-places if "e" not in wanted else 0.0
        if abs(float(wanted) - float(number)) > max(last_digit, PRINTED * abs(float(wanted))):
            return f"shown: {wanted}, printed: {number}, in\n{printed}"
    return ""


def script_of(code, is_small):
    """Return the commands of a block that are run."""
    code = re.sub(r" *\\\n *", " ", code)
    for pattern in NOT_RUN:
        code = re.sub(rf"^\s*{pattern}(?: && |$)", "", code, flags=re.MULTILINE)
    return (SMALL if is_small else "") + code if code.strip() else ""


def missing_programs(code):
    """Return which programs the lines of a script begin with that are not installed."""
    first = re.findall(r"^(?!#)([\w.+-]+)(?= )", code, re.MULTILINE)
    first += [each for word in first for each in ALSO.get(word, ())]
    return [word for word in first if not shutil.which(word, path=environment()["PATH"])]


def environment():
    """Return the variables of a command: this Python and its programs come first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, **MPI_SETTINGS, "PATH": path, "COLUMNS": "80"}


def run_shell(block, shows):
    """Run a block of commands, and return what it printed; None if a program is missing."""
    script = script_of(block.code, is_small=not shows)
    if not script:
        return ""
    words = re.sub(r"fastrnn\(\) \{.*?^\}$", "", script, flags=re.DOTALL | re.MULTILINE)
    if missing_programs(re.sub(r"^\w+=\S* ", "", words, flags=re.MULTILINE)):
        return None
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        env=environment(),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"line {block.line}: {done.stderr or done.stdout}"
    return done.stdout


def run_python(block, page, names):
    """Run a block of Python in the names of its page, and return what it printed."""
    code = compile("\n" * block.line + block.code, str(page), "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def run(page):
    """Run a page in the current folder, as a program that begins.

    Returns its names, what each block printed, and the programs that it lacked.
    """
    threads = fastrnn.get_num_threads()
    fastrnn.set_seed(DEFAULT_SEED)
    try:
        return _run(page)
    finally:
        fastrnn.set_num_threads(threads)


def _run(page):
    text = Path(page).read_text(encoding="utf-8")
    blocks = blocks_of(text)
    names, outputs, lacking = {"__name__": "__page__"}, [], []
    before = None
    for block, behind in zip(blocks, [*blocks[1:], None], strict=True):
        where = f"{page}, line {block.line}"
        shown = behind.code if behind and behind.language == "text" else ""
        if block.language == "text":
            is_printed = before is not None and before.language in ("python", "sh")
            if is_printed:
                assert block.is_run, f"{where}: what is shown is always compared; write ..."
            else:
                assert not block.is_run, f"{where}: no block prints what is shown; give a reason"
            before = None
            continue
        if not block.is_run:
            assert not shown, f"{where}: a block that is not run shows no output"
            continue
        before = None if block.file else block
        assert block.language, f"{where}: a block says its language"
        if block.file:
            Path(block.file).write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            outputs.append(run_python(block, page, names))
            problem = difference(shown, outputs[-1])
            assert not problem, f"{where}: {problem}"
        elif block.language == "sh":
            printed = run_shell(block, bool(shown))
            outputs.append(printed or "")
            if printed is None:
                lacking.append(where)
            elif shown:
                problem = difference(shown, printed)
                assert not problem, f"{where}: {problem}"
        else:
            raise AssertionError(f"{where}: {block.language} needs a file, or a reason")
    return names, outputs, lacking
