/* What an emulated Cortex-M4 begins with: a stack, the floating-point unit switched on, data in RAM, and main. */
#include <stdint.h>

extern uint32_t _data_start, _data_end, _data_source, _bss_start, _bss_end, _stack_top;
int main(void);
void exit(int);
void initialise_monitor_handles(void);

void reset(void)
{
    uint32_t *to = &_data_start, *from = &_data_source;
    *(volatile uint32_t *)0xE000ED88 |= 0xF << 20;
    while (to < &_data_end)
        *to++ = *from++;
    for (to = &_bss_start; to < &_bss_end; to++)
        *to = 0;
    initialise_monitor_handles();
    exit(main());
}

void _init(void) {}
void _fini(void) {}

static void stop(void) { exit(3); }

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &_stack_top, reset, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, stop,
};
