/* The functions that an exported model may need.  A model gets those that it calls: each begins with a line that names
 * it.  REAL(1.5) becomes a literal of the model's type, and words in capitals with a $ become numbers or names. */

//: net_token
/* The number of a token, or -1 for what is none. */
static int net_token(net_real x, int count)
{
    const int token = x >= REAL(0.0) && x < (net_real)count ? (int)x : -1;
    return (net_real)token == x ? token : -1;
}

//: net_not_a_number
static net_real net_not_a_number(void)
{
    const volatile net_real zero = REAL(0.0);
    return zero / zero;
}

//: net_copy
/* y = x */
static void net_copy(const net_real *x, net_real *y, int count)
{
    int i;
    for (i = 0; i < count; i++)
        y[i] = x[i];
}

//: net_matrix_of
static net_matrix net_matrix_of(const signed char *numbers, const net_real *scales)
{
    net_matrix w;
    w.numbers = numbers;
    w.scales = scales;
    return w;
}

//: net_add_product
/* y += W x.  Weights stand as [inputs][outputs], so that the outputs are neighbours; four inputs at a time save three
 * of four ways to memory and back. */
static void net_add_product(net_matrix w, const net_real *x, net_real *y, int inputs, int outputs)
{
    int i, k;
    for (i = 0; i + 4 <= inputs; i += 4) {
        const net_real a = x[i], b = x[i + 1], c = x[i + 2], d = x[i + 3];
        const net_real *row_a = w + (ptrdiff_t)i * outputs, *row_b = row_a + outputs;
        const net_real *row_c = row_b + outputs, *row_d = row_c + outputs;
        for (k = 0; k < outputs; k++)
            y[k] += (row_a[k] * a + row_b[k] * b) + (row_c[k] * c + row_d[k] * d);
    }
    for (; i < inputs; i++) {
        const net_real a = x[i], *row = w + (ptrdiff_t)i * outputs;
        for (k = 0; k < outputs; k++)
            y[k] += row[k] * a;
    }
}

//: net_add_product_int8
/* y += W x.  Weights are whole numbers of 8 bits, [inputs][outputs], with a scale for each output. */
static void net_add_product(net_matrix w, const net_real *x, net_real *y, int inputs, int outputs)
{
    int first, i, k;
    for (first = 0; first < outputs; first += NET_BLOCK) {
        const int count = outputs - first < NET_BLOCK ? outputs - first : NET_BLOCK;
        net_real sum[NET_BLOCK];
        for (k = 0; k < count; k++)
            sum[k] = REAL(0.0);
        for (i = 0; i < inputs; i++) {
            const signed char *row = w.numbers + (ptrdiff_t)i * outputs + first;
            for (k = 0; k < count; k++)
                sum[k] += (net_real)row[k] * x[i];
        }
        for (k = 0; k < count; k++)
            y[first + k] += w.scales[first + k] * sum[k];
    }
}

//: net_add_row
/* y += the row of a token, which is W times a one-hot vector; not a number for what is no token. */
static void net_add_row(net_matrix w, const net_real *x, net_real *y, int inputs, int outputs)
{
    const int token = net_token(*x, inputs);
    int k;
    for (k = 0; k < outputs; k++)
        y[k] += token < 0 ? net_not_a_number() : $WEIGHT;
}

//: net_affine
/* y = W x + b */
static void net_affine(net_matrix w, const net_real *b, const net_real *x, net_real *y, int inputs, int outputs)
{
    net_copy(b, y, outputs);
    net_add_product(w, x, y, inputs, outputs);
}

//: net_affine_of_token
/* y = W x + b, for a token x that stands for a one-hot vector */
static void net_affine_of_token(net_matrix w, const net_real *b, const net_real *x, net_real *y, int inputs, int outputs)
{
    net_copy(b, y, outputs);
    net_add_row(w, x, y, inputs, outputs);
}

//: net_one_hot
/* y = 1 at the token x, and 0 elsewhere */
static void net_one_hot(const net_real *x, net_real *y, int count)
{
    const int token = net_token(*x, count);
    int i;
    for (i = 0; i < count; i++)
        y[i] = token < 0 ? net_not_a_number() : (net_real)(i == token);
}

//: net_gather
/* y = the row of a token in a table; not a number for what is no token */
static void net_gather(net_matrix w, const net_real *x, net_real *y, int inputs, int outputs)
{
    int k;
    for (k = 0; k < outputs; k++)
        y[k] = REAL(0.0);
    net_add_row(w, x, y, inputs, outputs);
}

//: net_power_of_two
/* 2^n, if that is a normal number */
static net_real net_power_of_two(net_bits n)
{
    net_number number;
    number.bits = (n + $BIAS) << $FRACTION;
    return number.real;
}

