"""Many training runs over a grid of settings, each in a directory of its own.

===========  ======================================================================
``grid``     the product of lists of settings, and what each of its runs is called
``plan``     the directory of each run, new or there already
``job``      one run, as a worker of joblib does it, perhaps on another machine
``stopping`` how Ctrl-C ends runs wherever they are
``result``   the table of what came out
``running``  all of it through joblib
===========  ======================================================================
"""

from __future__ import annotations

from fastrnn.cipher.sweeps.result import SweepResult, SweepRun
from fastrnn.cipher.sweeps.running import sweep

__all__ = ["SweepResult", "SweepRun", "sweep"]
