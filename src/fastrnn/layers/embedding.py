"""Trained vectors for tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn import initializers
from fastrnn._core import gather as core
from fastrnn._core.stage import Stage
from fastrnn.layers.checks import check_range, positive
from fastrnn.layers.embedding_workspace import EmbeddingWorkspace
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.settings import boolean
from fastrnn.workspace import Array, Signal, Workspace


class Embedding(Layer):
    """A trained vector for each token: (None, time) becomes (None, time, output_dim).

    Its input must be an :func:`~fastrnn.layers.Input` of shape (time,).

    Parameters
    ----------
    input_dim : int
        Size of the vocabulary: tokens are 0 to input_dim − 1.
    output_dim : int
        Length of a vector.
    embeddings_initializer : default "uniform"
        For the table (input_dim, output_dim); uniform from −0.05 to 0.05.
    mask_zero : bool, default False
        Whether the token 0 is padding, which the following layers mask; see
        :class:`~fastrnn.layers.Masking`.
    input_length : int, optional
        Number of steps, an argument of older versions of Keras: ``input_shape=(steps,)``.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> Embedding(100, 8, mask_zero=True)(Input((None,), dtype="int32")).shape
    (None, None, 8)
    """

    token_inputs = (0,)
    supports_masking = True
    _arguments = ("input_dim", "output_dim", "mask_zero", "embeddings_initializer")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: initializers.Identifier = "uniform",
        mask_zero: bool = False,
        input_length: int | None = None,
        **options: Any,
    ) -> None:
        if input_length is not None:
            options.setdefault("input_shape", (input_length,))
        super().__init__(**options)
        self.input_dim = positive(self, "input_dim", input_dim)
        self.output_dim = positive(self, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.mask_zero = boolean("mask_zero", mask_zero)

    @property
    def token_count(self) -> int:  # type: ignore[override]
        """Size of the vocabulary."""
        return self.input_dim

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless it is called on integers, with time or more axes."""
        if len(shapes) != 1 or len(shapes[0]) < 2:
            raise ValueError(
                f"{self.name} got inputs of the shapes {list(shapes)}; it takes integers straight "
                "from the data, Input((time,)), where time may be None"
            )
        if self.mask_zero and len(shapes[0]) > 2:
            raise ValueError(
                f"{self.name} has mask_zero=True and got an input of shape {shapes[0]}; a mask is "
                "one of steps, (None, time): wrap the layers that it is for in a TimeDistributed"
            )

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask: with ``mask_zero``."""
        return self.mask_zero

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape` with `output_dim` features."""
        return (*input_shape, self.output_dim)

    def build(self, input_shape: Shape) -> None:
        """Create the table."""
        table = self.input_dim, self.output_dim
        self.add_parameter("embeddings", table, self.embeddings_initializer)

    def check_tokens(self, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless all tokens have a vector."""
        check_range(tokens, self.input_dim, argument, f"input_dim of {self.name}")

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return EmbeddingWorkspace(self.parameter("embeddings"), self.mask_zero, source, training)

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages that look up the vectors of each step."""
        if self.mask_zero:
            raise ValueError(
                f"{self.name} cannot run in a stream: it has mask_zero=True; a stream has no "
                "padding, so leave such steps out and make the layer without it"
            )
        table = self.parameter("embeddings").value
        return [core.stage(table, source.streams, source.steps, self.dtype)]
