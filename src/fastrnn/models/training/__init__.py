"""Training: the implementation of ``fit``.

:mod:`fitting` prepares, runs and finishes a training.  :mod:`loop` has the loop over epochs;
:mod:`trainer` makes the steps, alone or with other processes (:mod:`exchange`, :mod:`agreement`);
:mod:`run` records the position for files, from which :mod:`resuming` continues; :mod:`interrupts`
handles Ctrl-C.
"""
