# cython: language_level=3
"""How many steps are computed at a time, so that data is still in the cache when it is read again.

Legend: x (T, m, n_x) is the input, time-major and features last; a "row" is one (t, j) of it, row t m + j of all;
`ld` the padded width of a row of states, `gates` the G gates of the cell, each `ld` wide in a packed row of gates.

A mask (T, m), or NULL, is not zero in the rows that count.  A row that does not count keeps the state of the previous
step.  In the backward pass the gradient at its state goes unchanged to the previous step, and the gradients of the
weights leave the row out: its x has no effect, and its gates and its `da` are not read.  Rows that count and rows that
do not may be in any order.  Neighbouring rows that count are computed together, with short gaps between them; longer
gaps are skipped.  So short sequences save time, most of all if neighbours in the batch have similar lengths.
"""

from fastrnn._core.kernels cimport GRADIENT_ROWS, floating, panel_width
from fastrnn._core.threads cimport Part, share_start

cdef enum:
    # bytes of a share's rows that are projected before the recurrence reads them: they should still be in the
    # second-level cache then
    CHUNK_BYTES = 131072
    # bytes of gradients at the pre-activations that BPTT writes before the gradients of the weights read them: they
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
    """Return after how many steps BPTT adds to the gradients of the weights; T is divided evenly.

    Each time, all of these gradients are read and written, so there should be many rows.
    """
    cdef Py_ssize_t most = max(SEGMENT_BYTES // (step_bytes + 1), 2 * <Py_ssize_t> GRADIENT_ROWS // (m + 1), 1)
    cdef Py_ssize_t parts = (T + most - 1) // most
    return (T + parts - 1) // parts if T > 0 else 1
