"""The Enigma I of the German army: three rotors, a reflector and a plugboard."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers.base import ALPHABET, END, LETTERS, Cipher, Letters, letter_key, places
from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = ["REFLECTORS", "ROTORS", "Enigma"]

#: The wiring of each rotor, from right to left in its position A, and the letter in the window from
#: which it takes its left neighbour along.
ROTORS = {
    "I": ("EKMFLGDQVZNTOWYHXUSPAIBRCJ", "Q"),
    "II": ("AJDKSIRUXBLHWTMCQGZNPYFVOE", "E"),
    "III": ("BDFHJLCPRTXVZNYEIWGAKMUSQO", "V"),
    "IV": ("ESOVPZJAYQUIRHXLNFTGKDCMWB", "J"),
    "V": ("VZBRGITYUPSDNHLXAWMJQOFECK", "Z"),
}

REFLECTORS = {
    "A": "EJMZALYXVBWFCRQUONTSPIKHGD",
    "B": "YRUHQSLDPXNGOKMIEBFZCWVJAT",
    "C": "FVPJIAOYEDRZXWGCTKUQSBNMHL",
}

_SIZE = len(ALPHABET)


class Enigma(Cipher):
    """Rotors that turn with every letter; to encipher and to decipher are the same.

    With every letter the right rotor turns, then the letter goes through plugboard, rotors,
    reflector, rotors and plugboard. A rotor at its notch takes its left neighbour along; the middle
    one moves itself then, too, so that it makes two steps in a row (the double step).

    Parameters
    ----------
    key : str
        The three letters that stand in the windows before the first one is typed, from the left.
    rotors : str
        Three of ``I II III IV V``, from the left, with spaces between them.
    reflector : str
        ``A``, ``B`` or ``C``.
    rings : str
        The ring settings, three letters from the left; A is 1.
    plugboard : str
        Pairs of letters that are exchanged, with spaces between them, such as ``"AM FI NV"``.

    Raises
    ------
    InvalidKeyError
        One of them is nothing of that kind.

    References
    ----------
    D. Rijmenants, "Technical details of the Enigma machine", 2004: the wiring and the stepping.

    Examples
    --------
    >>> enigma = Enigma("RNN", plugboard="AM FI")
    >>> enigma.encode("TWO NOTES"), enigma.encode(enigma.encode("TWO NOTES"))
    ('CNK IMLHT', 'TWO NOTES')
    """

    name: ClassVar[str] = "enigma"
    default_key: ClassVar[str] = "RNN"
    options: ClassVar[tuple[str, ...]] = ("rotors", "reflector", "rings", "plugboard")
    key_letters: ClassVar[tuple[int, int]] = (3, 3)
    windows: ClassVar[int] = 3

    def __init__(
        self,
        key: str = default_key,
        rotors: str = "I II III",
        reflector: str = "B",
        rings: str = "AAA",
        plugboard: str = "",
    ) -> None:
        self.key = self._three("the key is", key)
        self.rings = self._three("the ring settings are", rings)
        names = _upper(rotors).split()
        if len(names) != 3 or len(set(names)) != 3 or not ROTORS.keys() >= set(names):
            self._refuse("the rotors are", rotors, f"three different ones of {' '.join(ROTORS)}")
        if _upper(reflector) not in REFLECTORS:
            self._refuse("the reflector is", reflector, f"one of {' '.join(REFLECTORS)}")
        self.rotors, self.reflector = " ".join(names), _upper(reflector)
        self.plugboard, plugs = self._plugs(plugboard)
        self.key_row = places(self.key)
        # From the right, which is the way that a letter takes.
        self._notches = [ALPHABET.index(ROTORS[name][1]) for name in names[::-1]]
        self._rings = places(self.rings)[::-1].astype(np.intp)
        self._wires = [places(ROTORS[name][0]).astype(np.intp) for name in names[::-1]]
        self._back = [np.argsort(wire) for wire in self._wires]
        self._mirror = places(REFLECTORS[self.reflector]).astype(np.intp)
        self._plugged = plugs

    def _refuse(self, what: str, value: object, should: str) -> None:
        raise InvalidKeyError(f"{self.name}: {what} {brief(value)}, but it should be {should}")

    def _three(self, what: str, value: object) -> str:
        if not isinstance(value, str) or len(value) != 3 or not LETTERS.issuperset(value):
            self._refuse(what, value, "three of the letters A to Z")
        return letter_key(self.name, value)

    def _plugs(self, plugboard: object) -> tuple[str, NDArray[np.intp]]:
        """Return the plugboard as it is written, and what each letter becomes."""
        pairs = _upper(plugboard).split()
        letters = "".join(pairs)
        if (
            any(len(pair) != 2 for pair in pairs)
            or len(set(letters)) != len(letters)
            or not LETTERS.issuperset(letters)
        ):
            self._refuse(
                "the plugboard is", plugboard, "pairs of letters, each letter once, such as AM FI"
            )
        plugged = np.arange(_SIZE)
        for pair in pairs:
            a, b = places(pair)
            plugged[[a, b]] = b, a
        return " ".join(pairs), plugged

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        # Where a rotor stands against its ring is all that its wiring knows.
        offsets = self._positions(keys, rows.shape[1]) - self._rings[:, np.newaxis, np.newaxis]
        letters = self._plugged[rows]
        for offset, wire in zip(offsets, self._wires, strict=True):
            letters = (wire[(letters + offset) % _SIZE] - offset) % _SIZE
        letters = self._mirror[letters]
        for offset, wire in zip(offsets[::-1], self._back[::-1], strict=True):
            letters = (wire[(letters + offset) % _SIZE] - offset) % _SIZE
        return np.where(rows == END, rows, self._plugged[letters].astype(np.int8))

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        return self.encode_rows(keys, rows)

    def shown(self, keys: Letters, length: int) -> Letters:
        """Return what stands in the windows of the rotors, from the left, at every letter.

        Parameters
        ----------
        keys : Letters, shape (messages, 3)
            What stands there before the first letter.
        length : int
            Letters of a message.

        Returns
        -------
        Letters, shape (messages, length, 3)
            The rotors turn before a letter is enciphered: this is where they stand then.
        """
        positions = self._positions(keys, length) % _SIZE
        return positions[::-1].transpose(1, 2, 0).astype(np.int8)

    def _positions(self, keys: Letters, length: int) -> NDArray[np.intp]:
        """Return what stands in the windows at every letter: (3 rotors from the right, rows, T)."""
        right, middle, left = keys.T[::-1].astype(np.intp)
        positions = np.empty((3, len(keys), length), np.intp)
        for step in range(length):
            at_notch = middle % _SIZE == self._notches[1]
            left = left + at_notch
            middle = middle + (at_notch | (right % _SIZE == self._notches[0]))
            right = right + 1
            positions[:, :, step] = right, middle, left
        return positions

    def __repr__(self) -> str:
        beside = "".join(f", {name}={getattr(self, name)!r}" for name in self.options)
        return f"{type(self).__name__}({self.key!r}{beside})"


def _upper(value: object) -> str:
    """Return a text in upper case, and for anything else one that means nothing here."""
    return value.upper() if isinstance(value, str) else "?"
