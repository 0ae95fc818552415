/* All kernels of one element type at one level, and their table: included by level.h for each type. */
#include "vector.h"

#include "activation.h"
#include "tile.h"
#include "transpose.h"
#include "pack.h"
#include "product.h"
#include "gradient.h"
#include "cell.h"
#include "lstm.h"
#include "output.h"
#include "optimizer.h"

const TABLE EXPORT = {
    .panel_width = NAME(panel_width),
    .pack = NAME(pack),
    .product = NAME(product),
    .gradient = NAME(gradient),
    .tanh_rows = NAME(tanh_rows),
    .sigmoid_rows = NAME(sigmoid_rows),
    .exp_rows = NAME(exp_rows),
    .rnn_backward = NAME(rnn_backward),
    .gru_reset = NAME(gru_reset),
    .gru_update = NAME(gru_update),
    .gru_reset_after = NAME(gru_reset_after),
    .gru_update_backward = NAME(gru_update_backward),
    .gru_reset_backward = NAME(gru_reset_backward),
    .gru_reset_after_backward = NAME(gru_reset_after_backward),
    .lstm_update = NAME(lstm_update),
    .lstm_backward = NAME(lstm_backward),
    .softmax_rows = NAME(softmax_rows),
    .cross_entropy_rows = NAME(cross_entropy_rows),
    .correct_rows = NAME(correct_rows),
    .adam = NAME(adam),
    .sgd = NAME(sgd),
    .rmsprop = NAME(rmsprop),
    .finite = NAME(finite),
    .clip_norm = NAME(clip_norm),
    .clip_value = NAME(clip_value),
    .transpose = NAME(transpose),
};

#undef vec
#undef ivec
#undef vec_memory
#undef LANES
#undef TWO_LOG2_E
#undef FRACTION_BITS
#undef ROUND_TO_INTEGER
#undef HALF_LN2_HIGH
#undef HALF_LN2_LOW
#undef EXP_LOWEST
#undef EXP_HIGHEST
#undef FAR
#undef FAR_STEP
#undef FLAT
#undef STRIP
#undef STRIPS_ABOVE_6
#undef STRIPS
#undef SLICE_BYTES
#undef STAYING_BYTES
#undef GRADIENT_COLUMNS
#undef GRADIENT_COPIED
#undef FOR_ROWS
#undef FOR_VECTORS
