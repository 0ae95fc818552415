/* The output layer after its product: softmax of rows, cross entropy, and the gradient of both. */

/* x in the lanes below `real`, `other` in the rest */
static inline vec NAME(first_lanes)(vec x, ptrdiff_t real, REAL other)
{
    ivec lane;
    for (int i = 0; i < LANES; i++)
        lane[i] = i;
    return NAME(select)(lane < (INTEGER)real, x, NAME(all)(other));
}

/* IN/OUT x: softmax over the first n of each row; the padding becomes 0 */
static void NAME(softmax_rows)(ptrdiff_t rows, ptrdiff_t n, REAL *x, ptrdiff_t x_row)
{
    const ptrdiff_t whole = n - n % LANES;
    FOR_ROWS {
        vec largest = NAME(all)((REAL)-INFINITY), sum = {0};
        for (ptrdiff_t i = 0; i < whole; i += LANES)
            largest = NAME(at_least)(NAME(load)(x + i), largest);
        if (whole < n)
            largest = NAME(at_least)(NAME(first_lanes)(NAME(load)(x + whole), n - whole, (REAL)-INFINITY), largest);
        const vec shift = NAME(all)(NAME(largest_of)(largest));
        for (ptrdiff_t i = 0; i < whole; i += LANES) {
            const vec e = NAME(exp_of_negative)(NAME(load)(x + i) - shift);
            NAME(store)(x + i, e);
            sum += e;
        }
        if (whole < n) {
            const vec e = NAME(first_lanes)(NAME(exp_of_negative)(NAME(load)(x + whole) - shift), n - whole, 0);
            NAME(store)(x + whole, e);
            sum += e;
        }
        const vec factor = NAME(all)(1 / NAME(sum_of)(sum));
        for (ptrdiff_t i = 0; i < n; i += LANES)
            NAME(store)(x + i, NAME(load)(x + i) * factor);
        x += x_row;
    }
}

/* IN p (probabilities of the row's classes), target and weight of each row (weight NULL: all 1); OUT, where not NULL,
 * dlogits = scale * weight * (p - one-hot of target), which may be p itself.  Returns sum of weight * -log p[target];
 * a probability that underflowed counts as the smallest normal number. */
static double NAME(cross_entropy_rows)(ptrdiff_t rows, ptrdiff_t n, const REAL *p, ptrdiff_t p_row,
                                       const int64_t *target, const REAL *weight, REAL scale,
                                       REAL *dlogits, ptrdiff_t dlogits_row)
{
    double loss = 0;
    FOR_ROWS {
        const REAL w = weight ? weight[row] : 1, probability = w != 0 ? p[target[row]] : 1;
        if (w != 0)
            loss -= w * LOG(probability < SMALLEST_NORMAL ? SMALLEST_NORMAL : probability);
        if (dlogits) {
            const vec factor = NAME(all)(w * scale);
            for (ptrdiff_t i = 0; i < n; i += LANES)
                NAME(store)(dlogits + i, w != 0 ? NAME(load)(p + i) * factor : (vec){0});
            for (ptrdiff_t i = n; i % LANES; i++)
                dlogits[i] = 0;
            if (w != 0)
                dlogits[target[row]] = (probability - 1) * (w * scale);
            dlogits += dlogits_row;
        }
        p += p_row;
    }
    return loss;
}

/* How many rows have their largest of n at the target, a row counting `weight`; ties go to the first */
static double NAME(correct_rows)(ptrdiff_t rows, ptrdiff_t n, const REAL *p, ptrdiff_t p_row,
                                 const int64_t *target, const REAL *weight)
{
    double correct = 0;
    ivec first_lanes;
    for (int i = 0; i < LANES; i++)
        first_lanes[i] = i;
    FOR_ROWS {
        const vec at_target = NAME(all)(p[target[row]]);
        ivec lane = first_lanes;
        union {
            ivec lanes;
            int64_t words[VBYTES / 8];
        } wrong = {{0}};
        for (ptrdiff_t i = 0; i < n; i += LANES, lane += (INTEGER)LANES) {
            const vec x = NAME(load)(p + i);
            const ivec right = (ivec)(x < at_target) | ((ivec)(x == at_target) & (lane >= (INTEGER)target[row]));
            wrong.lanes |= ~right & (lane < (INTEGER)n);
        }
        int64_t any = 0;
        for (int i = 0; i < VBYTES / 8; i++)
            any |= wrong.words[i];
        correct += any ? 0 : weight ? (double)weight[row] : 1.0;
        p += p_row;
    }
    return correct;
}
