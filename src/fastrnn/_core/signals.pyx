"""How a long call looks for Ctrl-C, and how much it computed between two looks."""

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
    """Run the handlers of signals that have come; raise what they raise, such as ``KeyboardInterrupt``.

    Only the main thread runs handlers.

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
    """Return, of this thread's looks since its last call of this: how many, the most operations before one, and all."""
    found = mine.looks, mine.most, mine.total
    mine.looks, mine.most, mine.total = 0, 0, 0
    return found
