"""Instructions that a step of an exported model takes on a Cortex-M4, as an emulator counts them.

Run from a clone with ``arm-none-eabi-gcc`` and ``qemu-system-arm`` installed::

    python -m bench.cortex_m4

Every instruction advances the emulator's clock by a nanosecond, and the program reads the timer of
the processor, 25 MHz, around many steps.  A Cortex-M4 takes a little more than a cycle for one:
loads take two where they do not follow one another, and a division 14.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import fastrnn
from fastrnn.layers import GRU, LSTM, Dense, Input, Layer
from fastrnn.models import Sequential

BOARD = Path(__file__).parents[1] / "tests" / "formats" / "cortex_m4"
SOURCES = (BOARD / "startup.c", "main.c")
STEPS = 50
NANOSECONDS_A_TICK = 40

PROGRAM = f"""
#include "net.h"
#include <stdio.h>
#define CONTROL (*(volatile unsigned *)0xE000E010)
#define RELOAD (*(volatile unsigned *)0xE000E014)
#define NOW (*(volatile unsigned *)0xE000E018)
static net_state state;
int main(void)
{{
    net_real x = 0, y[NET_OUTPUTS];
    unsigned before, after;
    int i;
    net_init(&state);
    net_step(&state, &x, y);
    RELOAD = 0xFFFFFF;
    NOW = 0;
    CONTROL = 5;
    before = NOW;
    for (i = 0; i < {STEPS}; i++)
        net_step(&state, &x, y);
    after = NOW;
    printf("%u\\n", (before - after) & 0xFFFFFF);
    return 0;
}}
"""


def instructions(layer: Layer, folder: Path) -> int:
    """Return the instructions of a step of a layer for one number, with a Dense behind it."""
    Sequential([Input((None, 1)), layer, Dense(1)]).export(folder / "net.h", no_math=True)
    (folder / "main.c").write_text(PROGRAM)
    flags = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"]
    flags += ["--specs=rdimon.specs", "-nostartfiles"]
    subprocess.run(
        ["arm-none-eabi-gcc", *flags, "-T", BOARD / "mps2.ld", *SOURCES, "-o", "main.elf"],
        cwd=folder,
        check=True,
    )
    machine = "-M mps2-an386 -display none -monitor none -serial none -icount shift=0"
    semihosting = ["-semihosting-config", "enable=on,target=native", "-kernel", "main.elf"]
    done = subprocess.run(
        ["qemu-system-arm", *machine.split(), *semihosting],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout) * NANOSECONDS_A_TICK // STEPS


def main() -> None:
    """Print the table of docs/c.md."""
    fastrnn.set_seed(0)
    print("| model | flash for weights (bytes) | state (bytes) | instructions per step |")
    print("|---|---|---|---|")
    for units in (16, 32, 64):
        for layer in (GRU(units), GRU(units, reset_after=True), LSTM(units)):
            with tempfile.TemporaryDirectory() as folder:
                count = instructions(layer, Path(folder))
                text = (Path(folder) / "net.h").read_text()
            sizes = [
                text.split(f"#define NET_{name}_BYTES ")[1].split()[0]
                for name in ("WEIGHT", "STATE")
            ]
            form = ", reset after" if getattr(layer, "reset_after", False) else ""
            print(f"| {type(layer).__name__} {units}{form} | {sizes[0]} | {sizes[1]} | {count:,} |")


if __name__ == "__main__":
    main()
