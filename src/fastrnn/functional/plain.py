"""The way of arguments that need nothing done: plain arrays of one type, whose shapes agree.

Nearly all calls have such arguments, and most of the time of a small call would go into reading
them.  Whatever does not pass here goes to :mod:`fastrnn.arguments`, which converts it or says what
is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from fastrnn._core.arrays import fit
from fastrnn.arguments import KEYS, KEYS_WITH_INPUT_BIAS, Array, Parameters

_pick: Callable[[Any], tuple[Any, ...]] = itemgetter(*KEYS)
_pick_with_input_bias: Callable[[Any], tuple[Any, ...]] = itemgetter(*KEYS_WITH_INPUT_BIAS)
_pick_weights: Callable[[Any], tuple[Any, ...]] = itemgetter("Wx", "Ws")

# The letters are those of fit(): x inputs, s units, y outputs, m batch, t time steps, and g for
# gates times units.
_PARAMETERS = " gx gs ys g1 y1"


def plain(
    form: str,
    inputs: tuple[Any, ...],
    parameters_dict: Parameters,
    gates: int,
    input_bias: bool = False,
) -> tuple[Array, ...] | None:
    """Return ``*inputs, Wx, Ws, Wy, bs, by`` and maybe ``bx``, if they can be computed with.

    Parameters
    ----------
    form : str
        The axes of the inputs: ``"xmt sm"`` for X and S_0.
    inputs : tuple
    parameters_dict : mapping
    gates : int
    input_bias : bool
        Whether there is a ``bx``.

    Returns
    -------
    tuple of ndarray or None
        None if something is to be converted, or does not fit.
    """
    if type(parameters_dict) is not dict:
        return None
    try:
        parameters = (_pick_with_input_bias if input_bias else _pick)(parameters_dict)
    except KeyError:
        return None
    arrays = inputs + parameters
    form += _PARAMETERS + " g1" if input_bias else _PARAMETERS
    return arrays if fit(form, gates, arrays) else None


def plain_cache(
    form: str, ds_next: Any, cache: Any, gates: int, dc: tuple[Any, ...] = ()
) -> tuple[Any, ...] | None:
    """Return ``ds_next, *dc, *arrays of the cache, Wx, Ws``, if they can be computed with.

    Parameters
    ----------
    form : str
        The axes of ``ds_next``, of ``dc`` and of what the cache of a step holds.
    ds_next : array_like
    cache : tuple
        What the forward function of the cell returned.
    gates : int
    dc : tuple
        ``(dc_next,)`` in an LSTM.

    Returns
    -------
    tuple of ndarray or None
        None if something is to be converted, or does not fit.
    """
    if type(cache) is not tuple or not cache or type(cache[-1]) is not dict:
        return None
    try:
        arrays = (ds_next, *dc, *cache[:-1], *_pick_weights(cache[-1]))
    except KeyError:
        return None
    return arrays if fit(form + " gx gs", gates, arrays) else None
