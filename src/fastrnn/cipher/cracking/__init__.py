"""Read texts without their key.

===============  ==========================================================
``language``     the model that tells English from other letters, trained here
``words``        the search for key words: Caesar, Vigenère, autokey
``alphabets``    the search for the alphabet of a substitution
``candidate``    what the searches hand on
``cracker``      the searches together, and how sure their answer is
===============  ==========================================================
"""

from fastrnn.cipher.cracking.cracker import Cracker, Reading
from fastrnn.cipher.cracking.language import LanguageModel

__all__ = ["Cracker", "LanguageModel", "Reading"]
