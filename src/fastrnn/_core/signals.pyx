"""How a long call checks for Ctrl-C, and how much it computed between two checks."""

cdef extern from "Python.h":
    int PyErr_CheckSignals() except -1

# Each thread has its own counts.
cdef extern from *:
    """
    static _Thread_local struct fastrnn_checks { Py_ssize_t checks; double most, total; } fastrnn_mine;
    """
    struct fastrnn_checks:
        Py_ssize_t checks
        double most, total
    fastrnn_checks mine "fastrnn_mine"


cdef int check_signals(double operations) except -1:
    """Run the handlers of pending signals; raise what they raise, such as ``KeyboardInterrupt``.

    Only the main thread runs handlers.

    Parameters
    ----------
    operations : about how many were computed since the last check
    """
    mine.checks += 1
    mine.most = max(mine.most, operations)
    mine.total += operations
    return PyErr_CheckSignals()


def limit():
    """Return how many operations there are at most between two checks, if the work can be divided so."""
    return <double> OPERATIONS_BETWEEN_CHECKS


def counted():
    """Return the number of checks of this thread since the last call, the most operations before one, and their sum."""
    found = mine.checks, mine.most, mine.total
    mine.checks, mine.most, mine.total = 0, 0, 0
    return found
