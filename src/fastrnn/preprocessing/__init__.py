"""From text to arrays: the modules ``text`` and ``sequence``."""

from fastrnn.preprocessing import sequence, text

__all__ = ["sequence", "text"]
