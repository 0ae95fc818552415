# cython: language_level=3
"""How much a call computes between two checks for Ctrl-C.

Work is counted in operations, not in seconds, so that it does not depend on the load of the machine.
"""

cdef enum:
    # At most this many operations, of all threads together, between two checks: a tenth of a second for one thread with
    # the simplest instruction set, float64, and weights in main memory.  A single unit that is more, such as a step of
    # one row, is not divided.
    OPERATIONS_BETWEEN_CHECKS = 100000000
    # operations that an exponential counts as, and the copy of an element
    EXPONENTIAL = 20
    MOVE = 8

cdef int check_signals(double operations) except -1


cdef inline Py_ssize_t units_between_checks(double operations_a_unit) noexcept nogil:
    """Return how many steps, or rows, of so many operations are computed between two checks: at least one."""
    cdef double units = OPERATIONS_BETWEEN_CHECKS / (operations_a_unit + 1)
    return 1 if units < 1 else <Py_ssize_t> units if units < 1e9 else 1000000000


cdef inline int turns_for(double operations, int shares, Py_ssize_t parts) noexcept nogil:
    """Return in how many turns to run shares with so many operations, which can be divided into so many parts."""
    cdef double turns = operations / OPERATIONS_BETWEEN_CHECKS
    cdef Py_ssize_t most = parts // shares
    return 1 if turns <= 1 or most < 2 else <int> most if turns > most else <int> turns + 1
