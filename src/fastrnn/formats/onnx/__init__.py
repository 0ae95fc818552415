"""ONNX: models out, and graphs of layers in."""

from fastrnn.formats.onnx.reader import read
from fastrnn.formats.onnx.writer import write

__all__ = ["read", "write"]
