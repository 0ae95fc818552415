"""Loading weights of PyTorch into a model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.state_dict import StateDict, open_state_dict, tensors_of as tensors_in
from fastrnn.formats.state_dict.units import COUNTER, Unit, units_of
from fastrnn.interop.torch.places import Place, expected, places_of, tensors_of, weights_from
from fastrnn.layers.parameter import assign
from fastrnn.models import Model

Array = NDArray[Any]

Source = str | os.PathLike[str] | Mapping[str, Any]


def load_state_dict(model: Model, source: Source, names: Mapping[str, str] | None = None) -> None:
    """Load all weights of a model from PyTorch modules.

    The modules are assigned to the layers with weights in order: a ``torch.nn.GRU`` with
    ``num_layers=2`` to two layers, a bidirectional one to a `Bidirectional`. Kinds and shapes must
    fit, and none may be left over or missing.

    Parameters
    ----------
    model : Model
        Its recurrent layers must be the same as PyTorch's: a `GRU` with ``reset_after=True``.
    source : path or mapping
        A file of ``torch.save`` with a state dictionary (``.pt``, ``.pth``, also inside a key such
        as ``state_dict``, and TorchScript archives), a safetensors file, an ``.npz``, or a JSON
        object; or a mapping of names to PyTorch tensors or arrays.  PyTorch need not be installed,
        and no code of a file is run.
    names : dict of str to str, optional
        Layers of the model by name, and the prefix of the module that each takes: ``{"gru_2":
        "decoder.rnn"}``.  Layers with the same prefix get the layers of that module in turn; other
        layers get the remaining modules in order.

    Raises
    ------
    CheckpointError
        If a file cannot be read, or its modules do not fit the layers; it names both.
    OSError
        As :func:`open` does.
    ValueError, TypeError
        If an argument is wrong, or a layer has no counterpart in PyTorch.

    Notes
    -----
    If anything does not fit, the model is not changed.  float64 is rounded to the dtype of the
    model; finite numbers that would become infinite are refused.  Names such as
    ``weight_ih_l0_reverse`` are PyTorch's; the biases ``bias_ih`` and ``bias_hh`` of an RNN or LSTM
    are added.

    The tensors of safetensors files, and of dicts read from one, are in alphabetical order: their
    modules are assigned to the layers that they fit.  If several fit and their names differ by more
    than numbers, `names` is required.

    Examples
    --------
    >>> import numpy as np
    >>> from fastrnn.interop.torch import load_state_dict, to_state_dict
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> from fastrnn.models import Sequential
    >>> def amp():
    ...     rnn = GRU(8, reset_after=True, return_sequences=True)
    ...     return Sequential([Input((None, 1)), rnn, Dense(1)])
    >>> one, other = amp(), amp()
    >>> load_state_dict(other, to_state_dict(one))
    >>> all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights()))
    True
    """
    if not isinstance(model, Model):
        raise TypeError(f"model is of type {type(model).__name__}; it should be a Model")
    from_file = isinstance(source, (str, os.PathLike))
    tensors = open_state_dict(source) if from_file else tensors_in(source)  # type: ignore[arg-type]
    title = f"{os.fspath(source)}: " if from_file else "source: "  # type: ignore[arg-type]
    places = places_of(model)
    for place in places:
        expected(place)  # raises ValueError
    units = units_of(tensors, dict(tensors))
    try:
        pairs = _matched(places, units, dict(names or {}), tensors)
        weights = []
        for place, unit in pairs:
            arrays = {part: tensor.read() for part, tensor in unit.parts.items()}
            weights += weights_from(place, arrays)
        titles, parameters, arrays_of = zip(*weights, strict=True) if weights else ((), (), ())
        assign(parameters, arrays_of, titles)
    except CheckpointError as error:
        words = str(error)
        raise CheckpointError(words if words.startswith(title) else f"{title}{words}") from error
    except ValueError as error:  # a number beyond the range of the model's dtype
        raise CheckpointError(f"{title}{error}") from error


def _matched(
    places: Sequence[Place], units: list[Unit], names: dict[str, str], tensors: StateDict
) -> list[tuple[Place, Unit]]:
    """Return every layer with its module."""
    known = [place.name for place in places]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise ValueError(
                f"names has {name!r}, which is no layer of the model with weights; they are "
                f"{', '.join(known)}" + (f" (did you mean {near[0]!r}?)" if near else "")
            )
    left = list(units)
    taken: dict[str, Unit] = {}
    for place in places:
        if place.name in names:
            taken[place.name] = _named(names[place.name], left, place)
    others = [place for place in places if place.name not in names]
    ordered = left
    if tensors.is_sorted:
        ordered = _fitting(others, left)
    for place, unit in zip(others, ordered, strict=False):
        taken[place.name] = unit
    for place in places:
        if place.name in taken:
            _check(place, taken[place.name])
    missing, extra = others[len(ordered) :], ordered[len(others) :]
    if extra:
        raise CheckpointError(
            f"it has {', '.join(unit.title for unit in extra)}, for which the model has no layer; "
            f"it has {', '.join(known) or 'none with weights'}"
        )
    if missing:
        raise CheckpointError(
            f"it has nothing for {', '.join(place.title for place in missing)}; it has "
            f"{', '.join(unit.title for unit in units) or 'no tensors'}"
        )
    return [(place, taken[place.name]) for place in places]


def _named(prefix: str, left: list[Unit], place: Place) -> Unit:
    """Remove and return the first module with a prefix."""
    for unit in left:
        whole = f"{unit.prefix}_l{unit.layer}".removeprefix("_")
        if prefix in (unit.prefix, whole):
            left.remove(unit)
            return unit
    prefixes = ", ".join(dict.fromkeys(repr(unit.prefix) for unit in left))
    raise CheckpointError(
        f"it has no module {prefix!r} for {place.name}, or no more layers of it; what is left is "
        f"{prefixes or 'nothing'}"
    )


def _fitting(places: Sequence[Place], units: list[Unit]) -> list[Unit]:
    """Return modules in alphabetical order in the order of the layers."""
    natural = sorted(units, key=lambda unit: unit.natural)
    found: list[Unit] = []
    for place in places:
        fits = [unit for unit in natural if unit not in found and not _misfit(place, unit)]
        alike = [unit for unit in fits if unit.prefix != fits[0].prefix]
        if any(unit.stem != fits[0].stem for unit in alike):
            raise CheckpointError(
                f"its tensors stand in the order of the alphabet, and several fit {place.name}: "
                f"{', '.join(dict.fromkeys(unit.prefix for unit in fits))}; say by names= which "
                "goes where"
            )
        if not fits:
            return natural  # which does not fit, for the error
        found.append(fits[0])
    return found + [unit for unit in natural if unit not in found]


def _check(place: Place, unit: Unit) -> None:
    reason = _misfit(place, unit)
    if reason:
        raise CheckpointError(f"{unit.title} does not fit {place.title}: {reason}")


def _misfit(place: Place, unit: Unit) -> str:
    """Return why a module does not fit a layer; empty if it does."""
    wanted = expected(place)
    given = {part: tensor.shape for part, tensor in unit.parts.items()}
    if "running_mean" in wanted and given.get(COUNTER) in ((), (1,)):
        del given[COUNTER]
    if "weight_hr" in given:
        return "proj_size is something that no layer here has"
    for part, shape in wanted.items():
        if part not in given:
            has_no_bias = part.startswith("bias")
            return f"it lacks {part}" + ("; use_bias=False has none" if has_no_bias else "")
        if given[part] != shape:
            return f"{part} has shape {given[part]}; it should be {shape}"
    extra = [unit.names[part] for part in given if part not in wanted]
    return f"the layer has nothing for {', '.join(extra)}" if extra else ""


def to_state_dict(model: Model) -> dict[str, Array]:
    """Return the weights of a model with PyTorch's names and shapes.

    Parameters
    ----------
    model : Model

    Returns
    -------
    dict of str to ndarray
        Copies, in the order of the layers, as ``gru_1.weight_ih_l0``; for a module with the same
        names, ``module.load_state_dict({name: torch.from_numpy(array) for name, array in
        to_state_dict(model).items()})``, or ``safetensors.numpy.save_file``, or ``numpy.savez``.

    Raises
    ------
    ValueError
        If a layer has no counterpart in PyTorch.

    Notes
    -----
    An RNN and an LSTM have one bias here and two in PyTorch: ``bias_ih`` is the bias, and
    ``bias_hh`` is zero.  Trained initial states, which PyTorch's modules lack, are
    ``initial_state_l0`` and ``initial_cell_l0``.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), GRU(8, reset_after=True), Dense(1, name="head")])
    >>> state = to_state_dict(model)
    >>> [name for name in state if name.startswith("head")], state["head.weight"].shape
    (['head.weight', 'head.bias'], (1, 8))
    """
    found: dict[str, Array] = {}
    for place in places_of(model):
        prefix = place.name.replace("/", ".")
        for part, array in tensors_of(place).items():
            name, reverse = (part.removesuffix("_reverse"), "_reverse" * part.endswith("_reverse"))
            is_recurrent = name.endswith(("_ih", "_hh")) or name.startswith("initial_")
            layer = "_l0" if is_recurrent else ""
            found[f"{prefix}.{name}{layer}{reverse}"] = np.array(array, order="C")
    return found
