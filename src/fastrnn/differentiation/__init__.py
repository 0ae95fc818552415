"""Automatic differentiation of NumPy functions, for custom layers and losses.

A function is called on :class:`Traced` arrays, which NumPy's functions accept; a :class:`Tape`
records the operations, and computes gradients in reverse.  It is intended for small functions in
scripts; the compiled layers have their own gradients.
"""

import fastrnn.differentiation.rules  # noqa: F401 (fills the table of rules)
from fastrnn.differentiation.tape import (
    Operand,
    Tape,
    Traced,
    add_rule,
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
    "add_rule",
    "apply",
    "apply_ufunc",
    "constant",
    "has_rule",
    "item",
    "plain",
    "value_and_gradient",
]
