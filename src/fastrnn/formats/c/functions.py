"""The C functions of exported models, and the selection of those that a model needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

#: Placeholders of functions in the text of other functions, which depend on the options.
_CHOICES = {"net_add_product": ("net_add_product", "net_add_product_int8")}


@cache
def template(file: str) -> str:
    """Return the text of a C file next to this module."""
    return resources.files(__package__).joinpath(file).read_text("utf-8")


@cache
def sections(file: str) -> dict[str, str]:
    """Return the sections of a file of functions by name, without the line with the name.

    Parameters
    ----------
    file : {"functions.c", "cells.c"}
    """
    parts = re.split(r"^//: (\w+)\n", template(file), flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def needed(texts: Iterable[str], int8: bool, names: dict[str, str]) -> list[str]:
    """Return the functions that some C text calls, in an order that C accepts.

    Parameters
    ----------
    texts : iterable of str
        The C code that calls them.
    int8 : bool
        Whether weights are 8-bit integers.
    names : dict of str to str
        Replacements of placeholders with ``$``, which may be names of functions.
    """
    known = sections("functions.c")
    found: list[str] = []

    def visit(name: str) -> None:
        key = _CHOICES[name][int8] if name in _CHOICES else name
        if key not in known or key in found:
            return
        body = known[key]
        for word, value in names.items():
            body = body.replace(f"${word}", value)
        for called in re.findall(r"\bnet_\w+(?=\()", body):
            if called != name:
                visit(called)
        found.append(key)

    for text in texts:
        for called in re.findall(r"\bnet_\w+(?=\()", text):
            visit(called)
    return found
