"""Conversion of whole modules of PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastrnn.models import Model, Sequential

if TYPE_CHECKING:
    import torch


def from_module(module: torch.nn.Module, input_shape: Sequence[int | None] | None = None) -> Model:
    """Return a model that computes the same as a module of PyTorch, with its weights.

    Parameters
    ----------
    module : torch.nn.Module
        ``RNN``, ``GRU``, ``LSTM``, their cells, ``Linear``, ``Embedding``, ``LayerNorm``,
        ``Dropout``, an activation, or a ``Sequential`` of these (or what :func:`to_module`
        returned).
    input_shape : tuple of int, optional
        Shape of a sample.  If left out, (None, features), or (None,) for an embedding: a sequence
        of any length; (features,) if no module reads sequences.

    Returns
    -------
    Sequential
        With the dtype of the weights, float32 or float64.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If the module is not supported: build the model, and use :func:`load_state_dict`.
    ValueError
        If an argument of the module has no counterpart, such as ``proj_size``; it is named.

    Notes
    -----
    Models take (batch, time, features), regardless of ``batch_first``.  A stacked module becomes
    one layer for each of its layers, with a `Dropout` between them if it has one; all of them
    return sequences, and the output is PyTorch's ``output``, without the final states.  A cell
    becomes a layer over sequences.  The row ``padding_idx`` of an `Embedding` is trained like any
    other row.

    Examples
    --------
    >>> import numpy as np
    >>> import pytest; torch = pytest.importorskip("torch")
    >>> from fastrnn.interop.torch import from_module
    >>> module = torch.nn.GRU(3, 8, num_layers=2, batch_first=True)
    >>> x = np.random.default_rng(0).normal(size=(4, 7, 3)).astype("float32")
    >>> with torch.no_grad():
    ...     output, _ = module(torch.from_numpy(x))
    >>> bool(np.allclose(from_module(module).predict(x, verbose=0), output, atol=1e-6))
    True
    """
    _require_torch()
    from fastrnn.interop.torch.loading import load_state_dict
    from fastrnn.interop.torch.reading import layers_of
    from fastrnn.layers import Input

    found = layers_of(module)
    shape = found.input_shape if input_shape is None else tuple(input_shape)
    model = Sequential([Input(shape, dtype=found.dtype), *found.layers])
    load_state_dict(model, found.weights)
    return model


def to_module(model: Model) -> torch.nn.Module:
    """Return a module of PyTorch that computes the same as a model, with its weights.

    Parameters
    ----------
    model : Model
        A chain of layers: `SimpleRNN`, `GRU`, `LSTM`, `Bidirectional` of them, `Dense`,
        `Embedding`, `LayerNormalization`, `Dropout`, `Activation`, and `TimeDistributed` of these.

    Returns
    -------
    torch.nn.Sequential
        Its modules have the names of the layers, so that its state dictionary is
        :func:`to_state_dict` of the model.  It takes (batch, time, features), or integers
        (batch, time), and returns one tensor.  It is in evaluation mode: call ``train()`` to train
        it.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    ValueError
        If a layer or an argument has no counterpart; it is named.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), GRU(8, reset_after=True), Dense(1)])
    >>> module = to_module(model)
    >>> import torch
    >>> tuple(module(torch.zeros(2, 5, 3)).shape)
    (2, 1)
    """
    _require_torch()
    from fastrnn.interop.torch.writing import module_of

    return module_of(model)


def _require_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "this needs PyTorch: pip install torch; load_state_dict and to_state_dict do without"
        ) from error
