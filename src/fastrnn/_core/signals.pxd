# cython: language_level=3
"""How much a call computes between two looks for Ctrl-C.

Work is counted in operations, and not in seconds, so that it is the same on a machine that is busy.
"""

cdef enum:
    # So many operations at most, of all threads together, between two looks; a tenth of a second where a single thread
    # has the plainest instruction set, float64, and its weights in main memory.  A unit that is more by itself (a step
    # of one row, say) is not divided.
    OPERATIONS_BETWEEN_LOOKS = 100000000
    # what an exponential is worth, and to move an element
    EXPONENTIAL = 20
    MOVE = 8

cdef int look(double operations) except -1


cdef inline Py_ssize_t units_between_looks(double operations_a_unit) noexcept nogil:
    """Return how many steps, or rows, of so many operations are computed between two looks: at least one."""
    cdef double units = OPERATIONS_BETWEEN_LOOKS / (operations_a_unit + 1)
    return 1 if units < 1 else <Py_ssize_t> units if units < 1e9 else 1000000000


cdef inline int turns_for(double operations, int shares, Py_ssize_t parts) noexcept nogil:
    """Return in how many turns to run the shares of so many operations, which can be divided into so many parts."""
    cdef double turns = operations / OPERATIONS_BETWEEN_LOOKS
    cdef Py_ssize_t most = parts // shares
    return 1 if turns <= 1 or most < 2 else <int> most if turns > most else <int> turns + 1
