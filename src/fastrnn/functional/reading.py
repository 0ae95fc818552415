"""Reading the arguments of the compiled functions.

Nearly all calls have plain arrays of one type whose shapes agree, and most of the time of a small
call would go into looking at them.  Compiled code tells those; :mod:`fastrnn.arguments` reads all
others, converts them, and says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn._core.arrays import fit
from fastrnn.arguments import (
    Cell,
    Form,
    Parameters,
    pick_parameters,
    read,
    read_cell_cache,
)


def read_forward(
    of: Form, inputs: tuple[Any, ...], parameters_dict: Parameters, input_bias: bool = False
) -> Sequence[Any]:
    """Return ``*inputs, Wx, Ws, bs, bx, Wy, by`` in the type of the results, checked."""
    values = (*inputs, *pick_parameters(parameters_dict, input_bias))
    return values if fit(of.words, of.gates, values) else read(of, values)


def read_cell_backward(cell: Cell, gradients: tuple[Any, ...], cache: Any) -> Sequence[Any]:
    """Return the gradients, the arrays of the cache, ``Wx`` and ``Ws``, in one type, checked."""
    if type(cache) is tuple and len(cache) == len(cell.cache) and type(cache[-1]) is dict:
        try:
            values = (*gradients, *cache[:-1], cache[-1]["Wx"], cache[-1]["Ws"])
        except KeyError:
            pass  # said better below
        else:
            of = cell.step_back
            if fit(of.words, of.gates, values):
                return values
    return read_cell_cache(cell, gradients, cache)
