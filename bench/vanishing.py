"""What gradients cost that vanish over a long sequence, on their way through the subnormal numbers.

Some processors take a hundred times as long for arithmetic on subnormal numbers.  Backpropagation
through 1,000 steps is timed with a gradient on every state; with one at the last state only, which
an ordinary recurrent matrix lets vanish; and with one that begins among the subnormal numbers and
stays there, as the recurrent matrix keeps lengths.  Turns are interleaved; a ratio is the median
over the rounds of the time against the ordinary one of the same round.
"""

import time

import numpy as np

import fastrnn

N_S, M, T_X, ROUNDS = 64, 8, 1_000, 15
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def make(cell, dtype, rng):
    """Return the backward function, the caches of a forward pass, and a gradient of each kind."""
    gates = GATES[cell]
    turn = np.linalg.qr(rng.standard_normal((N_S, N_S)))[0]
    parameters = {
        "Wx": 1e-3 * rng.standard_normal((gates * N_S, 16)),
        "Ws": np.tile(0.999 * turn, (gates, 1)),
        "Wy": rng.standard_normal((16, N_S)),
        "bs": np.zeros((gates * N_S, 1)),
        "by": np.zeros((16, 1)),
    }
    parameters = {name: array.astype(dtype) for name, array in parameters.items()}
    X = rng.standard_normal((16, M, T_X)).astype(dtype)
    S_0 = np.zeros((N_S, M), dtype)
    *_, caches = getattr(fastrnn, f"{cell}_forward")(X, S_0, parameters)
    ordinary = rng.standard_normal((N_S, M, T_X)).astype(dtype)
    vanishing = np.zeros_like(ordinary)
    vanishing[:, :, -1] = ordinary[:, :, -1]
    subnormal = vanishing * (dtype(0.05) * np.finfo(dtype).tiny)
    backward = getattr(fastrnn, f"{cell}_backward")
    return backward, caches, {"ordinary": ordinary, "vanishing": vanishing, "subnormal": subnormal}


def seconds(backward, ds, caches):
    """Return the time of one call."""
    start = time.perf_counter()
    backward(ds, caches)
    return time.perf_counter() - start


def main():
    fastrnn.set_num_threads(1)
    rng = np.random.default_rng(0)
    print(f"n_s {N_S}, m {M}, T_x {T_X}, one thread, medians of {ROUNDS} rounds")
    print("cell  type      ordinary   vanishing   subnormal")
    for cell in GATES:
        for dtype in (np.float64, np.float32):
            backward, caches, kinds = make(cell, dtype, rng)
            rounds = [
                {kind: seconds(backward, ds, caches) for kind, ds in kinds.items()}
                for _ in range(ROUNDS + 2)
            ][2:]
            step = np.median([one["ordinary"] for one in rounds]) / T_X * 1e6
            ratios = [
                np.median([one[kind] / one["ordinary"] for one in rounds])
                for kind in ("vanishing", "subnormal")
            ]
            name = np.dtype(dtype).name
            print(f"{cell:4s}  {name:8s} {step:6.2f} us/step", *(f"{r:10.2f}x" for r in ratios))


if __name__ == "__main__":
    main()
