"""The configuration: instruction set, threads, versions, default dtype."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from fastrnn._core import kernels
from fastrnn._core.thread_count import get_num_threads, set_num_threads
from fastrnn._names import names_of
from fastrnn._version import __version__
from fastrnn.settings import epsilon, floatx, set_floatx

__all__ = [
    "config",
    "epsilon",
    "floatx",
    "get_num_threads",
    "image_data_format",
    "list_physical_devices",
    "set_floatx",
    "set_num_threads",
    "show_config",
]


def image_data_format() -> str:
    """Return ``"channels_last"``: features are the last axis.

    Examples
    --------
    >>> image_data_format()
    'channels_last'
    """
    return "channels_last"


def list_physical_devices(device_type: str | None = None) -> list[str]:
    """Return what there is to compute on: the processor, and never a graphics card.

    Parameters
    ----------
    device_type : {"CPU", "GPU"}, optional
        Both if left out.

    Examples
    --------
    >>> list_physical_devices("GPU")
    []
    """
    return [] if device_type not in (None, "CPU") else ["CPU:0"]


#: Where TensorFlow had the same function before.
experimental = sys.modules[__name__]


def config() -> dict[str, Any]:
    """Return the configuration that :func:`show_config` prints.

    Returns
    -------
    dict
        ``version``, ``instruction_set`` in use, ``compiled_in`` and ``supported`` (tuples of names,
        the simplest first), ``vector_bytes``, ``threads`` (used by large calls), ``numpy``,
        ``python`` and ``machine``.

    Examples
    --------
    >>> config()["threads"] == get_num_threads()
    True
    """
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
    """Print version, instruction set in use and those compiled in, threads, NumPy.

    Examples
    --------
    >>> show_config()  # doctest: +SKIP
    version          0.2.0
    instruction set  avx2
    """
    for name, value in config().items():
        text = " ".join(value) if isinstance(value, tuple) else value
        print(f"{name.replace('_', ' '):<16} {text}")


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__, others="fastrnn._tensorflow.config")
