"""Learn to decipher or encipher: an application of fastrnn's public API.

==============  ==========================================================================
``ciphers``     Caesar, substitution, Vigenère, autokey: a class each
``lines``       lines of text files, read as they are asked for
``grammar``     the sentences of the built-in corpus
``corpus``      sentences and their ciphers, from files or built in
``vocabulary``  characters as numbers
``survey``      what a run must know of a whole corpus
``settings``    what a training run is told
``defaults``    and what it is told where nothing is said
``values``      how numbers and paths among it are read
``network``     the model
``lesson``      a corpus as arrays, some of it held out
``training``    the run itself, new or resumed
``progress``    a bar, and a line an epoch
``history``     its figures
``plot``        a picture of them
``directory``   its files
``decoding``    a trained model put to work
``evaluation``  and compared with the truth
``memory``      and what it keeps while it reads
``strips``      a picture of that
``sweeps``      many runs over a grid of settings
``cracking``    texts read without their key
==============  ==========================================================================

A name is imported with its module when it is first used, so that a cipher does not wait for the
compiled core.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastrnn.cipher.ciphers import (
        CIPHERS,
        Affine,
        Autokey,
        Beaufort,
        Caesar,
        Cipher,
        Columnar,
        Enigma,
        Substitution,
        Vigenere,
        make_cipher,
    )
    from fastrnn.cipher.corpus import Corpus, built_in, enciphered, load_data, read_pair
    from fastrnn.cipher.cracking import Cracker, LanguageModel, Reading
    from fastrnn.cipher.decoding import Decipherer
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.errors import (
        CipherError,
        CorpusError,
        InvalidKeyError,
        RunError,
        SettingsError,
    )
    from fastrnn.cipher.evaluation import Evaluation, evaluate
    from fastrnn.cipher.settings import Settings
    from fastrnn.cipher.sweeps import SweepResult, SweepRun, sweep
    from fastrnn.cipher.training import Training
    from fastrnn.cipher.vocabulary import Vocabulary

__all__ = [
    "CIPHERS",
    "Affine",
    "Autokey",
    "Beaufort",
    "Caesar",
    "Cipher",
    "CipherError",
    "Columnar",
    "Corpus",
    "CorpusError",
    "Cracker",
    "Decipherer",
    "Enigma",
    "Evaluation",
    "InvalidKeyError",
    "LanguageModel",
    "Reading",
    "RunDirectory",
    "RunError",
    "Settings",
    "SettingsError",
    "Substitution",
    "SweepResult",
    "SweepRun",
    "Training",
    "Vigenere",
    "Vocabulary",
    "built_in",
    "enciphered",
    "evaluate",
    "load_data",
    "make_cipher",
    "read_pair",
    "sweep",
]

_MODULES = {
    **dict.fromkeys(("CIPHERS", "Cipher", "make_cipher"), "ciphers"),
    **dict.fromkeys(("Affine", "Autokey", "Beaufort", "Caesar", "Columnar"), "ciphers"),
    **dict.fromkeys(("Enigma", "Substitution", "Vigenere"), "ciphers"),
    **dict.fromkeys(("Corpus", "built_in", "enciphered", "load_data", "read_pair"), "corpus"),
    **dict.fromkeys(("CipherError", "CorpusError", "InvalidKeyError"), "errors"),
    **dict.fromkeys(("RunError", "SettingsError"), "errors"),
    **dict.fromkeys(("Evaluation", "evaluate"), "evaluation"),
    **dict.fromkeys(("SweepResult", "SweepRun", "sweep"), "sweeps"),
    **dict.fromkeys(("Cracker", "LanguageModel", "Reading"), "cracking"),
    "Decipherer": "decoding",
    "RunDirectory": "directory",
    "Settings": "settings",
    "Training": "training",
    "Vocabulary": "vocabulary",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
