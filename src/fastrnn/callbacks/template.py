"""File names with fields for the epoch and its logs."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Mapping
from typing import Any

from fastrnn._older import reported
from fastrnn.terminal import printable

# Format specifications of fields: widths and precisions up to 999.
_SPECIFICATION = re.compile(r"(.?[<>=^])?[-+ ]?#?0?\d{0,3}[,_]?(\.\d{1,3})?[deEfFgGn%]?")


class FileTemplate:
    """A path with plain fields, such as ``weights.{epoch:02d}-{val_loss:.2f}.safetensors``.

    Parameters
    ----------
    argument : str
        What errors call it.
    text : str
        Literal braces are doubled.

    Attributes
    ----------
    fields : list of str
        The names of the fields.

    Raises
    ------
    ValueError
        If it is malformed, or a field is more than a name and a number format.  Attributes,
        indices, conversions and nested fields are refused, since they give access to objects.
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
        """Raise ``ValueError`` if a field is not among the known names."""
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
            If a field has no value, or a value that does not suit its format.
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
