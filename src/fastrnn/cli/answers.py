"""What a trained model makes of texts, line by line: ``decode``, and ``encode`` with a model."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from fastrnn.cli.texts import texts
from fastrnn.terminal import Status, is_terminal

if TYPE_CHECKING:
    from fastrnn.cipher.ciphers.base import Letters
    from fastrnn.cipher.decoding import Decipherer

__all__ = ["tell_answers"]

#: Texts that the model gets at once, unless someone sits there typing them.
TOGETHER = 256


def tell_answers(arguments: argparse.Namespace, direction: str) -> None:
    """Print what the model of the command line makes of its texts.

    What comes before a text that the model cannot read is printed.

    Parameters
    ----------
    arguments : argparse.Namespace
        With ``model`` and what `fastrnn.cli.texts.add_texts` adds.
    direction : str
        What the model should have learned, a value of the setting of that name.

    Raises
    ------
    RunError
        There is no such model, or it has learned the other direction.
    CorpusError
        A text has a character that was not in training, or is too long; the message names it.
    """
    import numpy as np

    from fastrnn.cipher.decoding import Decipherer
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.errors import CorpusError, RunError

    decipherer = Decipherer.load(RunDirectory(arguments.model))
    learned = decipherer.config.settings.direction
    if learned != direction:
        other = {"decrypt": "decode", "encrypt": "encode"}[learned]
        raise RunError(
            f"{arguments.model}: learned to {learned}; use it with fastrnn cipher {other}"
        )
    keys = _keys(decipherer, arguments)
    together = 1 if not arguments.texts and is_terminal(sys.stdin) else TOGETHER
    waiting: list[str] = []
    done = 0
    # Where the answers go to a file, nothing else shows that the work goes on.
    is_hidden = not is_terminal(sys.stdout)

    def tell() -> None:
        nonlocal done
        shown = None if keys is None else np.repeat(keys, len(waiting), axis=0)
        for answer in decipherer.decipher(waiting, shown):
            print(answer)
        sys.stdout.flush()
        done += len(waiting)
        waiting.clear()
        if is_hidden and together > 1:
            status.say(f"{arguments.model}: {done} lines so far")

    with Status() as status:
        try:
            for text, place in texts(arguments):
                decipherer.check(text, place)
                waiting.append(text)
                if len(waiting) == together:
                    tell()
        except CorpusError:
            tell()
            raise
        tell()


def _keys(decipherer: Decipherer, arguments: argparse.Namespace) -> Letters | None:
    """Return the key of the command line as the model is shown it, (1, letters), or None."""
    from fastrnn.cipher.errors import RunError
    from fastrnn.cipher.keyed import key_row

    config = decipherer.config
    if not config.key_length:
        if arguments.key is not None:
            raise RunError(f"{arguments.model}: learned one key, so that none should be given")
        return None
    if arguments.key is None:
        raise RunError(f"{arguments.model}: learned with random keys; give that of the text, --key")
    return key_row(config.settings.with_key(arguments.key), config.key_length)[None]
