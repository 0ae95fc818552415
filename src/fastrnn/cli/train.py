"""``fastrnn cipher train``: learn to decipher."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastrnn.cipher.ciphers import CIPHERS
from fastrnn.cipher.errors import NO_ROOM, HeldError, RunError
from fastrnn.cli.cipher_options import CIPHER_OPTIONS
from fastrnn.cli.failures import FAILED, line_of
from fastrnn.distributed import Group, world
from fastrnn.terminal import columns, is_terminal, joined, printable

if TYPE_CHECKING:
    from fastrnn.cipher.settings import Settings
    from fastrnn.cipher.training import Training

__all__ = ["add_parser"]

#: How many processes mpiexec has started, in MPICH's and Open MPI's words.
MPI_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")

#: Held-out sentences that are shown at the end.
SHOWN = 3

#: The options that set a field of `Settings`, with its type, the value's name and a text. One that
#: is not given stays out of the parsed arguments, so that the defaults stand in `Settings` alone
#: and a resumed run sees what was asked for anew.
OPTIONS: tuple[tuple[str, type, str, str], ...] = (
    ("--plaintext", str, "FILE", "sentences, one per line (default: the built-in corpus)"),
    (
        "--ciphertext",
        str,
        "FILE",
        "the same sentences enciphered (default: --cipher enciphers them)",
    ),
    (
        "--sentences",
        int,
        "N",
        "number of sentences (default: 10001 built-in ones, all of the file, or 100000 random "
        "texts)",
    ),
    ("--cipher", str, "NAME", f"{', '.join(CIPHERS)} (default: caesar)"),
    (
        "--key",
        str,
        "KEY",
        "the cipher's key (default for caesar: 5); random: a new one for each sample",
    ),
    (
        "--key-length",
        int,
        "N",
        "longest random key, in letters (default: 6, or that of the cipher)",
    ),
    (
        "--text",
        str,
        "WHAT",
        "with random keys, corpus or random for random letters (default: corpus)",
    ),
    ("--text-length", int, "N", "number of random letters (default: 20)"),
    (
        "--curriculum",
        float,
        "PART",
        "fraction of the epochs during which messages grow from 6 letters (default: 0*)",
    ),
    *CIPHER_OPTIONS,
    ("--direction", str, "WAY", "learn to decrypt or to encrypt (default: decrypt)"),
    ("--cell", str, "NAME", "recurrent layer: gru, rnn or lstm (default: gru*)"),
    ("--units", int, "N", "units of the recurrent layer (default: 64*)"),
    (
        "--forget-bias",
        float,
        "BIAS",
        "initial bias of the gate that keeps the state; higher keeps it longer (default: 1 for "
        "lstm*, 0 for gru)",
    ),
    (
        "--readout",
        int,
        "N",
        "units of five layers by which the state chooses what is made of the input, 0 for none "
        "(default: 0*)",
    ),
    (
        "--input",
        str,
        "HOW",
        "input for a character: one-hot, scalar or embedding (default: one-hot)",
    ),
    ("--epochs", int, "N", "passes over the sentences (default: 5*)"),
    ("--batch-size", int, "N", "sentences per step (default: 32*)"),
    ("--learning-rate", float, "RATE", "learning rate of Adam (default: 0.001*)"),
    ("--schedule", str, "NAME", "constant, or cosine: falls to 0 (default: constant*)"),
    (
        "--warmup-steps",
        int,
        "N",
        "with cosine, steps in which the learning rate rises first (default: 0*)",
    ),
    ("--clip-norm", float, "NORM", "clip the gradient to this norm (default: no clipping*)"),
    ("--validation-split", float, "PART", "fraction of the sentences to hold out (default: 0.2*)"),
    ("--seed", int, "N", "seed of the initial weights and of shuffling (default: 0)"),
)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "train",
        help="train a model",
        description="Train a recurrent network to decipher sentences (or, with --direction "
        "encrypt, to encipher them), on the built-in corpus or on your own files. At the end, show "
        "what it makes of sentences that it was not trained on.",
        epilog="* With --key random the defaults are: --cell lstm --units 256 --forget-bias 3 "
        "--batch-size 128 --learning-rate 0.004 --schedule cosine --clip-norm 1 --epochs 200; with "
        "--text random, too, --epochs 40, --curriculum 0.1 and --validation-split 0.04. "
        "With --cipher enigma --key random: --readout 512 --learning-rate 0.003 --warmup-steps "
        "100 --curriculum 0; with --text random, too, --epochs 16. The training then also tells "
        "the network what the windows of the rotors show. "
        "DIR gets config.json, history.csv, best.safetensors (least val_loss), "
        "last.safetensors (what --resume needs) and, with matplotlib, history.png. "
        "An existing run is never overwritten, and only one process at a time writes to DIR.",
    )
    for name, kind, metavar, text in OPTIONS:
        parser.add_argument(name, type=kind, metavar=metavar, help=text, default=argparse.SUPPRESS)
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="number of threads; the result does not depend on it",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="directory to write to (default: runs/CIPHER-CELL, with -2, -3, ... appended if it "
        "exists)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue the run in --out from its last save, or start it if nothing was saved yet; "
        "the settings stay those of the start, but --epochs may be higher",
    )
    parser.add_argument(
        "--save-steps", type=int, metavar="N", help="also save within an epoch, every N steps"
    )
    parser.add_argument(
        "--save-seconds", type=float, metavar="N", help="also save within an epoch, every N seconds"
    )
    parser.add_argument(
        "--distributed",
        action="store_true",
        help="share every step among the processes that mpiexec started (needs mpi4py and an "
        "MPI); only the first process needs --out",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=run, work_comes_first=True)


def run(arguments: argparse.Namespace) -> int:
    """Train, tell how it goes, and return the exit code."""
    if arguments.resume and arguments.out is None:
        arguments.parser.error("--resume needs --out, the directory of the run to continue")
    if arguments.threads is not None:
        import fastrnn
        from fastrnn.cipher.threads import check_threads

        check_threads(arguments.threads)

        fastrnn.set_num_threads(arguments.threads)
    for name in ("save_steps", "save_seconds"):
        value = getattr(arguments, name)
        if value is not None and not value > 0:
            option = name.replace("_", "-")
            arguments.parser.error(f"--{option}: {value}, but it should be above 0")
    if not arguments.distributed:
        try:
            return _train(arguments, Group())
        except HeldError as error:
            if any(int(os.environ.get(name, "1") or 1) > 1 for name in MPI_SIZES):
                raise HeldError(f"{error}; to train one model on all, --distributed") from None
            raise
    with world(line_of) as group:
        try:
            with group.ending_together():
                return _train(arguments, group)
        except (Exception, KeyboardInterrupt):
            # All have failed, and the first one says why.
            if group.is_first:
                raise
            return FAILED


def _train(arguments: argparse.Namespace, group: Group) -> int:
    """Train, on these processes; the first one tells how it goes."""
    from fastrnn.cipher.progress import Progress

    training = _resumed(arguments, group) if arguments.resume else _started(arguments, group)
    training.save_steps, training.save_seconds = arguments.save_steps, arguments.save_seconds
    try:
        if arguments.quiet or not group.is_first:
            training.run()
        else:
            if arguments.resume and training.saved is None:
                print("nothing was saved there yet: starting from the beginning")
            _tell_start(training)
            with closing(Progress(training)) as progress:
                training.run([progress])
            _tell_end(training)
        if training.picture_error is not None:
            why = printable(line_of(training.picture_error))
            print(f"fastrnn: there is no history.png: {why}; all else is saved", file=sys.stderr)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted{_place(training)}; {_to_continue(training)}"
        ) from None
    except (OSError, MemoryError) as error:
        if os.environ.get("FASTRNN_TRACEBACK"):
            raise
        raise RunError(f"{line_of(error)}; {_safe(training)}; {_to_continue(training)}") from error
    return 0


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that stand on the command line."""
    names = [option[0].removeprefix("--").replace("-", "_") for option in OPTIONS]
    return {name: getattr(arguments, name) for name in names if name in arguments}


