"""Number literals of C, and the constants of functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Types of exported models by their names in C.
TYPES: dict[str, np.dtype[Any]] = {"float": np.dtype(np.float32), "double": np.dtype(np.float64)}

#: Number of terms of the series of the logarithm, for full precision.
_LOG_TERMS = {"float": 9, "double": 18}

_TWO_LOG2_E = float.fromhex("0x1.71547652b82fep+1")

#: The constants of exp, tanh and sigmoid, which are computed as in the compiled core: y = n ln2 / 2
#: + h, and tanh h is a quotient of polynomials P and Q with minimax coefficients.
_CONSTANTS: dict[str, dict[str, str | float]] = {
    "float": {
        "BIAS": "127",
        "FRACTION": "23",
        "TWO_LOG2_E": _TWO_LOG2_E,
        "HALF_LN2_HIGH": float.fromhex("0x1.62e4p-2"),
        "HALF_LN2_LOW": float.fromhex("0x1.7f7d1cp-21"),
        "LN2": float(np.log(2)),
        "MAGNITUDE": "0x7fffffff",
        "INFINITY": "0x7f800000",
        "NOT_A_NUMBER": "0x7fc00000",
        "EXP_FAR": 106.0,
        "SIGMOID_FAR": 87.0,
        "FLAT": 10.0,
        "P": f"REAL({float.fromhex('0x1.10bdb9f58a9f9p-4')!r})",
        "Q": f"REAL({float.fromhex('0x1.9984b35a7e548p-2')!r})",
        "NEWTON": "4",
        "EXP_ULP": "3",
        "TANH_ULP": "3",
        "SIGMOID_ULP": "3",
    },
    "double": {
        "BIAS": "1023",
        "FRACTION": "52",
        "TWO_LOG2_E": _TWO_LOG2_E,
        "HALF_LN2_HIGH": float.fromhex("0x1.62e42fee00000p-2"),
        "HALF_LN2_LOW": float.fromhex("0x1.a39ef35793c76p-34"),
        "LN2": float(np.log(2)),
        "MAGNITUDE": "0x7fffffffffffffff",
        "INFINITY": "0x7ff0000000000000",
        "NOT_A_NUMBER": "0x7ff8000000000000",
        "EXP_FAR": 750.0,
        "SIGMOID_FAR": 708.0,
        "FLAT": 22.0,
        "P": f"REAL({float.fromhex('0x1.c7102574397f1p-4')!r}) + "
        f"z * REAL({float.fromhex('0x1.15323c927aa3bp-10')!r})",
        "Q": f"REAL({float.fromhex('0x1.c7195eb263aeap-2')!r}) + "
        f"z * REAL({float.fromhex('0x1.03fc944de08c0p-6')!r})",
        "NEWTON": "5",
        "EXP_ULP": "3",
        "TANH_ULP": "3",
        "SIGMOID_ULP": "3",
    },
}


def literal(value: float, kind: str) -> str:
    """Return a C literal of a number, exact also if C evaluates in higher precision.

    The shortest decimal text for a float would be a different number in higher precision.
    """
    text = str(Decimal(float(TYPES[kind].type(value))))
    text = text if set(text) & set(".E") else f"{text}.0"
    return text + "f" if kind == "float" else text


def rows(array: NDArray[np.generic], kind: str | None, width: int = 96) -> str:
    """Return the literals of an array, in lines; `kind` is None for integers."""
    numbers = array.ravel() if kind is None else array.ravel().astype(TYPES[kind])
    suffix = "f," if kind == "float" else ","
    lines: list[str] = []
    line = ""
    for number in numbers:
        text = f"{number!s}{suffix}"
        if len(line) + len(text) >= width:
            lines.append(line)
            line = ""
        line += f" {text}" if line else text
    lines.append(line)
    return "\n        ".join(lines)


def filled(text: str, kind: str, names: Mapping[str, str]) -> str:
    """Return the text of a function with the constants and literals of a type.

    Parameters
    ----------
    text : str
    kind : {"float", "double"}
    names : mapping of str to str
        Further replacements of placeholders with ``$``.
    """
    values = {
        key: value if isinstance(value, str) else literal(value, kind)
        for key, value in _CONSTANTS[kind].items()
    }
    values["LOG1P"] = _log1p(_LOG_TERMS[kind])
    values.update(names)
    text = re.sub(r"\$([A-Z][A-Z0-9_]*)", lambda found: values[found[1]], text)
    return re.sub(r"REAL\(([^()]*)\)", lambda found: literal(float(found[1]), kind), text)


def _log1p(terms: int) -> str:
    """Return 1 + z / 3 + z^2 / 5 ... in Horner form."""
    text = f"REAL({1 / (2 * terms + 1)!r})"
    for term in range(terms - 1, -1, -1):
        inner = f"({text})" if " " in text else text
        text = f"REAL({1 / (2 * term + 1)!r}) + z * {inner}"
    return text
