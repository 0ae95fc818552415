/* Activations that are chosen by number, of layers, and of cells that do not have the default pair, tanh and sigmoid;
 * their derivatives as functions of the result.  The names and constants are those of Keras. */
#define SELU_SCALE ((REAL)1.0507009873554804934193349852946)
#define SELU_ALPHA ((REAL)1.6732632423543772848170429916717)
#if REAL_BITS == 64
#define LOG1P_TERMS 18
#else
#define LOG1P_TERMS 9
#endif

/* log(1 + u) for 0 <= u <= 1: 2 artanh(u / (2 + u)), a series whose terms decrease by a factor of 9 */
static inline vec NAME(log1p_of_unit)(vec u)
{
    const vec s = u / (2 + u), z = s * s;
    vec sum = NAME(broadcast)((REAL)1 / (2 * LOG1P_TERMS + 1));
    for (int k = LOG1P_TERMS - 1; k >= 0; k--)
        sum = sum * z + (REAL)1 / (2 * k + 1);
    return 2 * s * sum;
}

/* e^x - 1 for x <= 0: with t = tanh(x / 2) it is 2 t / (1 - t), and nothing cancels */
static inline vec NAME(expm1_of_negative)(vec x)
{
    const vec t = NAME(tanh)(x * (REAL)0.5);
    return 2 * t / (1 - t);
}

/* Those that have no kernel of rows */
static vec NAME(activation)(int kind, vec x)
{
    const vec zero = {0}, one = NAME(broadcast)(1);
    switch (kind) {
    case FASTRNN_RELU:
        return NAME(maximum)(x, zero);
    case FASTRNN_HARD_SIGMOID:
        return NAME(maximum)(NAME(minimum)(x / 6 + (REAL)0.5, one), zero);
    case FASTRNN_HARD_SIGMOID_OLD:
        return NAME(maximum)(NAME(minimum)((REAL)0.2 * x + (REAL)0.5, one), zero);
    case FASTRNN_SOFTSIGN:
        return x / (1 + NAME(magnitude)(x));
    case FASTRNN_ELU:
        return NAME(select)(MASK(x > zero), x, NAME(expm1_of_negative)(NAME(minimum)(x, zero)));
    case FASTRNN_SELU:
        return SELU_SCALE *
               NAME(select)(MASK(x > zero), x, SELU_ALPHA * NAME(expm1_of_negative)(NAME(minimum)(x, zero)));
    case FASTRNN_SOFTPLUS:
        return NAME(maximum)(x, zero) + NAME(log1p_of_unit)(NAME(exp)(-NAME(magnitude)(x)));
    default:
        return x;
    }
}

/* IN/OUT x: an activation of rows, in place */
static void NAME(activation_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row, int kind)
{
    if (kind == FASTRNN_TANH)
        NAME(tanh_rows)(rows, units, x, x_row);
    else if (kind == FASTRNN_SIGMOID)
        NAME(sigmoid_rows)(rows, units, x, x_row);
    else if (kind == FASTRNN_EXPONENTIAL)
        NAME(exp_rows)(rows, units, x, x_row);
    else
        FOR_ROWS {
            FOR_VECTORS
                NAME(store)(x + i, NAME(activation)(kind, NAME(load)(x + i)));
            x += x_row;
        }
}

static vec NAME(slope)(int kind, vec y)
{
    const vec zero = {0}, one = NAME(broadcast)(1);
    switch (kind) {
    case FASTRNN_TANH:
        return 1 - y * y;
    case FASTRNN_SIGMOID:
        return y * (1 - y);
    case FASTRNN_RELU:
        return NAME(select)(MASK(y > zero), one, zero);
    case FASTRNN_HARD_SIGMOID:
        return NAME(select)(MASK(y > zero) & MASK(y < one), one / 6, zero);
    case FASTRNN_HARD_SIGMOID_OLD:
        return NAME(select)(MASK(y > zero) & MASK(y < one), NAME(broadcast)((REAL)0.2), zero);
    case FASTRNN_SOFTSIGN: {
        const vec rest = 1 - NAME(magnitude)(y);
        return rest * rest;
    }
    case FASTRNN_ELU:
        return NAME(select)(MASK(y > zero), one, y + 1);
    case FASTRNN_SELU:
        return NAME(select)(MASK(y > zero), NAME(broadcast)(SELU_SCALE), y + SELU_SCALE * SELU_ALPHA);
    case FASTRNN_SOFTPLUS:
        return -NAME(expm1_of_negative)(-y);
    case FASTRNN_EXPONENTIAL:
        return y;
    default:
        return one;
    }
}
#undef SELU_SCALE
#undef SELU_ALPHA
#undef LOG1P_TERMS
