"""How soon ciphers with random keys are learned: accuracy over time, with PyTorch in turn.

    python bench/random_keys.py --cipher vigenere --seed 0 --threads 2 --steps 30000 --out FILE
    python bench/random_keys.py --cipher enigma --ranks 2 --run DIR --out FILE [--resume]
    python bench/random_keys.py --of-run DIR --out FILE

It trains what ``fastrnn cipher train --key random --text random`` trains, and takes its options.
After every epoch, of `--every` steps, it measures the accuracy on letters of held-out messages
under held-out keys, and writes FILE, JSON. The seconds are those of the training, with the drawing
of its messages and with these measurements; processor time is that of all threads.

With ``--peer torch`` (the default where PyTorch is installed, unless there is a readout, which the
twin lacks) a second process trains the same network in PyTorch, eager, on the same messages in the
same order, from the same weights, with the same optimizer, schedule, clipping and threads. The two
take turns, an epoch each, so that a machine that slows down for a while slows down both.

With ``--ranks N`` the training is the command under ``mpiexec -n N``, without a peer.  ``--of-run``
trains nothing: it writes what a run of the command has measured in its ``history.csv``.
"""

import argparse
import json
import math
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import fastrnn
from fastrnn.callbacks import Callback
from fastrnn.cipher import RunDirectory, Settings, Training
from fastrnn.cipher.lesson import Lesson
from fastrnn.cli.train import OPTIONS
from fastrnn.files import replace_file
from fastrnn.splitting import held_out_from

#: What the options of the command say where nothing else is given.
TASK = {"cipher": "vigenere", "key": "random", "text": "random"}


def arguments_of(words):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", metavar="FILE", required=True, help="what to write, JSON")
    parser.add_argument("--steps", type=int, default=30_000, help="of the whole training")
    parser.add_argument("--every", type=int, default=750, help="steps between measurements")
    parser.add_argument("--held-out", type=int, default=4000, help="messages to measure with")
    parser.add_argument("--threads", type=int, default=1, help="of each of the two, or of a rank")
    parser.add_argument("--peer", choices=("torch", "none"), default=None)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--run", metavar="DIR", help="where to keep the run (default: nowhere)")
    parser.add_argument("--of-run", metavar="DIR", help="a run that the command has made")
    parser.add_argument("--resume", action="store_true", help="continue the run in DIR")
    given = parser.add_argument_group("options of fastrnn cipher train")
    chosen = ("--sentences", "--validation-split", "--epochs", "--plaintext", "--ciphertext")
    for name, kind, metavar, text in OPTIONS:
        if name not in chosen:
            text = text.replace("%", "%%")
            given.add_argument(
                name, type=kind, metavar=metavar, help=text, default=argparse.SUPPRESS
            )
    options = parser.parse_args(words)
    if options.steps % options.every:
        parser.error(f"--steps: {options.steps}, but it should be a multiple of {options.every}")
    if options.resume and not options.run:
        parser.error("--resume needs --run")
    return options


def settings_of(options):
    """Return the settings of the run: epochs of `every` steps, and as many messages held out."""
    names = [name.removeprefix("--").replace("-", "_") for name, *_ in OPTIONS]
    told = {**TASK, **{name: getattr(options, name) for name in names if name in options}}
    samples = options.every * Settings(**told).batch_size
    total = samples + options.held_out
    share = options.held_out / total
    while held_out_from(total, share) < samples:  # by a rounding
        share = math.nextafter(share, 0)
    return Settings(
        **told,
        sentences=total,
        validation_split=share,
        epochs=options.steps // options.every,
    )


def command_of(settings, options, out):
    """Return the words of the command that makes such a run."""
    words = ["fastrnn", "cipher", "train"]
    # Defaults depend on the task, so that all are written.
    for name, *_ in OPTIONS:
        value = getattr(settings, name.removeprefix("--").replace("-", "_"))
        if value is not None:
            words += [name, str(value)]
    words += ["--threads", str(options.threads), "--out", str(out)]
    return words


