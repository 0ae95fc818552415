"""Rows of a table, picked by integers, and the gradient of the table.

Arrays are time-major, rows padded to `ld` elements (layout.pxd).  Every array argument says IN or OUT.
"""

from libc.string cimport memcpy, memset

from fastrnn._core.kernels cimport floating
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.recycled cimport Scratch
from fastrnn._core.signals cimport MOVE, look, units_between_looks
from fastrnn._core.stage cimport Stage
from fastrnn._core.tokens cimport checked_tokens, scatter_rows


def take_rows(const floating[:, ::1] table not None, const long long[:, ::1] tokens not None,
              floating[:, :, ::1] out not None):
    """out[t, j] = table[tokens[t, j]].

    Parameters
    ----------
    table : IN (n, width)
    tokens : IN (T, m), from 0 to n - 1
    out : OUT (T, m, ld >= width); the padding is left as it is
    """
    cdef Py_ssize_t T = out.shape[0], m = out.shape[1], ld = out.shape[2], width = table.shape[1], row, some, first, end
    cdef Scratch copied = checked_tokens(tokens, T, m, table.shape[0])
    cdef const long long *token = <const long long *> copied.start
    if T * m == 0 or width == 0:
        return
    if ld < width:
        raise ValueError("table and out do not fit together")
    some = units_between_looks(MOVE * width)
    for first in range(0, T * m, some):
        end = min(first + some, T * m)
        with nogil:
            for row in range(first, end):
                memcpy(&out[0, 0, 0] + row * ld, &table[0, 0] + token[row] * width, width * sizeof(floating))
        look(<double> MOVE * width * (end - first))


def add_rows(const floating[:, :, ::1] dout not None, const long long[:, ::1] tokens not None,
             const unsigned char[:, ::1] mask, floating[:, ::1] dtable not None):
    """dtable[k] = the sum of dout[t, j] where tokens[t, j] is k, added in the order of the rows.

    Parameters
    ----------
    dout : IN (T, m, ld >= width)
    tokens : IN (T, m), from 0 to n - 1
    mask : IN (T, m), not zero where a row counts, or None where all do
    dtable : OUT (n, width)
    """
    cdef Py_ssize_t T = dout.shape[0], m = dout.shape[1], ld = dout.shape[2], width = dtable.shape[1], some, first, end
    cdef const unsigned char *counts = NULL
    cdef Scratch copied = checked_tokens(tokens, T, m, dtable.shape[0])
    if dtable.shape[0] == 0 or width == 0:
        return
    if ld < width or (mask is not None and (mask.shape[0] < T or mask.shape[1] != m)):
        raise ValueError("dout, mask and dtable do not fit together")
    memset(&dtable[0, 0], 0, dtable.shape[0] * width * sizeof(floating))
    if T * m == 0:
        return
    if mask is not None:
        counts = &mask[0, 0]
    some = units_between_looks(MOVE * width)
    for first in range(0, T * m, some):
        end = min(first + some, T * m)
        with nogil:
            scatter_rows(first, end, 0, ld, 1, width, ld, <const long long *> copied.start, counts, &dout[0, 0, 0],
                         &dtable[0, 0], 1, width)
        look(<double> MOVE * width * (end - first))


cdef class TableStage(Stage):
    """Rows of a table in a stream, which picks them by the integers that are its input."""

    cdef const char *table
    cdef Py_ssize_t row_bytes

    cdef int share(self, Stage other) except -1:
        self.table, self.row_bytes = (<TableStage> other).table, (<TableStage> other).row_bytes
        return 0

    cdef void place(self, void *memory) noexcept:
        self.y = memory

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef const long long *tokens = <const long long *> x
        cdef Py_ssize_t row, width = self.y_row * self.itemsize
        for row in range(steps * self.streams):
            memcpy(<char *> self.y + row * width, self.table + tokens[row * x_row] * self.row_bytes, self.row_bytes)
        return 0


def stage(const floating[:, :] table not None, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx); its tokens, which the stream checks, are from 0 to len(table) - 1."""
    cdef Py_ssize_t n = table.shape[0], width = table.shape[1], row, i
    cdef TableStage self = TableStage.__new__(TableStage)
    cdef floating *copied
    if n < 1 or width < 1 or dtype.itemsize != sizeof(floating):
        raise ValueError("table and dtype do not fit together")
    self.y_row, self.row_bytes = padded_to_line(width, dtype.itemsize), width * sizeof(floating)
    copied = <floating *> self.make(streams, steps, width, dtype, n * width, steps * streams * self.y_row)
    for row in range(n):
        for i in range(width):
            copied[row * width + i] = table[row, i]
    self.table = <const char *> copied
    return self
