/* Loops over plain memory of one type, in the modules that call the kernels: included by bind.h for REAL and OF(name). */
#include "layouts.h"
#include "masked.h"
#include "tokens.h"
