# cython: language_level=3
"""What every recurrence does around its time loop: shares of the batch, the projection of the input, the gradients of
the weights, and steps that do not count.

Legend: x (T, m, n_x) is the input, time-major and features last; a "row" is one (t, j) of it, row t m + j of all;
`ld` the padded width of a row of states, `gates` the G gates of the cell, each `ld` wide in a packed row of gates.

A mask (T, m), NULL where there is none, is not zero in the rows that count.  A row that does not count keeps the state
of the step before, whatever was computed for it; backward, the gradient at its state goes to the step before as it is,
and the gradients of the weights leave it out: whatever x holds there has no effect, and nothing reads what its gates
or its `da` hold.  Rows that count and rows that do not may follow each other in any order.
Rows that are neighbours are computed together, a run of them, and the short gaps in a run with them; long gaps are not
computed.  So short sequences save time, and save most where neighbours in the batch are alike in length.
"""

from libc.string cimport memcpy, memset

from fastrnn._core.kernels cimport GRADIENT_ROWS, Factor, floating, gradient, panel_width, product, transpose
from fastrnn._core.threads cimport Part, share_start

cdef enum:
    # how many bytes of a share's rows go through projection, recurrence and output before the next steps: they
    # should still be in the second-level cache when they are used again
    CHUNK_BYTES = 131072
    # how many bytes of gradients at the pre-activations BPTT leaves before the gradients of the weights take them: they
    # should still be in the second-level cache, and memory should not grow with the length of a sequence
    SEGMENT_BYTES = 524288
    # so many rows that do not count end a run: with fewer, two products would cost more than one with them in it
    LONG_GAP = 8
    # the most factors of a gradient: the states, and the input
    FACTORS = 2
    # columns that are copied side by side where the gradients of the weights leave rows out
    BLOCK = 64


cdef inline Py_ssize_t column_start(const unsigned char *mask, const Part *part, Py_ssize_t m,
                                    int after) noexcept nogil:
    """Return the first batch column of a share, or of the share after it.

    With a mask the shares have as much to do as one another, and not as many columns.
    """
    cdef Py_ssize_t steps = part.end - part.first, total = m * steps, work = 0, share = part.share + after, i, j
    if mask == NULL or share == 0 or share == part.shares:
        return share_start(m, part, after)
    # a step that does not count still is a row to copy
    for i in range(part.first * m, part.end * m):
        total += LONG_GAP * (mask[i] != 0)
    for j in range(m):
        if work * part.shares >= total * share:
            return j
        work += steps
        for i in range(part.first, part.end):
            work += LONG_GAP * (mask[i * m + j] != 0)
    return m


