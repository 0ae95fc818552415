/* Every cell, for the activations that the macros of step.h name. */
#include "rnn.h"
#include "gru.h"
#include "gru_reset_after.h"
#include "lstm.h"
#include "mgu.h"
