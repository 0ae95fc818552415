"""The lock for building, so that of several threads only one creates an object's weights."""

from __future__ import annotations

import threading

#: Held while a layer, a model or an objective is built, never while one computes.  There is one
#: lock for all, because objects with locks cannot be copied; it is reentrant, so that building a
#: model can build its layers.
building = threading.RLock()
