"""TensorFlow's settings of devices, in ``tf.config`` and ``tf.config.experimental``.

There is no graphics card, so settings for one change nothing.
"""

from __future__ import annotations

from typing import Any

from fastrnn._core.thread_count import get_num_threads
from fastrnn._tensorflow.session import Names, nothing, set_threads
from fastrnn.config import list_physical_devices

#: In ``tf.config``.
NAMED: dict[str, Any] = {
    "get_visible_devices": list_physical_devices,
    "list_logical_devices": list_physical_devices,
    "optimizer": Names("config.optimizer", set_jit=nothing, set_experimental_options=nothing),
    "threading": Names(
        "config.threading",
        get_inter_op_parallelism_threads=get_num_threads,
        get_intra_op_parallelism_threads=get_num_threads,
        set_inter_op_parallelism_threads=nothing,
        set_intra_op_parallelism_threads=set_threads,
    ),
    **dict.fromkeys(
        (
            "LogicalDeviceConfiguration",
            "VirtualDeviceConfiguration",
            "enable_op_determinism",
            "experimental_run_functions_eagerly",
            "run_functions_eagerly",
            "set_logical_device_configuration",
            "set_memory_growth",
            "set_soft_device_placement",
            "set_virtual_device_configuration",
            "set_visible_devices",
        ),
        nothing,
    ),
}
