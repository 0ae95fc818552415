"""Names of files with fields that a training fills in."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Mapping
from typing import Any

from fastrnn._older import reported
from fastrnn.terminal import printable

# What may stand behind the colon of a field: at most 999 characters and digits.
_SPECIFICATION = re.compile(r"(.?[<>=^])?[-+ ]?#?0?\d{0,3}[,_]?(\.\d{1,3})?[deEfFgGn%]?")


class FileTemplate:
    """A path with plain fields, such as ``weights.{epoch:02d}-{val_loss:.2f}.safetensors``.

    Parameters
    ----------
    argument : str
        What errors call it.
    text : str
        Braces that are no field are written twice.

    Attributes
    ----------
    fields : list of str
        The names in it.

    Raises
    ------
    ValueError
        If it is malformed, or a field is more than a name and how to write a number: attributes,
        indices, conversions and fields in a specification are refused, since they reach into
        objects.
    """

    def __init__(self, argument: str, text: str) -> None:
        self._argument, self._text = argument, text
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError as error:
            raise ValueError(f"{argument} is {text!r}, which is no template: {error}") from None
        self.fields = []
        for _, name, specification, conversion in parts:
            if name is None:
                continue
            written = f"{{{name}{'!' + conversion if conversion else ''}"
            written += f":{specification}}}" if specification else "}"
            if not name.isidentifier() or conversion or not _is_known(specification or ""):
                raise ValueError(
                    f"{argument} is {text!r}: {printable(written)} should be a name and, behind a "
                    "colon, how to write a number, such as {epoch:02d} or {loss:.2f}"
                )
            self.fields.append(name)

    def check(self, known: Collection[str]) -> None:
        """Raise ``ValueError`` if a field is none of those that will be known."""
        for name in self.fields:
            if reported(name, known) is None:
                raise ValueError(
                    f"{self._argument} {self._text!r} asks for the field {name!r}; "
                    f"it may hold {', '.join(known)}"
                )

    def filled(self, values: Mapping[str, Any]) -> str:
        """Return the path for some values.

        Raises
        ------
        ValueError
            If a field has no value, or one that cannot be written as it asks.
        """
        self.check(values)
        try:
            named = {name: values[str(reported(name, values.keys()))] for name in self.fields}
            return self._text.format(**named)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self._argument} is {self._text!r}: {error}") from None


def _is_known(specification: str) -> bool:
    if not _SPECIFICATION.fullmatch(specification):
        return False
    for value in (1, 1.0):
        try:
            format(value, specification)
        except ValueError:
            continue
        return True
    return False
