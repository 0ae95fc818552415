"""Export of a model as a C file with its weights, for any C99 compiler.

``layers.py`` has the code of each layer, ``cells.c`` and ``functions.c`` the C functions that it
calls, ``program.py`` collects weights, states and calls, and ``file.py`` fills in ``model.c``.
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
        Path of the file, for example ``net.h``.
    description : Description
    name : str, optional
        Prefix of its functions and types; the stem of the file name if left out.
    dtype : {"float", "double"}, optional
        Type of the computation; that of the model if left out.
    no_math : bool, default False
        Whether to avoid ``<math.h>``, also for GELU and square roots.
    weights_file : bool, default False
        Whether to write the weights to a separate file next to it, ``net_weights.h``, which it
        includes.
    int8 : bool, default False
        Whether to store matrices as 8-bit integers, with a scale for each output.
    streams : int, default 1
        Number of sequences that are computed in parallel.

    Raises
    ------
    ValueError
        If `name` is not a C identifier, or another argument is invalid.
    CheckpointError
        If the model cannot be computed step by step, or C code for a layer is missing.
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
    """Write a C program, ``net_test.c``, that tests an exported model.

    Parameters
    ----------
    path : str
        Path of the model's file.
    description : Description
    x, y : ndarray of shape (steps, inputs), (steps, outputs)
        Inputs and expected outputs.
    tolerance : float
        Tolerance of an output, relative to the larger of 1 and the output.
    **options :
        The options of :func:`write`.

    Returns
    -------
    str
        Its path.  The program returns 0 if all outputs are within the tolerance.
    """
    name = file.Options.checked(path, description, options.get("name")).name
    beside = f"{os.path.splitext(path)[0]}_test.c"
    text = self_test.text_of(os.path.basename(path), name, x, y, tolerance)
    replace_file(beside, text.encode("ascii", "replace"))
    return beside


def quantized(description: Description) -> Description:
    """Return a model with weights rounded to 8 bits."""
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
    """Return the costs of a model in C: bytes of weights and state, multiplications per step.

    Parameters
    ----------
    description : Description
    **options :
        `dtype`, `int8` and `streams` of :func:`write`.

    Raises
    ------
    CheckpointError
        If C code for it is missing.
    """
    checked = file.Options.checked("net.h", description, **options)
    return file.sizes(file.program_of(description, checked), checked)
