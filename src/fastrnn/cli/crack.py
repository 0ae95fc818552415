"""``fastrnn cipher crack``: read texts without their key."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastrnn.cli.texts import Text, add_texts, texts
from fastrnn.terminal import Status

if TYPE_CHECKING:
    from fastrnn.cipher.cracking import Reading

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "crack",
        help="read texts without their key",
        description="Find the key of enciphered English texts, and print key, text and how sure "
        "the reading is. Keys are searched for, and a recurrent network that was trained on "
        "English decides. Breaks caesar, substitution, vigenere and autokey.",
        epilog="A key word of 8 letters wants a text of some 100 letters, a substitution some 200.",
    )
    parser.add_argument(
        "--cipher",
        metavar="NAME",
        help="caesar, substitution, vigenere or autokey (default: try them all)",
    )
    parser.add_argument(
        "--max-key-length",
        type=int,
        default=16,
        metavar="N",
        help="letters of the longest key word to try (default: 16)",
    )
    parser.add_argument(
        "--file", metavar="FILE", help="read one text from a file, with all its lines"
    )
    parser.add_argument(
        "--model",
        metavar="FILE",
        help="model of another language, made by bench/english.py (default: English)",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="print the text alone, and no progress"
    )
    add_texts(parser)
    parser.set_defaults(run=run, prints_texts=True)


def run(arguments: argparse.Namespace) -> int:
    """Print what the texts say, and return the exit code."""
    if arguments.file is not None and arguments.texts:
        arguments.parser.error("--file: it should come without other texts")
    from fastrnn.cipher.cracking import Cracker, LanguageModel
    from fastrnn.cipher.cracking.cracker import check_options, check_text

    check_options(arguments.cipher, arguments.max_key_length)
    cracker = None
    for number, (text, place) in enumerate(_texts(arguments), start=1):
        check_text(text, place)
        with Status() as status:
            report = None if arguments.quiet else status.say
            if cracker is None:
                if report is not None:
                    report("reading the model of the language")
                cracker = Cracker(LanguageModel.load(arguments.model))
            reading = cracker.crack(text, arguments.cipher, arguments.max_key_length, report)
        if arguments.quiet:
            print(reading.text)
        else:
            if number > 1:
                print()
            print(f"key: {reading.key}\n{reading.text}\n{_certainty(reading)}")
        sys.stdout.flush()
    return 0


def _texts(arguments: argparse.Namespace) -> Iterator[Text]:
    """Yield the texts of the command line, of a file, or of standard input."""
    if arguments.file is None:
        yield from texts(arguments)
        return
    from fastrnn.cipher.corpus import load_data

    lines = "\n".join(load_data(arguments.file))
    yield Text(lines.removeprefix("\ufeff").removesuffix("\n"), arguments.file)


def _certainty(reading: Reading) -> str:
    """Return how sure a reading is, and why."""
    # Nothing is quite certain, or quite impossible.
    percent = min(max(100 * reading.sure, 0.1), 99.9)
    return (
        f"{reading.cipher}, {percent:.1f}% sure: {reading.bits:.2f} bits a letter (chance: 4.70); "
        f"the next best key, {reading.next_key} of {reading.next_cipher}, is "
        f"{reading.margin:.0f} bits behind"
    )
