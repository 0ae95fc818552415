"""ONNX graphs with recurrences, run by fastrnn: a drop-in for ``onnxruntime.InferenceSession``."""

from fastrnn.formats.errors import CheckpointError
from fastrnn.interop.onnx.session import ModelMetadata, NodeArg, Session

__all__ = ["CheckpointError", "ModelMetadata", "NodeArg", "Session"]
