"""Gradients of functions that are written with NumPy: what users put into layers and losses.

A function is called on :class:`Traced` arrays, which NumPy's functions take in place of others; a
:class:`Tape` keeps what was computed of what, and goes back through it.  It is made for the small
functions of a script, beside the compiled layers; those have gradients of their own.
"""

import fastrnn.differentiation.rules  # noqa: F401 (fills the table of rules)
from fastrnn.differentiation.tape import (
    Operand,
    Tape,
    Traced,
    apply,
    apply_ufunc,
    constant,
    has_rule,
    item,
    plain,
    value_and_gradient,
)

__all__ = [
    "Operand",
    "Tape",
    "Traced",
    "apply",
    "apply_ufunc",
    "constant",
    "has_rule",
    "item",
    "plain",
    "value_and_gradient",
]