//: net_size
/* |x|, at most as large as given; that for what is not a number.  Compilers turn it into vectors, where a comparison of
 * reals makes them branch. */
static net_real net_size(net_real x, net_real most)
{
    net_number number, limit;
    number.real = x;
    limit.real = most;
    number.bits &= $MAGNITUDE;
    number.bits = number.bits < limit.bits ? number.bits : limit.bits;
    return number.real;
}

//: net_unless_none
/* y; not a number where x is none */
static net_real net_unless_none(net_real y, net_real x)
{
    net_number of_x, of_y;
    of_x.real = x;
    of_y.real = y;
    of_y.bits |= -(net_bits)((of_x.bits & $MAGNITUDE) > $INFINITY) & $NOT_A_NUMBER;
    return of_y.real;
}

//: net_reduce
/* y = n ln2 / 2 + h with |h| <= ln2 / 4, and tanh h = T / (T + D): returns n, and T and D, for y >= 0. */
static net_bits net_reduce(net_real y, net_real *t, net_real *d)
{
    const net_bits n = (net_bits)(y * $TWO_LOG2_E + REAL(0.5));
    const net_real h = y - (net_real)n * $HALF_LN2_HIGH - (net_real)n * $HALF_LN2_LOW, z = h * h;
    *t = h + h * z * ($P);
    *d = REAL(1.0) - (*t - z * ($Q));
    return n;
}

//: net_exp
/* e^x, at most $EXP_ULP units in the last place off: 2^n (2 T + D) / D, or what that is the inverse of */
static net_real net_exp(net_real x)
{
    net_real t, d;
    const net_bits size = net_reduce(net_size(x, $EXP_FAR) * REAL(0.5), &t, &d);
    const net_bits n = x < REAL(0.0) ? -size : size, half = n / 2;
    const net_real e = d + REAL(2.0) * t, up = x < REAL(0.0) ? d : e, down = x < REAL(0.0) ? e : d;
    return net_unless_none(up / down * net_power_of_two(half) * net_power_of_two(n - half), x);
}

//: net_tanh
/* at most $TANH_ULP units in the last place off */
static net_real net_tanh(net_real x)
{
    net_real t, d;
    const net_real power = net_power_of_two(net_reduce(net_size(x, $FLAT), &t, &d));
    const net_real difference = power * (t + t) + (power - REAL(1.0)) * d;
    const net_real y = difference / (difference + REAL(2.0) * d);
    return net_unless_none(x < REAL(0.0) ? -y : y, x);
}

//: net_sigmoid
/* 1 / (1 + e^-x), at most $SIGMOID_ULP units in the last place off */
static net_real net_sigmoid(net_real x)
{
    net_real t, d;
    const net_real power = net_power_of_two(net_reduce(net_size(x, $SIGMOID_FAR) * REAL(0.5), &t, &d));
    const net_real up = power * (d + REAL(2.0) * t);
    return net_unless_none((x < REAL(0.0) ? d : up) / (up + d), x);
}

//: net_expm1_of_negative
/* e^x - 1 for x <= 0, and 0 above */
static net_real net_expm1_of_negative(net_real x)
{
    const net_real t = net_tanh((x > REAL(0.0) ? REAL(0.0) : x) * REAL(0.5));
    return REAL(2.0) * t / (REAL(1.0) - t);
}

//: net_log1p_of_unit
/* log(1 + u) for 0 <= u <= 1: a series of the inverse hyperbolic tangent */
static net_real net_log1p_of_unit(net_real u)
{
    const net_real s = u / (REAL(2.0) + u), z = s * s;
    return REAL(2.0) * s * ($LOG1P);
}

//: net_log
/* log x for a normal number x > 0 */
static net_real net_log(net_real x)
{
    net_number number;
    net_bits n;
    number.real = x;
    n = (number.bits >> $FRACTION) - $BIAS;
    number.bits -= n * ((net_bits)1 << $FRACTION);
    return (net_real)n * $LN2 + net_log1p_of_unit(number.real - REAL(1.0));
}

//: net_sqrt
/* the square root of x > 0, by Newton's method */
static net_real net_sqrt(net_real x)
{
    net_number root;
    int i;
    root.real = x;
    root.bits = (root.bits >> 1) + ((net_bits)$BIAS << ($FRACTION - 1));
    for (i = 0; i < $NEWTON; i++)
        root.real = REAL(0.5) * (root.real + x / root.real);
    return root.real;
}

//: net_erf
/* the error function: x e^(-x^2) times a series of which all terms have one sign */
static net_real net_erf(net_real x)
{
    const net_real size = x < REAL(0.0) ? -x : x, z = REAL(2.0) * x * x;
    net_real term = REAL(1.0), sum = REAL(1.0), odd = REAL(1.0), y;
    if (size > REAL(6.0))
        return x < REAL(0.0) ? REAL(-1.0) : REAL(1.0);
    while (term > sum * REAL(1e-17)) {
        odd += REAL(2.0);
        term *= z / odd;
        sum += term;
    }
    y = REAL(1.1283791670955126) * size * net_exp(REAL(-0.5) * z) * sum;
    return x < REAL(0.0) ? -y : y;
}

