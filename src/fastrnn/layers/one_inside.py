"""The base of layers with one inner layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.layer import Layer
from fastrnn.layers.serialization import deserialize, serialize
from fastrnn.layers.wrapper import Wrapper
from fastrnn.workspace import Array


class OneInside(Wrapper):
    """A layer around another one, with the properties of the inner layer."""

    draws_weights = False
    layer: Layer

    def named_layers(self) -> Sequence[tuple[str, Layer]]:
        """Return the wrapped layer."""
        return [("layer", self.layer)]

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it computes each step independently."""
        return self.layer.is_per_step

    @property
    def token_inputs(self) -> tuple[int, ...]:  # type: ignore[override]
        """Indices of the inputs that are tokens."""
        return self.layer.token_inputs

    @property
    def token_count(self) -> int:  # type: ignore[override]
        """Size of the vocabulary of the layer."""
        return self.layer.token_count

    @property
    def weight_names(self) -> list[str]:
        """The names of the weights in files."""
        return self.layer.weight_names

    def check_tokens(self, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless the layer accepts all tokens."""
        self.layer.check_tokens(tokens, argument)

    def check_tokens_at(self, place: int, tokens: Array, argument: str) -> None:
        """Do the same for one of several inputs."""
        self.layer.check_tokens_at(place, tokens, argument)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new layer from what :meth:`get_config` returned."""
        options = dict(config)
        kind: Any = cls
        return kind(deserialize(options.pop("layer")), **options)
