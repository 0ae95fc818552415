# cython: language_level=3
"""How much of a sequence is computed before something else is, so that data is still in the cache when it is read.

Legend: x (T, m, n_x) is the input, time-major and features last; a "row" is one (t, j) of it, row t m + j of all;
`ld` the padded width of a row of states, `gates` the G gates of the cell, each `ld` wide in a packed row of gates.

A mask (T, m), NULL where there is none, is not zero in the rows that count.  A row that does not count keeps the state
of the step before, whatever was computed for it; on the way back the gradient at its state goes unchanged to the step
before, and the gradients of the weights leave it out: what x holds there has no effect, and what its gates and its `da`
hold is not read.  Rows that count and rows that do not may follow each other in any order.
Rows that are neighbours are computed together, a run of them, and the short gaps in a run with them; long gaps are not
computed.  So short sequences save time, and save most where neighbours in the batch are alike in length.
"""

from fastrnn._core.kernels cimport GRADIENT_ROWS, floating, panel_width
from fastrnn._core.threads cimport Part, share_start

cdef enum:
    # how many bytes of a share's rows go through projection, recurrence and output before the next steps: they
    # should still be in the second-level cache when they are used again
    CHUNK_BYTES = 131072
    # how many bytes of gradients at the pre-activations BPTT leaves before the gradients of the weights take them: they
    # should still be in the second-level cache, and memory should not grow with the length of a sequence
    SEGMENT_BYTES = 524288


cdef inline Py_ssize_t tile_start(Py_ssize_t ld, const Part *part, int after, floating *_) noexcept nogil:
    """Return the first column of a share of the gradients of the weights, or of the share after it.

    A share is a whole number of tiles, whatever the level.
    """
    cdef Py_ssize_t tile = panel_width(_, 4)
    return min(share_start((ld + tile - 1) // tile, part, after) * tile, ld)


cdef inline Py_ssize_t chunk_length(Py_ssize_t rows, Py_ssize_t row_bytes) noexcept nogil:
    """Return how many steps of so many rows go through projection and recurrence together."""
    cdef Py_ssize_t steps = CHUNK_BYTES // (rows * row_bytes + 1)
    return steps if steps > 1 else 1


cdef inline Py_ssize_t segment_length(Py_ssize_t T, Py_ssize_t m, Py_ssize_t step_bytes) noexcept nogil:
    """Return how many steps BPTT takes between two turns of the gradients of the weights: T divided evenly.

    A turn reads and writes all of these gradients, so it is worth while for some rows at least.
    """
    cdef Py_ssize_t most = max(SEGMENT_BYTES // (step_bytes + 1), 2 * <Py_ssize_t> GRADIENT_ROWS // (m + 1), 1)
    cdef Py_ssize_t parts = (T + most - 1) // most
    return (T + parts - 1) // parts if T > 0 else 1
