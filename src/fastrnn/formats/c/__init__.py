"""A model as one C file: how its steps are computed, by its weights, for any compiler of C99.

``layers.py`` says what each layer adds to a step, ``cells.c`` and ``functions.c`` hold the C that
it calls, ``program.py`` gathers weights, states and calls, and ``file.py`` fills ``model.c``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from fastrnn.files import make_folder, replace_file
from fastrnn.formats.c import file, self_test
from fastrnn.formats.c.program import quantize
from fastrnn.formats.description import Description

Array = NDArray[Any]

__all__ = ["footprint", "quantized", "write", "write_test"]


def write(
    path: str,
    description: Description,
    *,
    name: str | None = None,
    dtype: str | None = None,
    no_math: bool = False,
    weights_file: bool = False,
    int8: bool = False,
    streams: int = 1,
) -> None:
    """Write a model as a C file.

    Parameters
    ----------
    path : str
        Of the file; ``net.h``, for example.
    description : Description
    name : str, optional
        What its functions and types begin with; the stem of the file if left out.
    dtype : {"float", "double"}, optional
        What it computes in; as the model does if left out.
    no_math : bool, default False
        Whether to do without ``<math.h>``, for GELU and square roots too.
    weights_file : bool, default False
        Whether the weights stand in a file of their own beside it, ``net_weights.h``, which it
        includes.
    int8 : bool, default False
        Whether matrices are stored as whole numbers of 8 bits, with a scale for each output.
    streams : int, default 1
        How many sequences a state goes through side by side.

    Raises
    ------
    ValueError
        If `name` is no name in C, or another argument is none of those.
    CheckpointError
        If the model cannot be computed step after step, or has a layer without a form in C.
    OSError
        If the file cannot be written.
    """
    options = file.Options.checked(path, description, name, dtype, no_math, int8, streams)
    text, weights = file.text_of(description, options, weights_file)
    make_folder(os.path.dirname(os.path.realpath(path)))
    if weights_file:
        beside = os.path.join(os.path.dirname(path), f"{options.name}_weights.h")
        replace_file(beside, weights.encode("ascii", "replace"))
    replace_file(path, text.encode("ascii", "replace"))


def write_test(
    path: str, description: Description, x: Array, y: Array, tolerance: float, **options: Any
) -> str:
    """Write a C program beside a model, ``net_test.c``, that compares its answers.

    Parameters
    ----------
    path : str
        Of the model's file.
    description : Description
    x, y : ndarray of shape (steps, inputs), (steps, outputs)
        What it is fed, and what it should answer.
    tolerance : float
        How far an answer may be off, times the larger of 1 and the answer.
    **options :
        Those that :func:`write` was given.

    Returns
    -------
    str
        Its path.  Compiled together with the model, it returns 0 where they agree.
    """
    name = file.Options.checked(path, description, options.get("name")).name
    beside = f"{os.path.splitext(path)[0]}_test.c"
    text = self_test.text_of(os.path.basename(path), name, x, y, tolerance)
    replace_file(beside, text.encode("ascii", "replace"))
    return beside


def quantized(description: Description) -> Description:
    """Return a model with the weights that it has once they were stored as 8 bits."""
    tensors: Mapping[str, Array] = {
        name: _rounded(name, array) for name, array in description.tensors.items()
    }
    return replace(description, tensors=tensors)


def _rounded(name: str, array: Array) -> Array:
    if array.ndim != 2 or name.rpartition("/")[2] not in file.MATRICES:
        return array
    numbers, scales = quantize(array)
    found: Array = (numbers * scales.astype(array.dtype)).astype(array.dtype)
    return found


def footprint(description: Description, **options: Any) -> dict[str, int]:
    """Return what a model takes in C: bytes of weights and of a state, multiplications a step.

    Parameters
    ----------
    description : Description
    **options :
        `dtype`, `int8` and `streams` of :func:`write`.

    Raises
    ------
    CheckpointError
        If it has no form in C.
    """
    checked = file.Options.checked("net.h", description, **options)
    return file.sizes(file.program_of(description, checked), checked)
