/* What the modules compute around the kernels, for one type.  bind.h includes this for each REAL, with OF(name).
 *
 * A task is a function that computes a share of a part of a job (pool/part.h). */
#include "layouts.h"
#include "masked.h"
#include "tokens.h"
#include "elements.h"
#include "weights.h"
#include "weight_gradients.h"
#include "affine.h"
#include "labels.h"
