"""The ciphers, one small class each, and their table by name.

To add one: derive from `Cipher`, give it a ``name`` and a ``default_key``, and put it into
`CIPHERS`; the command line offers whatever stands there.
"""

from __future__ import annotations

from fastrnn.cipher.ciphers.affine import Affine, Caesar
from fastrnn.cipher.ciphers.base import Cipher
from fastrnn.cipher.ciphers.columnar import Columnar
from fastrnn.cipher.ciphers.enigma import Enigma
from fastrnn.cipher.ciphers.substitution import Substitution
from fastrnn.cipher.ciphers.vigenere import Autokey, Beaufort, Vigenere
from fastrnn.cipher.errors import InvalidKeyError, brief, nearest

__all__ = [
    "CIPHERS",
    "OPTIONS",
    "Affine",
    "Autokey",
    "Beaufort",
    "Caesar",
    "Cipher",
    "Columnar",
    "Enigma",
    "Substitution",
    "Vigenere",
    "make_cipher",
]

CIPHERS: dict[str, type[Cipher]] = {
    cipher.name: cipher
    for cipher in (Caesar, Substitution, Vigenere, Autokey, Beaufort, Affine, Columnar, Enigma)
}

#: The arguments that ciphers have beside a key.
OPTIONS = tuple(option for cipher in CIPHERS.values() for option in cipher.options)


def make_cipher(name: str, key: str | None = None, **options: str | None) -> Cipher:
    """Return the cipher of that name with that key.

    Parameters
    ----------
    name : str
        A name in `CIPHERS`.
    key : str, optional
        Its key; the cipher's own default where left out.
    **options : str, optional
        What the cipher takes beside its key, such as the Enigma's ``rings``.

    Returns
    -------
    Cipher
        Ready to encode and decode.

    Raises
    ------
    InvalidKeyError
        There is no such cipher, or it cannot use that key or option.

    Examples
    --------
    >>> make_cipher("caesar", "5").encode("THE LIME IS HERS")
    'YMJ QNRJ NX MJWX'
    >>> make_cipher("enigma", "RNN", rings="AAA").encode("THE LIME IS HERS")
    'CTS JHYH CL IGQY'
    """
    if name not in CIPHERS:
        known = ", ".join(CIPHERS)
        raise InvalidKeyError(
            f"{brief(name)}, but it should be one of {known}{nearest(str(name), CIPHERS)}",
            ("cipher",),
        )
    cipher = CIPHERS[name]
    given = {option: value for option, value in options.items() if value is not None}
    for option in given:
        if option not in cipher.options:
            has = (
                f"its options are {', '.join(cipher.options)}" if cipher.options else "it has none"
            )
            raise InvalidKeyError(f"the {name} cipher has no such option; {has}", (option,))
    return cipher(cipher.default_key if key is None else key, **given)
