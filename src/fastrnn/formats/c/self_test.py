"""A C program that compares an exported model with the original."""

from __future__ import annotations

import re
from typing import Any

from numpy.typing import NDArray

from fastrnn.formats.c.functions import template
from fastrnn.formats.c.literals import rows


def text_of(header: str, name: str, x: NDArray[Any], y: NDArray[Any], tolerance: float) -> str:
    """Return the text of the program.

    Parameters
    ----------
    header : str
        The name of the model's file.
    name : str
        Prefix of its functions.
    x, y : ndarray of shape (steps, ...)
        Inputs and expected outputs.
    tolerance : float
        Tolerance of an output, relative to the larger of 1 and the output.
    """
    kind = "double"
    words = {
        "HEADER": header,
        "STEPS": str(len(x)),
        "X_SIZE": str(x.size),
        "Y_SIZE": str(y.size),
        "X": rows(x, kind),
        "Y": rows(y, kind),
        "TOLERANCE": repr(tolerance),
    }
    text = re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda found: words[found[1]], template("self_test.c"))
    text = re.sub(r"\bnet_(?=\w)", f"{name}_", text)
    return re.sub(r"\bNET_(?=\w)", f"{name.upper()}_", text)
