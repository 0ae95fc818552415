"""The cases that are measured: sizes, and the data made for them.

Legend: ``n_x`` inputs, ``n_s`` units, ``n_y`` outputs, ``m`` batch, ``T_x`` time steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.arguments import GRU, LSTM, RNN, Cell

Array = NDArray[Any]


@dataclass(frozen=True)
class Sizes:
    """The sizes of a case, and its name in the tables."""

    name: str
    n_x: int
    n_s: int
    n_y: int
    m: int
    T_x: int

    def __str__(self) -> str:
        return f"{self.name} ({self.n_x}, {self.n_s}, {self.n_y}, {self.m}, {self.T_x})"

    def forward_backward_flops(self, cell: Cell = RNN) -> int:
        """Useful operations of a cell's forward pass with outputs, and of its BPTT."""
        recurrence = cell.gates * self.n_s * (self.n_x + self.n_s)
        forward = 2 * (recurrence + self.n_y * self.n_s)
        backward = 2 * 2 * recurrence
        return self.T_x * self.m * (forward + backward)


FORWARD_BACKWARD = (
    Sizes("notebook", 3, 5, 2, 10, 4),
    Sizes("single stream", 16, 64, 16, 1, 100),
    Sizes("cipher", 32, 64, 32, 32, 101),
    Sizes("medium", 64, 128, 64, 64, 100),
    Sizes("large", 256, 512, 256, 128, 50),
)

#: The cases that are measured with an LSTM.
LSTM_CASES = ("cipher", "medium", "large")

LSTM_SEQUENCE = (
    Sizes("LSTM batch", 1, 64, 32, 32, 101),
    Sizes("LSTM stream", 1, 64, 32, 1, 100),
)
GRU_SEQUENCE = (
    Sizes("GRU batch", 1, 64, 32, 32, 101),
    Sizes("GRU stream", 1, 64, 32, 1, 100),
)
GRU_STEP = Sizes("GRU step", 1, 64, 32, 1, 1)
# A sensor or an audio channel: one number in, one out, a step or a block of samples per call.
GRU_STREAM = (
    Sizes("GRU live step", 1, 64, 1, 1, 1),
    Sizes("GRU live block", 1, 64, 1, 1, 512),
)

#: The cases of inference: sizes, cell, and the method of a peer that runs it.
INFERENCE = (
    *((sizes, GRU, "sequence") for sizes in GRU_SEQUENCE),
    (GRU_STEP, GRU, "gru_step"),
    *((sizes, GRU, "gru_stream") for sizes in GRU_STREAM),
    *((sizes, LSTM, "sequence") for sizes in LSTM_SEQUENCE),
)

#: Names of the cases in the tables.
NAMES = tuple(size.name for size in (*FORWARD_BACKWARD, *(sizes for sizes, _, _ in INFERENCE)))

RAGGED = FORWARD_BACKWARD[2]

TRAINING_JOB = Sizes("decipher", 1, 64, 32, 32, 101)

SCALING = (
    *(
        Sizes(f"T_x {T_x}", 16, 64, 16, m, T_x)
        for m in (1, 8)
        for T_x in (10, 100, 1_000, 10_000, 100_000)
    ),
    *(Sizes(f"n_s {n_s}", n_s, n_s, 16, 32, 100) for n_s in (16, 32, 64, 128, 256, 512)),
    *(Sizes(f"m {m}", 32, 64, 32, m, 100) for m in (1, 2, 4, 8, 16, 32, 64, 128, 256)),
)


def lengths(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Return the lengths of the sequences of several batches, unsorted, by a name for each."""
    m, T_x = sizes.m, sizes.T_x
    uniform = np.random.default_rng(0).permutation(np.linspace(1, T_x, m).round().astype(int))
    return {
        "all of T_x steps": (T_x,) * m,
        "uniform, 1 to T_x": tuple(uniform.tolist()),
        "all of T_x / 4 steps": (T_x // 4,) * m,
        "one of T_x steps, the rest of T_x / 8": (*((T_x // 8,) * (m - 1)), T_x),
    }


def recurrent_matrix(rng: np.random.Generator, n_s: int) -> Array:
    """Return (n_s, n_s) random weights of spectral radius about 1.

    By the circular law a square matrix of independent values with variance 1 / n has its
    eigenvalues in the unit disc. A larger radius would make the dynamics chaotic, and the
    results of two correct programs different.
    """
    return np.asarray(rng.standard_normal((n_s, n_s)) / np.sqrt(n_s))


@dataclass(frozen=True)
class Problem:
    """A case's data: one draw of random numbers that every competitor gets.

    Arrays have the layout of the functional API, features first and time last; a peer that needs
    another layout makes its copies before the clock starts. If the sequences have lengths, there
    is no gradient past their ends.
    """

    sizes: Sizes
    dtype: np.dtype[Any]
    cell: Cell = RNN
    seed: int = 0
    lengths: tuple[int, ...] | None = None

    def _draw(self, key: int, *shape: int) -> Array:
        values = np.random.default_rng((self.seed, key)).standard_normal(shape)
        return values.astype(self.dtype)

    @cached_property
    def X(self) -> Array:
        """Input, (n_x, m, T_x)."""
        return self._draw(1, self.sizes.n_x, self.sizes.m, self.sizes.T_x)

    @cached_property
    def S_0(self) -> Array:
        """Initial state, (n_s, m), within the range of tanh."""
        return np.tanh(self._draw(2, self.sizes.n_s, self.sizes.m))

    @cached_property
    def C_0(self) -> Array:
        """Initial cell of an LSTM, (n_s, m)."""
        return self._draw(5, self.sizes.n_s, self.sizes.m)

    @cached_property
    def ds(self) -> Array:
        """Upstream gradient on every hidden state, (n_s, m, T_x)."""
        ds = self._draw(3, self.sizes.n_s, self.sizes.m, self.sizes.T_x)
        return ds if self.runs is None else ds * self.runs.astype(ds.dtype)

    @cached_property
    def runs(self) -> Array | None:
        """Which steps are before the end of their sequence, (m, T_x); None if there are no lengths.

        This is the form of a mask for ``cross_entropy``.
        """
        if self.lengths is None:
            return None
        return np.arange(self.sizes.T_x) < np.array(self.lengths)[:, np.newaxis]

    @cached_property
    def parameters(self) -> dict[str, Array]:
        """Weights by the names of the functional API; of a GRU also ``bx``, zeros.

        A zero ``bx`` keeps both forms of the GRU's reset comparable with peers that have a
        single input bias.
        """
        n_x, n_s, n_y = self.sizes.n_x, self.sizes.n_s, self.sizes.n_y
        rng = np.random.default_rng((self.seed, 4))
        rows = self.cell.gates * n_s
        recurrent = np.concatenate([recurrent_matrix(rng, n_s) for _ in range(self.cell.gates)])
        values = {
            "Wx": rng.standard_normal((rows, n_x)) / np.sqrt(n_x),
            "Ws": recurrent,
            "Wy": rng.standard_normal((n_y, n_s)) / np.sqrt(n_s),
            "bs": 0.1 * rng.standard_normal((rows, 1)),
            "by": 0.1 * rng.standard_normal((n_y, 1)),
        }
        if "reset_after" in self.cell.options:
            values["bx"] = np.zeros((rows, 1))
        return {name: value.astype(self.dtype) for name, value in values.items()}


def time_major(array: Array) -> Array:
    """Return a (features, m, T_x) array as a C-contiguous (T_x, m, features) copy."""
    return np.ascontiguousarray(array.transpose(2, 1, 0))
