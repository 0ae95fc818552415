"""The ciphers, one small class each, and their table by name.

To add one: derive from `Cipher`, give it a ``name`` and a ``default_key``, and put it into
`CIPHERS`; the command line offers whatever stands there.
"""

from __future__ import annotations

from fastrnn.cipher.ciphers.autokey import Autokey
from fastrnn.cipher.ciphers.base import Cipher
from fastrnn.cipher.ciphers.caesar import Caesar
from fastrnn.cipher.ciphers.substitution import Substitution
from fastrnn.cipher.ciphers.vigenere import Vigenere
from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = ["CIPHERS", "Autokey", "Caesar", "Cipher", "Substitution", "Vigenere", "make_cipher"]

CIPHERS: dict[str, type[Cipher]] = {
    cipher.name: cipher for cipher in (Caesar, Substitution, Vigenere, Autokey)
}


def make_cipher(name: str, key: str | None = None) -> Cipher:
    """Return the cipher of that name with that key.

    Parameters
    ----------
    name : str
        A name in `CIPHERS`.
    key : str, optional
        Its key; the cipher's own default where left out.

    Returns
    -------
    Cipher
        Ready to encode and decode.

    Raises
    ------
    InvalidKeyError
        There is no such cipher, or it cannot use that key.
    """
    if name not in CIPHERS:
        known = ", ".join(CIPHERS)
        raise InvalidKeyError(f"{brief(name)}, but it should be one of {known}", ("cipher",))
    cipher = CIPHERS[name]
    return cipher(cipher.default_key if key is None else key)
