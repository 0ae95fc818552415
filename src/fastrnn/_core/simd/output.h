/* The output layer after its product: softmax of rows, cross entropy, and the gradient of both. */

/* x in the lanes below `real`, `other` in the rest */
static inline vec NAME(first_lanes)(vec x, ptrdiff_t real, REAL other)
{
    return NAME(select)(MASK(NAME(lane_numbers)() < (INTEGER)real), x, NAME(broadcast)(other));
}

/* IN/OUT x: softmax over the first n of each row; in its last vector, the padding becomes 0.  Each loop is over a block
 * of rows: the sum and the largest of a vector take long, and a processor overlaps those of several rows. */
static void NAME(softmax_rows)(ptrdiff_t all_rows, ptrdiff_t n, REAL *x, ptrdiff_t x_row)
{
    enum { BLOCK = 16 };
    const ptrdiff_t whole = n - n % LANES;
    REAL factor[BLOCK];
    for (ptrdiff_t rows; all_rows > 0; all_rows -= rows, x += rows * x_row) {
        rows = all_rows < BLOCK ? all_rows : BLOCK;
        FOR_ROWS {
            REAL *at = x + row * x_row;
            vec largest = NAME(broadcast)((REAL)-INFINITY);
            for (ptrdiff_t i = 0; i < whole; i += LANES)
                largest = NAME(maximum)(NAME(load)(at + i), largest);
            if (whole < n)
                largest = NAME(maximum)(NAME(first_lanes)(NAME(load)(at + whole), n - whole, (REAL)-INFINITY), largest);
            const vec shift = NAME(broadcast)(NAME(largest_of)(largest));
            for (ptrdiff_t i = 0; i < n; i += LANES)
                NAME(store)(at + i, NAME(load)(at + i) - shift);
            if (whole < n)
                NAME(store)(at + whole, NAME(first_lanes)(NAME(load)(at + whole), n - whole, 0));
        }
        NAME(exp_rows)(rows, n, x, x_row);
        FOR_ROWS {
            REAL *at = x + row * x_row;
            vec sum = {0};
            if (whole < n)
                NAME(store)(at + whole, NAME(first_lanes)(NAME(load)(at + whole), n - whole, 0));
            for (ptrdiff_t i = 0; i < n; i += LANES)
                sum += NAME(load)(at + i);
            factor[row] = 1 / NAME(sum_of)(sum);
        }
        FOR_ROWS {
            REAL *at = x + row * x_row;
            for (ptrdiff_t i = 0; i < n; i += LANES)
                NAME(store)(at + i, NAME(load)(at + i) * factor[row]);
        }
    }
}

/* Return the label of a row.  If it is not one of n classes, record it in `bad` and return -1.  The label is read once:
 * another thread may write to it at any moment, and the value that is used has to be the value that was checked. */
static inline int64_t NAME(label_of)(const int64_t *target, ptrdiff_t row, ptrdiff_t n, fastrnn_bad_label *bad)
{
    const int64_t label = *(const volatile int64_t *)(target + row);
    if ((uint64_t)label < (uint64_t)n)
        return label;
    if (bad->row < 0)
        *bad = (fastrnn_bad_label){row, label};
    return -1;
}

/* IN p (probabilities of the row's classes), target and weight of each row (weight NULL: all 1); OUT, where not NULL,
 * dlogits = scale * weight * (p - one-hot of target), which may be p itself.  Returns sum of weight * -log p[target];
 * a probability that underflowed counts as the smallest normal number.  A row whose label is bad has no weight. */
static double NAME(cross_entropy_rows)(ptrdiff_t rows, ptrdiff_t n, const REAL *p, ptrdiff_t p_row,
                                       const int64_t *target, const REAL *weight, REAL scale, REAL *dlogits,
                                       ptrdiff_t dlogits_row, fastrnn_bad_label *bad)
{
    double loss = 0;
    FOR_ROWS {
        const REAL w = weight ? weight[row] : 1;
        const int64_t label = w != 0 ? NAME(label_of)(target, row, n, bad) : -1;
        const REAL probability = label >= 0 ? p[label] : 1;
        if (label >= 0)
            loss -= w * LOG(probability < SMALLEST_NORMAL ? SMALLEST_NORMAL : probability);
        if (dlogits) {
            const vec factor = NAME(broadcast)(w * scale);
            for (ptrdiff_t i = 0; i < n; i += LANES)
                NAME(store)(dlogits + i, label >= 0 ? NAME(load)(p + i) * factor : (vec){0});
            for (ptrdiff_t i = n; i % LANES; i++)
                dlogits[i] = 0;
            if (label >= 0)
                dlogits[label] = (probability - 1) * (w * scale);
            dlogits += dlogits_row;
        }
        p += p_row;
    }
    return loss;
}

/* Return the sum of the weights of the rows whose largest of n probabilities is that of the target; of equal ones the
 * first counts as the largest.  A row whose label is bad adds nothing. */
static double NAME(correct_rows)(ptrdiff_t rows, ptrdiff_t n, const REAL *p, ptrdiff_t p_row, const int64_t *target,
                                 const REAL *weight, fastrnn_bad_label *bad)
{
    double correct = 0;
    const ivec first_lanes = NAME(lane_numbers)();
    FOR_ROWS {
        const int64_t label = NAME(label_of)(target, row, n, bad);
        if (label >= 0) {
            const vec at_target = NAME(broadcast)(p[label]);
            ivec lane = first_lanes, right = ~(ivec){0};
            for (ptrdiff_t i = 0; i < n; i += LANES, lane += (INTEGER)LANES) {
                const vec x = NAME(load)(p + i);
                right &= MASK(x < at_target) | (MASK(x == at_target) & MASK(lane >= (INTEGER)label)) |
                         MASK(lane >= (INTEGER)n);
            }
            correct += !NAME(all)(right) ? 0 : weight ? (double)weight[row] : 1.0;
        }
        p += p_row;
    }
    return correct;
}
