"""ONNX: export of models, and import of graphs that consist of layers."""

from fastrnn.formats.onnx.reader import read
from fastrnn.formats.onnx.writer import write

__all__ = ["read", "write"]