cdef inline Py_ssize_t tile_start(Py_ssize_t ld, const Part *part, int after, floating *_) noexcept nogil:
    """Return the first column of a share of the gradients of the weights, or of the share after it.

    A share is a whole number of tiles, whatever the level.
    """
    cdef Py_ssize_t tile = panel_width(_, 4)
    return min(share_start((ld + tile - 1) // tile, part, after) * tile, ld)


cdef inline Py_ssize_t chunk_length(Py_ssize_t rows, Py_ssize_t row_bytes) noexcept nogil:
    cdef Py_ssize_t steps = CHUNK_BYTES // (rows * row_bytes + 1)
    return steps if steps > 1 else 1


cdef inline Py_ssize_t segment_length(Py_ssize_t T, Py_ssize_t m, Py_ssize_t step_bytes) noexcept nogil:
    """Steps of BPTT between two turns of the gradients of the weights: parts of T as equal as they can be.

    They have some rows in any case, since a turn goes over all of these gradients, whatever their size.
    """
    cdef Py_ssize_t most = max(SEGMENT_BYTES // (step_bytes + 1), 2 * <Py_ssize_t> GRADIENT_ROWS // (m + 1), 1)
    cdef Py_ssize_t parts = (T + most - 1) // most
    return (T + parts - 1) // parts if T > 0 else 1


cdef inline void pack_bias(floating *packed, const floating *bias, Py_ssize_t stride, Py_ssize_t gates,
                           Py_ssize_t units, Py_ssize_t ld, bint add) noexcept nogil:
    """OUT packed (gates * ld), zeros in the padding; with `add` the bias is added to what stands there."""
    cdef Py_ssize_t g, i
    for g in range(gates):
        for i in range(units):
            packed[g * ld + i] = bias[(g * units + i) * stride] + (packed[g * ld + i] if add else 0)
        for i in range(units, ld):
            packed[g * ld + i] = 0


cdef inline Py_ssize_t next_run(const unsigned char *mask, Py_ssize_t *row, Py_ssize_t end) noexcept nogil:
    """Move `row` to the first row that counts; return how many rows from there are computed together, 0 at the end."""
    cdef Py_ssize_t i, run_end
    if mask == NULL:
        return end - row[0]
    while row[0] < end and not mask[row[0]]:
        row[0] += 1
    i = run_end = row[0]
    while i < end and i - run_end < LONG_GAP:
        i += 1
        if mask[i - 1]:
            run_end = i
    return run_end - row[0]


cdef inline void keep_states(const unsigned char *mask, Py_ssize_t row, Py_ssize_t end, Py_ssize_t m, Py_ssize_t ld,
                             floating *states) noexcept nogil:
    """states[t + 1, j] = states[t, j] in the rows that do not count, some of one step."""
    cdef Py_ssize_t i
    if mask != NULL:
        for i in range(row, end):
            if not mask[i]:
                memcpy(states + (i + m) * ld, states + i * ld, ld * sizeof(floating))


cdef inline void save_carry(const unsigned char *mask, Py_ssize_t row, Py_ssize_t end, Py_ssize_t n_s,
                            const floating *ds, Py_ssize_t ds_row, const floating *carry, floating *saved,
                            Py_ssize_t ld) noexcept nogil:
    """OUT saved = ds + carry in the rows that do not count, some of one step; those of carry and saved start there.

    ds is NULL where nothing is added, as to the gradient at a cell state.
    """
    cdef Py_ssize_t i, k
    if mask != NULL:
        for i in range(row, end):
            if not mask[i]:
                if ds == NULL:
                    memcpy(saved + (i - row) * ld, carry + (i - row) * ld, n_s * sizeof(floating))
                else:
                    for k in range(n_s):
                        saved[(i - row) * ld + k] = ds[i * ds_row + k] + carry[(i - row) * ld + k]


cdef inline void restore_carry(const unsigned char *mask, Py_ssize_t row, Py_ssize_t end, Py_ssize_t n_s,
                               floating *carry, const floating *saved, Py_ssize_t ld) noexcept nogil:
    """carry = saved in the rows that :func:`save_carry` took, instead of what was computed for them."""
    cdef Py_ssize_t i
    if mask != NULL:
        for i in range(row, end):
            if not mask[i]:
                memcpy(carry + (i - row) * ld, saved + (i - row) * ld, n_s * sizeof(floating))


cdef inline void clear_rows(const unsigned char *mask, Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first,
                            Py_ssize_t end, Py_ssize_t m, Py_ssize_t width, floating *rows) noexcept nogil:
    """rows[t, j] = 0 where they do not count, for some steps and batch columns."""
    cdef Py_ssize_t t, i
    if mask != NULL:
        for t in range(first_step, end_step):
            for i in range(t * m + first, t * m + end):
                if not mask[i]:
                    memset(rows + i * width, 0, width * sizeof(floating))


cdef inline void multiply_rows(Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first, Py_ssize_t end,
                               Py_ssize_t m, Py_ssize_t columns, Py_ssize_t depth, const floating *a,
                               Py_ssize_t a_row, const floating *packed, Py_ssize_t width, floating *c,
                               Py_ssize_t c_row, int start, const floating *bias,
                               const unsigned char *mask) noexcept nogil:
    """c[t, j] = start + a[t, j] packed for some steps and batch columns; one product where rows are neighbours."""
    cdef Py_ssize_t step = first_step, next_step, row, end_row, rows
    while step < end_step:
        next_step = end_step if end - first == m else step + 1
        row, end_row = step * m + first, (next_step - 1) * m + end
        while row < end_row:
            rows = next_run(mask, &row, end_row)
            product(rows, columns, depth, a + row * a_row, a_row, packed, width, c + row * c_row, c_row, start, bias)
            row += rows
        step = next_step


cdef inline Factor factor_of(const floating *a, Py_ssize_t a_row, Py_ssize_t height, floating *c) noexcept nogil:
    cdef Factor factor
    factor.a, factor.a_row, factor.height, factor.c = a, a_row, height, c
    return factor


cdef inline void add_gradient(Py_ssize_t first_row, Py_ssize_t end_row, Py_ssize_t columns, const floating *b,
                              Py_ssize_t b_row, const Factor *factors, int count, Py_ssize_t c_row, floating *sums,
                              const unsigned char *mask) noexcept nogil:
    """c += a^T b for the a and c of each factor, at most FACTORS, and sums += b, over those of some rows that count."""
    cdef Py_ssize_t index[GRADIENT_ROWS]
    cdef Py_ssize_t row = first_row, rows
    if mask == NULL:
        gradient_from(row, end_row - row, columns, b, b_row, factors, count, c_row, sums)
        return
    while row < end_row:
        rows = 0
        while row < end_row and rows < GRADIENT_ROWS:
            index[rows] = row
            rows += mask[row] != 0
            row += 1
        if rows == 0:
            return
        if index[rows - 1] - index[0] == rows - 1:
            gradient_from(index[0], rows, columns, b, b_row, factors, count, c_row, sums)
        else:
            gradient_of_rows(rows, index, columns, b, b_row, factors, count, c_row, sums)


cdef inline void gradient_from(Py_ssize_t row, Py_ssize_t rows, Py_ssize_t columns, const floating *b, Py_ssize_t b_row,
                               const Factor *factors, int count, Py_ssize_t c_row, floating *sums) noexcept nogil:
    """As :func:`add_gradient`, over some neighbouring rows."""
    cdef Factor moved[FACTORS]
    cdef int f
    for f in range(count):
        moved[f] = factors[f]
        moved[f].a = <const floating *> factors[f].a + row * factors[f].a_row
    gradient(rows, columns, b + row * b_row, b_row, moved, count, c_row, sums)


cdef inline void gradient_of_rows(Py_ssize_t rows, const Py_ssize_t *index, Py_ssize_t columns,
                                  const floating *b, Py_ssize_t b_row, const Factor *factors, int count,
                                  Py_ssize_t c_row, floating *sums) noexcept nogil:
    """As :func:`add_gradient`, over at most GRADIENT_ROWS rows of these indices."""
    cdef floating a_block[GRADIENT_ROWS * BLOCK]
    cdef floating b_block[GRADIENT_ROWS * BLOCK]
    cdef Py_ssize_t left = 0, top, wide
    cdef Factor part
    cdef int f
    while left < columns:
        wide = min(columns - left, <Py_ssize_t> BLOCK)
        gather_block(rows, index, b + left, b_row, wide, b_block)
        if sums != NULL:
            gradient(rows, wide, b_block, BLOCK, NULL, 0, c_row, sums + left)
        for f in range(count):
            top = 0
            while top < factors[f].height:
                part = factor_of(a_block, BLOCK, min(factors[f].height - top, <Py_ssize_t> BLOCK),
                                 <floating *> factors[f].c + top * c_row + left)
                gather_block(rows, index, <const floating *> factors[f].a + top, factors[f].a_row, part.height,
                             a_block)
                gradient(rows, wide, b_block, BLOCK, &part, 1, c_row, <floating *> NULL)
                top += BLOCK
        left += BLOCK


cdef inline void gather_block(Py_ssize_t rows, const Py_ssize_t *index, const floating *source, Py_ssize_t row,
                              Py_ssize_t width, floating *block) noexcept nogil:
    """OUT block: some columns of the rows of these indices, one row behind the other."""
    cdef Py_ssize_t i
    for i in range(rows):
        memcpy(block + i * BLOCK, source + index[i] * row, width * sizeof(floating))


cdef inline void copy_gradient(floating *dw, Py_ssize_t dw_unit, Py_ssize_t dw_input, const floating *sums,
                               Py_ssize_t inputs, Py_ssize_t gates, Py_ssize_t units, Py_ssize_t ld) noexcept nogil:
    """dw[g * units + i, k] = sums[k, g * ld + i], from the kernels' layout to the caller's."""
    cdef Py_ssize_t k, g, i
    for g in range(gates):
        if dw_input == 1:
            transpose(inputs, units, sums + g * ld, gates * ld, dw + g * units * dw_unit, dw_unit)
            continue
        for k in range(inputs):
            for i in range(units):
                dw[(g * units + i) * dw_unit + k * dw_input] = sums[k * gates * ld + g * ld + i]
