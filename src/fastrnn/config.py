"""What runs here: the instruction set, the threads, the versions."""

from __future__ import annotations

import platform
import sys
from typing import Any

import numpy as np

from fastrnn._core import kernels
from fastrnn._core.threads import get_num_threads, set_num_threads

__all__ = ["config", "get_num_threads", "set_num_threads", "show_config"]


def config() -> dict[str, Any]:
    """Return what :func:`show_config` prints.

    Returns
    -------
    dict
        ``version``, ``instruction_set`` in use, ``compiled_in`` and ``supported`` (tuples of names,
        the plainest first), ``vector_bytes``, ``threads`` (what a large call uses), ``numpy``,
        ``python`` and ``machine``.
    """
    from fastrnn import __version__

    return {
        "version": __version__,
        "instruction_set": kernels.level,
        "compiled_in": kernels.compiled_levels(),
        "supported": kernels.supported_levels(),
        "vector_bytes": kernels.vector_bytes,
        "threads": get_num_threads(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()} {sys.platform}",
    }


def show_config() -> None:
    """Print version, instruction set in use and those compiled in, threads, NumPy."""
    for name, value in config().items():
        text = " ".join(value) if isinstance(value, tuple) else value
        print(f"{name.replace('_', ' '):<16} {text}")
