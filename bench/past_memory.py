"""How soon a corpus of gigabytes is ready to be trained on, and how much memory that takes.

Makes text files, trains with ``fastrnn cipher train`` until some steps are made, interrupts the
run, and resumes it. The figures are the time until the first step was made and saved, and the most
memory that the process ever held, for the run and for the resumed one.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fastrnn.benchmark.table import Table
from fastrnn.cipher import Caesar

#: The characters of a line, at least and at most, and whether the ciphers come in a file too.
KINDS = (
    ("text and cipher, lines of 20 to 120", 20, 120, True),
    ("text, lines of 20 to 120", 20, 120, False),
    ("text, lines of 0 to 4", 0, 4, False),
)
LETTERS = "etaoinshrdlucmfwypvbgk" * 4 + "é" + " " * 16
#: Seconds that a run trains before it is interrupted.
TRAINED = 10


def line(generator, least, most):
    """Return a line of letters and spaces."""
    return "".join(generator.choices(LETTERS, k=generator.randint(least, most)))


def write(folder, size, least, most, both):
    """Write the files of a corpus of `size` bytes; return what names them and the lines."""
    generator = random.Random(0)
    plain, cipher = folder / "plain.txt", folder / "cipher.txt"
    blocks = []
    for _ in range(20):
        block = "".join(line(generator, least, most) + "\n" for _ in range(20_000))
        blocks.append((block.encode(), Caesar(5).encode(block).encode()))
    lines = 0
    with open(plain, "wb") as texts, open(cipher if both else os.devnull, "wb") as ciphers:
        while texts.tell() * (1 + both) < size:
            for file, content in zip((texts, ciphers), generator.choice(blocks), strict=True):
                file.write(content)
            lines += 20_000
    options = ["--plaintext", str(plain)]
    return options + ["--ciphertext", str(cipher)] * both, lines


def trained(out, options):
    """Train until interrupted; return the seconds until a step was made, and the peak in bytes."""
    last = out / "last.safetensors"
    before = last.stat().st_mtime_ns if last.exists() else 0
    command = [sys.executable, "-m", "fastrnn", "cipher", "train", "--quiet", "--save-steps", "1"]
    begin = time.perf_counter()
    run = subprocess.Popen([*command, "--out", str(out), *options], stderr=subprocess.DEVNULL)
    while not last.exists() or last.stat().st_mtime_ns == before:
        if run.poll() is not None:
            raise RuntimeError(f"the run ended with code {run.returncode}")
        time.sleep(0.05)
    ready = time.perf_counter() - begin
    time.sleep(TRAINED)
    run.send_signal(signal.SIGINT)
    _, _, usage = os.wait4(run.pid, 0)
    return ready, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--folder", help="where to write the files (default: the system's)")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    # A shell's background jobs ignore Ctrl-C, and so would the runs that are to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    table = Table(
        f"A corpus of {arguments.gigabytes:g} GB",
        ["corpus", "lines", "first step", "peak", "resumed", "peak"],
    )
    for name, least, most, both in KINDS:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            size = int(arguments.gigabytes * 1e9)
            options, lines = write(Path(folder), size, least, most, both)
            row = [name, f"{lines / 1e6:.1f} million"]
            for given in (options, ["--resume"]):
                ready, peak = trained(Path(folder) / "run", given)
                row += [f"{ready:.0f} s", f"{peak / 1e6:.0f} MB"]
            table.rows.append(row)
            print(*row, sep=", ", file=sys.stderr, flush=True)
    print(table.markdown() if arguments.markdown else table.text())


if __name__ == "__main__":
    main()
