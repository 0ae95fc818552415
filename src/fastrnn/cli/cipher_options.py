"""The options of ciphers beside their key, for the commands that encipher."""

from __future__ import annotations

__all__ = ["CIPHER_OPTIONS"]

#: As `fastrnn.cli.train.OPTIONS`, an entry for each name in `fastrnn.cipher.ciphers.OPTIONS`.
CIPHER_OPTIONS: tuple[tuple[str, type, str, str], ...] = (
    ("--rotors", str, "NAMES", 'of the enigma, from the left (default: "I II III")'),
    ("--reflector", str, "NAME", "of the enigma: A, B or C (default: B)"),
    ("--rings", str, "LETTERS", "ring settings of the enigma, from the left (default: AAA)"),
    ("--plugboard", str, "PAIRS", 'letters that the enigma exchanges, such as "AM FI"'),
)