//: net_linear
static net_real net_linear(net_real x) { return x; }

//: net_relu
static net_real net_relu(net_real x) { return x < REAL(0.0) ? REAL(0.0) : x; }

//: net_relu6
static net_real net_relu6(net_real x) { return x < REAL(0.0) ? REAL(0.0) : x > REAL(6.0) ? REAL(6.0) : x; }

//: net_leaky_relu
static net_real net_leaky_relu(net_real x) { return x < REAL(0.0) ? REAL(0.2) * x : x; }

//: net_unit
/* x, at least 0 and at most 1 */
static net_real net_unit(net_real x) { return x < REAL(0.0) ? REAL(0.0) : x > REAL(1.0) ? REAL(1.0) : x; }

//: net_hard_sigmoid
static net_real net_hard_sigmoid(net_real x) { return net_unit(x / REAL(6.0) + REAL(0.5)); }

//: net_hard_sigmoid_keras2
static net_real net_hard_sigmoid_keras2(net_real x) { return net_unit(REAL(0.2) * x + REAL(0.5)); }

//: net_softsign
static net_real net_softsign(net_real x) { return x / (REAL(1.0) + (x < REAL(0.0) ? -x : x)); }

//: net_elu
static net_real net_elu(net_real x) { return x > REAL(0.0) ? x : net_expm1_of_negative(x); }

//: net_selu
static net_real net_selu(net_real x)
{
    return REAL(1.0507009873554805) * (x > REAL(0.0) ? x : REAL(1.6732632423543772) * net_expm1_of_negative(x));
}

//: net_softplus
/* log(1 + e^x) */
static net_real net_softplus(net_real x)
{
    return (x < REAL(0.0) ? REAL(0.0) : x) + net_log1p_of_unit(net_exp(x < REAL(0.0) ? x : -x));
}

//: net_log_sigmoid
static net_real net_log_sigmoid(net_real x) { return -net_softplus(-x); }

//: net_exponential
static net_real net_exponential(net_real x) { return net_exp(x); }

//: net_silu
static net_real net_silu(net_real x) { return x * net_sigmoid(x); }

//: net_mish
static net_real net_mish(net_real x) { return x * net_tanh(net_softplus(x)); }

//: net_gelu
static net_real net_gelu(net_real x) { return REAL(0.5) * x * (REAL(1.0) + $ERF(x * REAL(0.7071067811865476))); }

//: net_softmax
/* y = e^x / sum of e^x, in place */
static void net_softmax(net_real *y, int count)
{
    net_real most = y[0], sum = REAL(0.0);
    int i;
    for (i = 1; i < count; i++)
        most = y[i] > most ? y[i] : most;
    for (i = 0; i < count; i++)
        y[i] = net_exp(y[i] - most);
    for (i = 0; i < count; i++)
        sum += y[i];
    for (i = 0; i < count; i++)
        y[i] /= sum;
}

//: net_log_softmax
/* y = x - log of the sum of e^x, in place */
static void net_log_softmax(net_real *y, int count)
{
    net_real most = y[0], sum = REAL(0.0);
    int i;
    for (i = 1; i < count; i++)
        most = y[i] > most ? y[i] : most;
    for (i = 0; i < count; i++)
        sum += net_exp(y[i] - most);
    sum = most + net_log(sum);
    for (i = 0; i < count; i++)
        y[i] -= sum;
}

//: net_normalize
/* y = (x - mean) / sqrt(variance + epsilon), over the features, in place */
static void net_normalize(net_real *y, int count, net_real epsilon)
{
    net_real mean = REAL(0.0), variance = REAL(0.0), factor;
    int i;
    for (i = 0; i < count; i++)
        mean += y[i];
    mean /= (net_real)count;
    for (i = 0; i < count; i++) {
        y[i] -= mean;
        variance += y[i] * y[i];
    }
    factor = REAL(1.0) / $SQRT(variance / (net_real)count + epsilon);
    for (i = 0; i < count; i++)
        y[i] *= factor;
}

//: net_scale
/* y = gamma x + beta, in place */
static void net_scale(const net_real *gamma, const net_real *beta, net_real *y, int count)
{
    int i;
    for (i = 0; i < count; i++)
        y[i] = gamma[i] * y[i] + beta[i];
}

//: net_maximum
/* the larger one; not a number if either is none */
static net_real net_maximum(net_real a, net_real b) { return a > b || a != a ? a : b; }

//: net_minimum
static net_real net_minimum(net_real a, net_real b) { return a < b || a != a ? a : b; }
