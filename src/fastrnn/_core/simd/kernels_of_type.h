/* All kernels of one element type at one level, and their table: included by level.h for each type. */
#include "vector.h"

#include "activation.h"
#include "tile.h"
#include "transpose.h"
#include "pack.h"
#include "product.h"
#include "gradient.h"
#include "rows.h"
#include "any_activation.h"

#include "cells/step.h"
#define ANY 0
#define CELL(x) NAME(x)
#define ACTIVATION NAME(tanh_rows)
#define ACTIVATION_SLOPE(y) (1 - y * y)
#define GATE NAME(sigmoid_rows)
#define GATE_SLOPE(y) (y * (1 - y))
#include "cells/all.h"
#undef CELL
#undef ACTIVATION
#undef ACTIVATION_SLOPE
#undef GATE
#undef GATE_SLOPE
#undef ANY
#define ANY 1
#define CELL(x) NAME(PASTE(any_, x))
#define ACTIVATION(...) NAME(activation_rows)(__VA_ARGS__, step->activation)
#define ACTIVATION_SLOPE(y) NAME(slope)(step->activation, y)
#define GATE(...) NAME(activation_rows)(__VA_ARGS__, step->recurrent_activation)
#define GATE_SLOPE(y) NAME(slope)(step->recurrent_activation, y)
#include "cells/all.h"

#include "output.h"
#include "optimizer.h"

#define CELL_OF(cell, ...)                                    \
    {#cell,                                                   \
     __VA_ARGS__,                                             \
     {NAME(cell##_step), NAME(any_##cell##_step)},            \
     {NAME(cell##_step_back), NAME(any_##cell##_step_back)}},
static const fastrnn_cell NAME(cells)[FASTRNN_CELLS] = {FASTRNN_EACH_CELL(CELL_OF)};

const TABLE EXPORT = {
    .panel_width = NAME(panel_width),
    .pack = NAME(pack),
    .product = NAME(product),
    .gradient = NAME(gradient),
    .activation_rows = NAME(activation_rows),
    .cells = NAME(cells),
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
#undef uvec
#undef MASK
#undef vec_memory
#undef LANES
#undef GROUP
#undef EACH
#undef LOG2_E
#undef FRACTION_BITS
#undef ROUND_TO_INTEGER
#undef LN2_HIGH
#undef LN2_LOW
#undef EXP_LOWEST
#undef EXP_HIGHEST
#undef FAR
#undef FAR_STEP
#undef NEAR
#undef FLAT
#undef STRIP
#undef STRIPS_ABOVE_6
#undef STRIPS
#undef GRADIENT_COLUMNS
#undef CONFLICT_COLUMNS
#undef CELL
#undef ACTIVATION
#undef ACTIVATION_SLOPE
#undef GATE
#undef GATE_SLOPE
#undef CELL_OF
#undef ANY
#undef RECURRENT
#undef RECURRENT_BACK
#undef DROPPED
#undef ROW
#undef PREFETCHED_BYTES
#undef FOR_ROWS
#undef FOR_VECTORS
