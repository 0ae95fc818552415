"""JSON of programs that model amplifiers and effects: RTNeural, AIDA-X, Neural Amp Modeler, others.

`rtneural` has RTNeural's layers, with what AIDA-X adds to them; `nam` the flat weights of Neural
Amp Modeler; `amp_model` what Automated-GuitarAmpModelling, NeuralPi and Proteus write.  They share
a file extension, so files are recognized by their content.
"""

from __future__ import annotations

from typing import Any

from fastrnn.formats.audio import amp_model, nam, rtneural
from fastrnn.formats.audio.rtneural_writing import write
from fastrnn.formats.description import Description
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.json_text import read_object

__all__ = ["read", "write"]


def read(path: str, keep: Any = None) -> Description:
    """Return the description of the model in a file.

    Raises
    ------
    OSError
        As :func:`open` does.
    CheckpointError
        If it is not such a file, or contains something that fastrnn lacks.
    """
    content = read_object(path)
    try:
        if "architecture" in content:
            return nam.model_in(content)
        if "model_data" in content:
            return amp_model.model_in(content)
        if "in_shape" in content:
            return rtneural.model_in(content)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    raise CheckpointError(f"{path} {_described(content)}")


def _described(content: dict[str, Any]) -> str:
    """Return the error message for an object that is not a model."""
    if "class_name" in content or ("config" in content and "weights" not in content):
        return (
            "is JSON text, a configuration without weights: fastrnn.models.from_config("
            "json.loads(text)) makes a model of one of Model.to_json"
        )
    lists = [value for value in content.values() if isinstance(value, list)]
    if isinstance(content.get("state_dict"), dict) or (lists and len(lists) == len(content)):
        return (
            "is JSON text with weights alone, which do not say what the model is: build it, and "
            "give them to it by fastrnn.interop.torch.load_state_dict(model, path)"
        )
    return (
        "is JSON text, but none of RTNeural (in_shape, layers), Neural Amp Modeler (architecture) "
        "or an amp model (model_data, state_dict)"
    )
