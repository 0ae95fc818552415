"""The arguments of the recurrent functions: inputs, states, parameters, and caches.

``cell`` is one step and ``layer`` a sequence of steps. ``gates`` is 1 for the RNN, 3 for the GRU
and 4 for the LSTM; the sizes that the messages speak of are those of the contract: ``n_x`` inputs,
``n_s`` state units, ``n_y`` outputs, ``m`` batch, ``T_x`` time steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from .arrays import Array, Parameters, in_type, read_arrays, result_type
from .shapes import Entry, check_shapes, rows

#: What ``parameters_dict`` must hold; with a bias of the inputs of its own, ``bx`` too.
KEYS = ("Wx", "Ws", "Wy", "bs", "by")
KEYS_WITH_INPUT_BIAS = (*KEYS, "bx")

#: What the cache of one step holds.  ``Ht`` is None in a GRU without ``reset_after``.
RNN_CACHE = ("St_next", "St_prev", "Xt", "parameters_dict")
GRU_CACHE = ("St_next", "St_prev", "Rt", "Zt", "Nt", "Ht", "Xt", "parameters_dict")
LSTM_CACHE = (
    "St_next",
    "St_prev",
    "Ct_next",
    "Ct_prev",
    "It",
    "Ft",
    "Gt",
    "Ot",
    "Xt",
    "parameters_dict",
)
#: What the caches of a sequence hold.
RNN_CACHES = ("steps", "X")
GRU_CACHES = ("steps", "X", "reset_after")
LSTM_CACHES = ("steps", "X")

_pick: Callable[[Any], Sequence[Any]] = itemgetter(*KEYS)
_pick_with_input_bias: Callable[[Any], Sequence[Any]] = itemgetter(*KEYS_WITH_INPUT_BIAS)
_CELL_NAMES = ("Xt", "St_prev", *KEYS_WITH_INPUT_BIAS)
_LAYER_NAMES = ("X", "S_0", *KEYS_WITH_INPUT_BIAS)
_LSTM_CELL_NAMES = ("Xt", "St_prev", "Ct_prev", *KEYS)
_LSTM_LAYER_NAMES = ("X", "S_0", "C_0", *KEYS)


def read_parameters(parameters_dict: Parameters, keys: Sequence[str]) -> Sequence[Any]:
    """Return the values behind the keys, as they are; other keys are ignored.

    Raises
    ------
    TypeError
        If ``parameters_dict`` is not a mapping.
    KeyError
        If a key is missing.
    """
    if type(parameters_dict) is not dict and not isinstance(parameters_dict, Mapping):
        raise TypeError(
            "parameters_dict must be a dictionary (a mapping) of arrays, "
            f"got {type(parameters_dict).__name__}"
        )
    try:
        return [*map(parameters_dict.__getitem__, keys)]
    except KeyError as error:
        needed = ", ".join(keys)
        raise KeyError(f"parameters_dict has no {error.args[0]}; it needs {needed}") from None


def read_cell(
    Xt: Any,
    St_prev: Any,
    parameters_dict: Parameters,
    gates: int,
    input_bias: bool = False,
    cells: tuple[Any, ...] = (),
) -> Sequence[Array]:
    """Return ``Xt, St_prev, Wx, Ws, Wy, bs, by`` in the type of the results.

    With ``input_bias`` also ``bx``.  ``cells``, which is ``(Ct_prev,)`` in an LSTM, comes back
    behind ``St_prev``.

    Shapes: ``Xt`` (n_x, m), ``St_prev`` and ``Ct_prev`` (n_s, m), ``Wx`` (gates n_s, n_x), ``Ws``
    (gates n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` and ``bx`` (gates n_s, 1), ``by`` (n_y, 1).
    """
    names = _LSTM_CELL_NAMES if cells else _CELL_NAMES
    arrays = read_arrays(names, (Xt, St_prev, *cells, *_weights(parameters_dict, input_bias)))
    if not _fit(arrays, 2, gates, len(cells)):
        _check_forward(names, arrays, ("n_x", "m"), gates)
    return arrays


def read_layer(
    X: Any,
    S_0: Any,
    parameters_dict: Parameters,
    gates: int,
    input_bias: bool = False,
    cells: tuple[Any, ...] = (),
) -> Sequence[Array]:
    """Return ``X, S_0, Wx, Ws, Wy, bs, by`` in the type of the results.

    With ``input_bias`` also ``bx``.  ``cells``, which is ``(C_0,)`` in an LSTM, comes back behind
    ``S_0``.

    Shapes: ``X`` (n_x, m, T_x), ``S_0`` and ``C_0`` (n_s, m); the parameters' as in
    :func:`read_cell`.
    """
    names = _LSTM_LAYER_NAMES if cells else _LAYER_NAMES
    arrays = read_arrays(names, (X, S_0, *cells, *_weights(parameters_dict, input_bias)))
    if not _fit(arrays, 3, gates, len(cells)):
        _check_forward(names, arrays, ("n_x", "m", "T_x"), gates)
    return arrays


def _weights(parameters_dict: Parameters, input_bias: bool) -> Sequence[Any]:
    if type(parameters_dict) is dict:
        try:
            if input_bias:
                return _pick_with_input_bias(parameters_dict)
            return _pick(parameters_dict)
        except KeyError:
            pass  # said better below
    return read_parameters(parameters_dict, KEYS_WITH_INPUT_BIAS if input_bias else KEYS)


def _fit(arrays: Sequence[Array], ndim: int, gates: int, cells: int) -> bool:
    """Tell in one pass whether everything fits; what does not is looked for elsewhere."""
    inputs, *states = arrays[: 2 + cells]
    Wx, Ws, Wy, bs, by, *bx = arrays[2 + cells :]
    shape, shape_y = inputs.shape, Wy.shape
    if len(shape) != ndim or len(shape_y) != 2:
        return False
    n_y, n_s = shape_y
    gate_rows = gates * n_s
    return (
        all(state.shape == (n_s, shape[1]) for state in states)
        and Wx.shape == (gate_rows, shape[0])
        and Ws.shape == (gate_rows, n_s)
        and bs.shape == (gate_rows, 1)
        and by.shape == (n_y, 1)
        and (not bx or bx[0].shape == (gate_rows, 1))
    )


def _check_forward(
    names: Sequence[str], arrays: Sequence[Array], inputs: tuple[str, ...], gates: int
) -> None:
    gate_rows = rows(gates)
    symbols = {
        names[0]: inputs,
        "Wx": (gate_rows, "n_x"),
        "Ws": (gate_rows, "n_s"),
        "Wy": ("n_y", "n_s"),
        "bs": (gate_rows, "1"),
        "by": ("n_y", "1"),
        "bx": (gate_rows, "1"),
    }
    entries: list[Entry] = [
        (name, array.shape, symbols.get(name, ("n_s", "m")))
        for name, array in zip(names, arrays, strict=False)
    ]
    # The parameters come first: where an input and a weight disagree, the input is called wrong.
    check_shapes(sorted(entries, key=lambda entry: entry[0] not in KEYS_WITH_INPUT_BIAS))


def read_cell_cache(
    ds_next: Any, cache: Any, entries: Sequence[str], gates: int, dc: tuple[Any, ...] = ()
) -> list[Any]:
    """Return ``ds_next``, the arrays of the cache in their order, ``Wx`` and ``Ws``, in one type.

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        What the forward function of the cell returned.
    entries : sequence of str
        ``RNN_CACHE``, ``GRU_CACHE`` or ``LSTM_CACHE``.
    gates : int
        1, 3 or 4.
    dc : tuple
        ``(dc_next,)`` in an LSTM, (n_s, m): gradient of the loss with respect to ``Ct_next``.

    Returns
    -------
    list
        ``[ds_next, *dc, *cache without parameters_dict, Wx, Ws]``.  ``Ht`` stays None where it is
        None.
    """
    values = unpack("cache", cache, entries)
    weights = read_parameters(values[-1], ("Wx", "Ws"))
    names = ["ds_next", "dc_next", *entries[:-1], "Wx", "Ws"]
    given = [ds_next, *dc, *values[:-1], *weights]
    if not dc:
        del names[1]
    without = names.index("Ht") if "Ht" in entries and values[entries.index("Ht")] is None else None
    if without is not None:
        del names[without], given[without]
    arrays: list[Any] = [*read_arrays(names, given)]
    if not _fit_cell_cache(arrays, gates):
        symbols = {
            "Xt": ("n_x", "m"),
            "Wx": (rows(gates), "n_x"),
            "Ws": (rows(gates), "n_s"),
        }
        shapes: list[Entry] = [
            (name, array.shape, symbols.get(name, ("n_s", "m")))
            for name, array in zip(names, arrays, strict=True)
        ]
        check_shapes([*shapes[1 + len(dc) :], *shapes[: 1 + len(dc)]])
    if without is not None:
        arrays.insert(without, None)
    return arrays


def _fit_cell_cache(arrays: Sequence[Array], gates: int) -> bool:
    """Tell in one pass whether everything fits, as :func:`_fit`."""
    *per_unit, Xt, Wx, Ws = arrays
    shape = per_unit[0].shape
    if len(shape) != 2 or len(Xt.shape) != 2:
        return False
    n_s, m = shape
    n_x = Xt.shape[0]
    return (
        Xt.shape[1] == m
        and Wx.shape == (gates * n_s, n_x)
        and Ws.shape == (gates * n_s, n_s)
        and all(array.shape == shape for array in per_unit)
    )


def read_layer_caches(
    ds: Any, caches: Any, entries: Sequence[str], cell_entries: Sequence[str]
) -> tuple[Array, Any, Array, bool]:
    """Return ``ds, steps, X, reset_after``: ``ds`` and ``X`` in the type of the gradients.

    ``steps[t]`` is the cache of step t as it was made; :func:`read_cell_cache` reads it.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to ``S``.
    caches : tuple
        What the forward function of the sequence returned: ``(steps, X)`` of an RNN or an LSTM,
        ``(steps, X, reset_after)`` of a GRU.
    entries : sequence of str
        ``RNN_CACHES``, ``GRU_CACHES`` or ``LSTM_CACHES``.
    cell_entries : sequence of str
        ``RNN_CACHE``, ``GRU_CACHE`` or ``LSTM_CACHE``.
    """
    steps, X, *rest = unpack("caches", caches, entries)
    if not hasattr(steps, "__len__") or not hasattr(steps, "__getitem__"):
        raise TypeError(
            f"caches[0] must be a sequence of T_x caches of a step, got {type(steps).__name__}"
        )
    reset_after = bool(rest[0]) if rest else False
    cells = [unpack(f"caches[0][{t}]", steps[t], cell_entries) for t in range(len(steps))]
    if "Ht" in cell_entries:
        _check_forms(cells, reset_after)
    # One array of float64 anywhere makes float64 of all gradients.
    read = [("ds", ds), ("X", X), *_arrays_of(cells, cell_entries)]
    dtype = result_type([name for name, _ in read], [value for _, value in read])
    arrays = [in_type(array, dtype) for array in read_arrays(("ds", "X"), (ds, X))]

    # What stands first is believed where two disagree: the caches, not ds.
    shapes: list[Entry] = [
        ("X", arrays[1].shape, ("n_x", "m", "T_x")),
        ("ds", arrays[0].shape, ("n_s", "m", "T_x")),
    ]
    if cells:
        first = dict(zip(cell_entries, cells[0], strict=True))
        symbols = {"St_next": ("n_s", "m"), "Xt": ("n_x", "m")}
        shapes[:0] = [(name, np.shape(first[name]), symbols[name]) for name in symbols]
    check_shapes(shapes)
    if len(steps) != arrays[1].shape[2]:
        raise ValueError(
            f"caches[0] has {len(steps)} steps, expected T_x = {arrays[1].shape[2]} "
            f"to fit X, which has shape {arrays[1].shape}"
        )
    return arrays[0], steps, arrays[1], reset_after


def _check_forms(cells: Sequence[tuple[Any, ...]], reset_after: bool) -> None:
    """Raise unless all steps are of the form of the GRU that the caches say they are."""
    place = GRU_CACHE.index("Ht")
    for t, cell in enumerate(cells):
        if (cell[place] is not None) != reset_after:
            had = "None" if reset_after else "an array"
            raise ValueError(
                f"caches[0][{t}] has {had} for Ht, which does not fit caches[2], "
                f"reset_after = {reset_after}"
            )


def _arrays_of(
    cells: Sequence[tuple[Any, ...]], entries: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the name and the value of everything that is computed with in the caches of steps."""
    parameters = None
    for *values, of_step in cells:
        for name, value in zip(entries, values, strict=False):
            if value is not None or name != "Ht":
                yield name, value
        if of_step is not parameters:
            parameters = of_step
            yield from zip(("Wx", "Ws"), read_parameters(of_step, ("Wx", "Ws")), strict=True)


def unpack(name: str, cache: Any, entries: Sequence[str]) -> tuple[Any, ...]:
    """Return the entries of a cache as a tuple, or say what a cache should have been.

    Raises
    ------
    TypeError
        If it is nothing that unpacks.
    ValueError
        If it has another number of entries.
    """
    written = f"({', '.join(entries)})"
    if isinstance(cache, str | bytes | Mapping | np.ndarray) or not hasattr(cache, "__iter__"):
        raise TypeError(
            f"{name} must be what the forward function returned, {written}, "
            f"got {type(cache).__name__}"
        )
    values = tuple(cache)
    if len(values) != len(entries):
        raise ValueError(f"{name} has {len(values)} entries, expected {len(entries)}: {written}")
    return values
