"""The functions of Keras's backend that set and return a session of TensorFlow."""

from __future__ import annotations

from typing import Any

from fastrnn._tensorflow.session import SESSION, always, nothing

#: In ``keras.backend``.
NAMED: dict[str, Any] = {
    "get_session": always(SESSION),
    "manual_variable_initialization": nothing,
    "set_session": nothing,
}
