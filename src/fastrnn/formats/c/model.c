/* $TITLE
 *
 * $MADE
 * The weights belong to whoever trained them.  The code around them is in the public domain where there is such a
 * thing, and may be used under the terms of CC0 1.0 everywhere: do with it what you like, without any warranty.
 *
 * A step:
$LAYERS
 *
 * flash for weights     $FLASH bytes
 * state                 $STATE bytes a net_state, which you own: a variable, a member, or memory of any kind
 * multiplications       $PRODUCTS a step, and $SQUASHES activations with exp or tanh$ERRORS
 *
 *     static net_state state;
 *     net_init(&state);             before the first step, and to begin a new sequence
 *     net_step(&state, x, y);       x: $X_SHAPE, y: $Y_SHAPE; they should not overlap
 *     net_run(&state, x, y, steps); as many steps, one after the other$TOKENS
 *
 * Nothing is allocated, and nothing is kept outside of net_state, so that any number of states may be used, by several
 * threads too.  Include this file in one C or C++ file; others that call it define NET_DECLARATIONS first. */
#ifndef NET_DECLARED
#define NET_DECLARED

#include <stddef.h>
#include <stdint.h>

#define NET_INPUTS $INPUTS
#define NET_OUTPUTS $OUTPUTS
#define NET_STREAMS $STREAMS
#define NET_WEIGHT_BYTES $FLASH
#define NET_STATE_BYTES $STATE
#define NET_MULTIPLICATIONS $PRODUCTS

typedef $REAL net_real;

$STATES

#ifdef __cplusplus
extern "C" {
#endif
void net_init(net_state *state);
void net_step(net_state *state, const net_real *x, net_real *y);
void net_run(net_state *state, const net_real *x, net_real *y, size_t steps);
#ifdef __cplusplus
}
#endif
#endif /* NET_DECLARED */

#if !defined NET_DECLARATIONS && !defined NET_DEFINED
#define NET_DEFINED
$MATH
$TYPES
/* Weights.  A matrix stands as [inputs][outputs]. */
$WEIGHTS

$FUNCTIONS

$INIT

$STEP

void net_run(net_state *state, const net_real *x, net_real *y, size_t steps)
{
    for (; steps; steps--, x += NET_STREAMS * NET_INPUTS, y += NET_STREAMS * NET_OUTPUTS)
        net_step(state, x, y);
}
#endif /* NET_DEFINED */
