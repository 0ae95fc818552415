"""What is made once, when it is first wanted, by one of the threads that want it."""

from __future__ import annotations

import threading

#: Held while a layer, a model or an objective is built, and never while one computes.  There is one
#: lock for all of them, since an object with a lock of its own could not be copied; a thread that
#: has it may build what lies inside too.
building = threading.RLock()
