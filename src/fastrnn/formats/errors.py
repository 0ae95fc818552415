"""The error for files that cannot be read or written."""

from __future__ import annotations

from fastrnn.terminal import printable


class CheckpointError(ValueError):
    """A file has an unknown format, is damaged, or does not fit the model.

    Also raised for a model that a format cannot hold; the message names the layer, the argument and
    its value.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastrnn.models import load_model
    >>> _ = Path("model.safetensors").write_text("no model")
    >>> try:
    ...     load_model("model.safetensors")
    ... except CheckpointError as error:
    ...     print("refused")
    refused
    """

    def __init__(self, message: str) -> None:
        # It contains text from the file, which may include control sequences.
        super().__init__(printable(message))