def machine():
    """Return what the numbers depend on."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "instruction set": fastrnn.config.config()["instruction_set"],
        "load average at the start": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


class Curve:
    """The points of a training, one an epoch."""

    def __init__(self, version):
        self.version, self.points = version, []

    def add(self, epoch, every, seconds, processor, accuracy, loss):
        """Add an epoch."""
        before = self.points[-1] if self.points else {"seconds": 0.0, "processor seconds": 0.0}
        if processor is not None:  # the history of a command does not tell
            processor = round(before["processor seconds"] + processor, 3)
        self.points.append(
            {
                "step": epoch * every,
                "seconds": round(before["seconds"] + seconds, 3),
                "processor seconds": processor,
                "accuracy": round(accuracy, 6),
                "loss": round(loss, 6),
            }
        )


class Twin:
    """PyTorch in a process of its own, which trains an epoch when it is told to."""

    def __init__(self, settings, threads):
        words = [sys.executable, str(Path(__file__).with_name("random_keys_torch.py"))]
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads),
        }
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=environment,
        )
        self.version = self._asked({"settings": asdict(settings), "threads": threads})["version"]

    def _asked(self, question):
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"PyTorch's process ended with {self._process.wait()}")
        return json.loads(answer)

    def epoch(self, number):
        """Train an epoch, counted from 0, and return what `Curve.add` takes."""
        return self._asked({"epoch": number})

    def end(self):
        """End the process."""
        with self._process:  # which closes its pipes, and waits
            pass


class Turns(Callback):
    """Notes the epochs of fastrnn, and lets the twin take its turns between them."""

    def __init__(self, training, tell):
        self._training, self._tell = training, tell
        self._processor = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        """Look at the clock of the processor."""
        self._processor = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        """Tell what was measured."""
        self._tell(self._training.epochs[-1], time.process_time() - self._processor)


def train(settings, options, report):
    """Train in this process, with the twin in turn."""
    fastrnn.set_num_threads(options.threads)
    curve = Curve(fastrnn.__version__)
    report["fastrnn"] = {"version": curve.version, "points": curve.points}
    twin = None
    if options.peer == "torch":
        twin = Twin(settings, options.threads)
        other = Curve(twin.version)
        report["torch"] = {"version": other.version, "points": other.points}

    def tell(row, processor):
        curve.add(row.epoch, options.every, row.seconds, processor, row.val_accuracy, row.val_loss)
        if twin is not None:
            other.add(row.epoch, options.every, **twin.epoch(row.epoch - 1))
        write(options.out, report)
        print(line(report), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        out = options.run or Path(folder) / "run"
        if options.resume:
            raise SystemExit("--resume is for --ranks: the twin cannot be resumed")
        directory = RunDirectory.fresh(out)
        training = Training.start(Lesson.prepare(settings), directory)
        training.run([Turns(training, tell)])
    if twin is not None:
        twin.end()


def train_on_ranks(settings, options, report):
    """Train with the command on several ranks, and read what it measured."""
    with tempfile.TemporaryDirectory() as folder:
        out = options.run or str(Path(folder) / "run")
        words = ["mpiexec", "-n", str(options.ranks), sys.executable, "-m"]
        words += command_of(settings, options, out)
        words += ["--distributed", *(["--resume"] if options.resume else [])]
        process = subprocess.Popen(words)
        curve = Curve(fastrnn.__version__)
        report["fastrnn"] = {"version": curve.version, "points": curve.points}
        running = True
        while running:
            try:
                process.wait(10)
                running = False
            except subprocess.TimeoutExpired:
                pass
            directory = RunDirectory(out)
            for row in directory.read_history()[len(curve.points) :]:
                figures = row.val_accuracy, row.val_loss
                curve.add(row.epoch, options.every, row.seconds, None, *figures)
                write(options.out, report)
        if process.returncode:
            raise SystemExit(process.returncode)


def read_run(settings, options, report):
    """Read what a run of the command has measured."""
    every = math.ceil(settings.drawn_samples[0] / settings.batch_size)
    curve = Curve(fastrnn.__version__)
    report["fastrnn"] = {"version": curve.version, "points": curve.points}
    for row in RunDirectory(options.of_run).read_history():
        curve.add(row.epoch, every, row.seconds, None, row.val_accuracy, row.val_loss)


def line(report):
    """Return the last measurement of both, to watch."""
    found = []
    for name in ("fastrnn", "torch"):
        points = report.get(name, {}).get("points")
        if points:
            last = points[-1]
            found.append(
                f"{name} {last['step']:,} steps {last['seconds']:.0f} s "
                f"({last['processor seconds']:.0f} s of processors) {last['accuracy']:.2%}"
            )
    return "; ".join(found)


def write(path, report):
    """Write what was measured so far."""
    replace_file(path, json.dumps(report, indent=1).encode())


def main(words=None):
    options = arguments_of(words)
    if options.of_run:
        settings = RunDirectory(options.of_run).read_config().settings
    else:
        settings = settings_of(options)
    if options.peer is None:
        # PyTorch's network of the twin has no readout.
        has_peer = options.ranks == 1 and not settings.readout and find_spec("torch")
        options.peer = "torch" if has_peer else "none"
    report = {
        "command": shlex.join(command_of(settings, options, "DIR")),
        "ranks": options.ranks,
        "threads": options.threads,
        "settings": asdict(settings),
        "machine": machine(),
    }
    if options.of_run:
        read_run(settings, options, report)
    else:
        (train if options.ranks == 1 else train_on_ranks)(settings, options, report)
    write(options.out, report)
    print(report["command"])


if __name__ == "__main__":
    main()
