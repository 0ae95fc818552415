"""The look for Ctrl-C in a call that takes long, and what was computed between two of them."""

cdef extern from "Python.h":
    int PyErr_CheckSignals() except -1

cdef Py_ssize_t _looks = 0
cdef double _most = 0, _total = 0


cdef int look(double operations) except -1:
    """Raise what a signal's handler raises, such as ``KeyboardInterrupt``, if one has come; the main thread alone does.

    Parameters
    ----------
    operations : how many were computed since the last look, about
    """
    global _looks, _most, _total
    _looks += 1
    _most, _total = max(_most, operations), _total + operations
    return PyErr_CheckSignals()


def limit():
    """Return how many operations there are at most between two looks, where the work can be divided so."""
    return <double> OPERATIONS_BETWEEN_LOOKS


def counted():
    """Return the looks since this was last called: how many, the most operations before one, and those before all."""
    global _looks, _most, _total
    found = _looks, _most, _total
    _looks, _most, _total = 0, 0, 0
    return found