def _started(arguments: argparse.Namespace, group: Group) -> Training:
    """Start the run that the command line asks for."""
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.lesson import Lesson
    from fastrnn.cipher.settings import Settings
    from fastrnn.cipher.training import Training

    # A corpus that cannot be used should leave no directory behind, nor should processes that were
    # told to do different things.
    with group.together():
        settings = Settings(**_given(arguments))
        lesson = Lesson.prepare(settings)
    facts = {name: str(value) for name, value in asdict(settings).items()}
    # Machines may keep the same files in different places.
    del facts["plaintext"], facts["ciphertext"]
    group.agree({**facts, "the corpus": f"SHA-256 {lesson.config.fingerprint}"})

    # Only the first process has the directory, and keeps others out of it.
    made: list[RunDirectory] = []

    def make() -> Path:
        if arguments.out is not None:
            made.append(RunDirectory.fresh(arguments.out))
        else:
            name = f"{settings.cipher or Path(settings.ciphertext or '').stem}-{settings.cell}"
            made.append(RunDirectory.numbered(Path("runs") / name))
        return made[0].path

    path = group.first(make)
    return Training.start(lesson, made[0] if made else RunDirectory(path), group)


def _resumed(arguments: argparse.Namespace, group: Group) -> Training:
    """Take up the run that the command line names, or start it if nothing of it is there."""
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.training import Training

    directory = RunDirectory(arguments.out)
    if group.first(directory.is_new):
        return _started(arguments, group)
    try:
        return Training.resume(directory, _given(arguments), group)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise RunError(
            f"{line_of(error)}; the training in {directory} is as it was; then give the same "
            "command again"
        ) from error


