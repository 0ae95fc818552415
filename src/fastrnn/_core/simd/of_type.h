/* Loops over plain memory of one type, in the modules that call the kernels.  bind.h includes this for each REAL, with
 * OF(name). */
#include "layouts.h"
#include "masked.h"
#include "tokens.h"
#include "elements.h"
#include "weights.h"
