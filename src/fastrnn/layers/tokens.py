"""One-hot encoding of tokens; a recurrent layer after it reads the tokens instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn._core import gather as core
from fastrnn._core.stage import Stage
from fastrnn.layers.checks import check_range, positive
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array, Signal, Workspace, zeros


class CategoryEncoding(Layer):
    """Tokens (None, time) as one-hot rows (None, time, num_tokens).

    Its input must be an :func:`~fastrnn.layers.Input` of shape (time,).  A recurrent layer after it
    gathers a row of its kernel for every token, which equals the product with one-hot rows without
    computing them.

    Parameters
    ----------
    num_tokens : int
        Size of the vocabulary: tokens are 0 to num_tokens − 1.
    output_mode : {"one_hot"}
        A row for every token; Keras's other modes are not supported.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> CategoryEncoding(4, output_mode="one_hot")(np.array([[0, 2]]))
    array([[[1., 0., 0., 0.],
            [0., 0., 1., 0.]]], dtype=float32)
    """

    token_inputs = (0,)
    _arguments = ("num_tokens",)

    def __init__(self, num_tokens: int, output_mode: str = "one_hot", **options: Any) -> None:
        super().__init__(**options)
        self.num_tokens = positive(self, "num_tokens", num_tokens)
        if output_mode != "one_hot":
            raise ValueError(
                f"output_mode of CategoryEncoding is {output_mode!r}; it should be 'one_hot'"
            )

    @property
    def token_count(self) -> int:  # type: ignore[override]
        """Size of the vocabulary."""
        return self.num_tokens

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape` with `num_tokens` features."""
        return (*input_shape, self.num_tokens)

    def check_tokens(self, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless all tokens are in the vocabulary."""
        check_range(tokens, self.num_tokens, argument, f"num_tokens of {self.name}")

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _OneHotWorkspace(self, source)

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages that make the rows of each step."""
        rows = np.eye(self.num_tokens, dtype=self.dtype)
        return [core.stage(rows, source.streams, source.steps, self.dtype)]


class _OneHotWorkspace(Workspace):
    """Passes the tokens on; computes the rows only if `output` is read."""

    def __init__(self, layer: CategoryEncoding, source: Signal) -> None:
        self.tokens = source.output
        self.features = layer.num_tokens
        self._dtype = layer.dtype
        self._layer = layer
        self._rows: Array | None = None
        self._is_filled = False

    @property
    def output(self) -> Array:  # type: ignore[override]
        """One-hot rows."""
        if self._rows is None:
            assert self.tokens is not None
            self._rows = zeros((*self.tokens.shape, self.features), self._dtype)
            if self._is_filled:
                self._make(self._rows, self.tokens)
        return self._rows

    def forward(self, training: bool) -> None:
        self._is_filled = True
        if self._rows is not None:
            assert self.tokens is not None
            self._make(self._rows, self.tokens)

    def _make(self, rows: Array, tokens: Array) -> None:
        """Make the rows of the tokens that are there."""
        # The batch's own copy: the user's array may have changed since it was checked.
        self._layer.check_tokens(tokens, "x")
        rows.fill(0)
        np.put_along_axis(rows, tokens[..., np.newaxis], 1, axis=-1)

    def backward(self) -> None:
        """Do nothing: tokens have no gradient."""
