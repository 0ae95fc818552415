/* The checks of one element type, included by levels.c for each: REAL, OF(name), TOLERANCE. */
static void OF(check_activations)(const OF(fastrnn_kernels) *kernels)
{
    _Alignas(64) REAL x[3][LD], y[3][LD];
    for (int i = 0; i < 3 * LD; i++)
        (&x[0][0])[i] = (REAL)(20 * random_number());
    x[0][0] = (REAL)NAN, x[0][1] = (REAL)-INFINITY, x[0][2] = (REAL)INFINITY, x[0][3] = 0, x[0][4] = (REAL)1e-30;
    static const int kinds[] = {FASTRNN_TANH, FASTRNN_SIGMOID, FASTRNN_EXPONENTIAL};
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < 3 * LD; i++)
            (&y[0][0])[i] = (&x[0][0])[i];
        kernels->activation_rows(3, UNITS, &y[0][0], LD, kinds[kind]);
        for (int row = 0; row < 3; row++)
            for (int i = 0; i < UNITS; i++) {
                const double z = x[row][i], found = y[row][i];
                if (kind == 0)
                    check("tanh", found, tanh(z), TOLERANCE);
                else if (kind == 1)
                    check("sigmoid", found, 1 / (1 + exp(-z)), TOLERANCE);
                else if (z == INFINITY)
                    check("exp of infinity is infinite", found == INFINITY, 1, 0);
                else
                    check("exp", found, exp(z), TOLERANCE);
            }
    }
}

static void OF(check_softmax)(const OF(fastrnn_kernels) *kernels)
{
    _Alignas(64) REAL x[ROWS][LD], p[ROWS][LD];
    int64_t target[ROWS];
    fastrnn_bad_label bad = {-1, 0};
    int right = 0;
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < LD; i++)
            p[row][i] = x[row][i] = (REAL)random_number();
        target[row] = row % UNITS;
    }
    kernels->softmax_rows(ROWS, UNITS, &p[0][0], LD);
    for (int row = 0; row < ROWS; row++) {
        double sum = 0;
        int best = 0;
        for (int i = 0; i < UNITS; i++) {
            sum += exp((double)x[row][i]);
            best = x[row][i] > x[row][best] ? i : best;
        }
        for (int i = 0; i < UNITS; i++)
            check("softmax", p[row][i], exp((double)x[row][i]) / sum, TOLERANCE);
        target[row] = row % 2 ? best : target[row];
        right += target[row] == best;
    }
    check("rows that are right", kernels->correct_rows(ROWS, UNITS, &p[0][0], LD, target, NULL, &bad), right, 0);
    double loss = 0;
    for (int row = 0; row < ROWS; row++)
        loss -= log((double)p[row][target[row]]);
    check("cross entropy", kernels->cross_entropy_rows(ROWS, UNITS, &p[0][0], LD, target, NULL, 1, NULL, LD, &bad),
          loss, TOLERANCE);
    check("rows with a bad label", (double)bad.row, -1, 0);
    target[3] = UNITS;
    kernels->correct_rows(ROWS, UNITS, &p[0][0], LD, target, NULL, &bad);
    check("the first row with a bad label", (double)bad.row, 3, 0);
}

static void OF(check_products)(const OF(fastrnn_kernels) *kernels)
{
    static _Alignas(64) REAL a[ROWS * LD], w[2 * UNITS * DEPTH], packed[COLUMNS * DEPTH], c[ROWS * COLUMNS];
    static _Alignas(64) REAL bias[COLUMNS], sums[COLUMNS], gradient[LD * COLUMNS], turned[COLUMNS * ROWS];
    for (int i = 0; i < ROWS * LD; i++)
        a[i] = (REAL)random_number();
    for (int i = 0; i < 2 * UNITS * DEPTH; i++)
        w[i] = (REAL)random_number();
    for (int i = 0; i < COLUMNS; i++)
        bias[i] = (REAL)random_number();
    for (int rows = 1; rows <= ROWS; rows++) {
        const ptrdiff_t width = kernels->panel_width(rows);
        kernels->pack(packed, width, w, 1, DEPTH, DEPTH, 1, 2, UNITS, LD, DEPTH);
        kernels->product(rows, COLUMNS, DEPTH, a, LD, packed, width, c, COLUMNS, FASTRNN_FROM_BIAS, bias);
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < COLUMNS; column++) {
                const int gate = column / LD, unit = column % LD;
                double sum = bias[column];
                for (int k = 0; k < DEPTH && unit < UNITS; k++)
                    sum += (double)a[row * LD + k] * w[(gate * UNITS + unit) * DEPTH + k];
                check("product", c[row * COLUMNS + column], sum, 10 * TOLERANCE);
            }
    }
    for (int i = 0; i < COLUMNS; i++)
        sums[i] = 1;
    for (int i = 0; i < LD * COLUMNS; i++)
        gradient[i] = 2;
    const fastrnn_factor factor = {a, LD, DEPTH, gradient};
    kernels->gradient(ROWS, COLUMNS, c, COLUMNS, &factor, 1, COLUMNS, sums);
    for (int column = 0; column < COLUMNS; column++) {
        double total = 1;
        for (int row = 0; row < ROWS; row++)
            total += c[row * COLUMNS + column];
        check("sums of a gradient", sums[column], total, 10 * TOLERANCE);
        for (int i = 0; i < DEPTH; i++) {
            double sum = 2;
            for (int row = 0; row < ROWS; row++)
                sum += (double)a[row * LD + i] * c[row * COLUMNS + column];
            check("gradient", gradient[i * COLUMNS + column], sum, 20 * TOLERANCE);
        }
    }
    kernels->transpose(ROWS, COLUMNS, c, COLUMNS, turned, ROWS);
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++)
            check("transpose", turned[column * ROWS + row], c[row * COLUMNS + column], 0);
}

static void OF(check_optimizer)(const OF(fastrnn_kernels) *kernels)
{
    enum { N = 101 };
    REAL x[N];
    double squares = 0;
    for (int i = 0; i < N; i++) {
        x[i] = (REAL)random_number();
        squares += (double)x[i] * x[i];
    }
    check("finite", kernels->finite(N, x), 1, 0);
    kernels->clip_norm(N, x, 0.5);
    double clipped = 0;
    for (int i = 0; i < N; i++)
        clipped += (double)x[i] * x[i];
    check("a clipped norm", sqrt(clipped), sqrt(squares) < 0.5 ? sqrt(squares) : 0.5, 10 * TOLERANCE);
    x[N - 1] = (REAL)NAN;
    check("finite with a NaN", kernels->finite(N, x), 0, 0);
    x[N - 1] = 0, x[7] = (REAL)INFINITY;
    check("finite with an infinity", kernels->finite(N, x), 0, 0);
}

static void OF(check)(const OF(fastrnn_kernels) *kernels)
{
    OF(check_activations)(kernels);
    OF(check_softmax)(kernels);
    OF(check_products)(kernels);
    OF(check_optimizer)(kernels);
}
