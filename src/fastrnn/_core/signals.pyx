"""The look for Ctrl-C in a call that takes long, and what was computed between two of them."""

cdef extern from "Python.h":
    int PyErr_CheckSignals() except -1

# Each thread counts its own.
cdef extern from *:
    """
    static _Thread_local struct fastrnn_looks { Py_ssize_t looks; double most, total; } fastrnn_mine;
    """
    struct fastrnn_looks:
        Py_ssize_t looks
        double most, total
    fastrnn_looks mine "fastrnn_mine"


cdef int look(double operations) except -1:
    """Raise what a signal's handler raises, such as ``KeyboardInterrupt``, if one has come; the main thread alone does.

    Parameters
    ----------
    operations : how many were computed since the last look, about
    """
    mine.looks += 1
    mine.most = max(mine.most, operations)
    mine.total += operations
    return PyErr_CheckSignals()


def limit():
    """Return how many operations there are at most between two looks, where the work can be divided so."""
    return <double> OPERATIONS_BETWEEN_LOOKS


def counted():
    """Return this thread's looks since it last asked: how many, the most operations before one, and before all."""
    found = mine.looks, mine.most, mine.total
    mine.looks, mine.most, mine.total = 0, 0, 0
    return found