def _tell_start(training: Training) -> None:
    """Print what is learnt, by what, and where it is kept."""
    lesson = training.lesson
    settings = lesson.config.settings
    corpus = (
        f"corpus: {_corpus(settings)}; "
        f"{len(lesson.training)} to train on, {len(lesson.held_out)} held out"
    )
    width = columns() if is_terminal(sys.stdout) else sys.maxsize
    print(joined(corpus.split(" "), " ", width))
    print(
        f"model: {settings.cell} with {settings.units} units, "
        f"{training.model.count_params()} parameters"
    )
    done = len(training.epochs)
    print(f"writing to {training.directory}{_place(training)}")
    if done and lesson.config.format < 2:
        print("the accuracy of epochs made by an earlier version counts padding; the others do not")
    if done >= settings.epochs:
        print(f"all {done} epochs are done; for more of them, give a higher --epochs")


def _place(training: Training) -> str:
    """Return how far the training is saved, for the end of a sentence; nothing if it is not."""
    epochs, step = training.saved or (0, 0)
    if step:
        return f", after step {step} of epoch {epochs + 1}"
    return f", after epoch {epochs}" if epochs else ""


def _safe(training: Training) -> str:
    """Return what a training that fails leaves behind."""
    if training.saved is None:
        return f"nothing was saved in {training.directory} yet"
    return f"in {training.directory} the training is safe{_place(training)}"


def _to_continue(training: Training) -> str:
    """Return the command that continues a training."""
    out = shlex.quote(str(training.directory))
    return f"to continue: fastrnn cipher train --resume --out {out}"


def _corpus(settings: Settings) -> str:
    """Return what to call the corpus."""
    sentences = settings.plaintext or "built-in sentences"
    if settings.has_random_keys:
        if settings.text == "random":
            sentences = f"{settings.text_length} random letters"
        return f"{sentences}, {settings.cipher} with random keys of up to {settings.key_length}"
    if settings.ciphertext:
        return f"{sentences} and {settings.ciphertext}"
    return f"{sentences}, {settings.cipher} with key {settings.key}"


def _tell_end(training: Training) -> None:
    """Print some held-out sentences, and how to go on with others."""
    from fastrnn.cipher.ciphers.base import word
    from fastrnn.cipher.decoding import Decipherer

    held_out = training.lesson.held_out
    given, wanted = training.lesson.config.sides(held_out)
    shown = list(islice((i for i, text in enumerate(given) if text), SHOWN))
    keys = None if held_out.keys is None else held_out.keys[shown]
    predictions = Decipherer.load(training.directory).decipher([given[i] for i in shown], keys)
    deciphers = training.lesson.config.settings.deciphers
    # Each below the others also where a terminal is narrower than the sentence.
    room = max(columns() - 13, 20) if is_terminal(sys.stdout) else sys.maxsize
    for i, prediction in zip(shown, predictions, strict=True):
        print("" if held_out.keys is None else f"\n{'key':12}{word(held_out.keys[i])}", end="")
        for begin in range(0, len(given[i]), room):
            part = slice(begin, begin + room)
            print(f"\n{'cipher' if deciphers else 'text':12}{given[i][part]}")
            print(f"prediction  {prediction[part]}")
            print(f"truth       {wanted[i][part]}")
    what, command = ("decipher", "decode") if deciphers else ("encipher", "encode")
    directory = shlex.quote(str(training.directory))
    key = " --key KEY" if held_out.keys is not None else ""
    print(f"\nto {what}: fastrnn cipher {command} --model {directory}{key} TEXT")
