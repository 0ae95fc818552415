/* Compares $HEADER with the answers that the model gave: returns 0 if they agree, and 1 if not.
 * It includes the model, so it is compiled alone; with -lm, if the model includes <math.h>. */
#include "$HEADER"
#include <stdio.h>

/* How far apart a number may be, times the larger of 1 and the number. */
#define NET_TOLERANCE $TOLERANCE

static const net_real inputs[$X_SIZE] = {
        $X };
static const net_real answers[$Y_SIZE] = {
        $Y };

int main(void)
{
    static net_state state;
    net_real y[NET_STREAMS * NET_OUTPUTS];
    double largest = 0;
    int step, i;
    net_init(&state);
    for (step = 0; step < $STEPS; step++) {
        net_step(&state, inputs + step * NET_STREAMS * NET_INPUTS, y);
        for (i = 0; i < NET_STREAMS * NET_OUTPUTS; i++) {
            const double wanted = (double)answers[step * NET_STREAMS * NET_OUTPUTS + i];
            const double off = (double)y[i] > wanted ? (double)y[i] - wanted : wanted - (double)y[i];
            const double size = wanted > 1 ? wanted : wanted < -1 ? -wanted : 1;
            if (!(off / size <= largest))
                largest = off / size;
        }
    }
    printf("largest difference over $STEPS steps: %g\n", largest);
    return !(largest <= NET_TOLERANCE);
}
