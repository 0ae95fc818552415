"""A training, from the arguments of ``fit`` to its end.

:mod:`fitting` prepares, runs and finishes one.  Its course is in :mod:`loop`; :mod:`trainer` makes
the steps, alone or with other processes (:mod:`exchange`, :mod:`agreement`); :mod:`run` says where
it is, for files from which :mod:`resuming` goes on; :mod:`interrupts` is about Ctrl-C.
"""
