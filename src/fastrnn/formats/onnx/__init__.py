"""ONNX: chains of layers in, models out."""

from fastrnn.formats.onnx.writer import write

__all__ = ["write"]
