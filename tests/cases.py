"""The one table of cases: sizes, types and random numbers with nothing degenerate in them.

Inputs, weights, biases and initial states are all random, and the recurrent weights of every gate
have spectral radius 1, where states neither die out nor explode.  The numbers of a case depend on
its description alone.
"""

import itertools
import zlib
from dataclasses import dataclass

import numpy as np

from fastrnn.arguments import CELLS

GATES = {cell.name: cell.gates for cell in CELLS}

#: Sizes n_x, n_s, n_y, m, T_x: those of the notebook, units that fill no vector, batches of one
#: and of more than any vector holds, long sequences.
SIZES = [
    (3, 5, 2, 10, 4),
    (2, 1, 3, 1, 2),
    (1, 3, 4, 1, 7),
    (4, 7, 3, 3, 12),
    (11, 8, 5, 16, 1),
    (5, 17, 9, 33, 8),
    (33, 31, 7, 3, 40),
    (9, 67, 13, 1, 25),
    (7, 64, 32, 33, 9),
    (6, 21, 5, 3, 200),
    (16, 64, 15, 1, 200),
    (40, 129, 37, 66, 5),
]

#: Sizes small enough to change every number of a case one at a time.
SMALL_SIZES = [(3, 5, 2, 4, 3), (2, 3, 4, 1, 7), (4, 1, 3, 3, 2)]


@dataclass(frozen=True)
class Case:
    """One network, one batch, and what backward and the loss want besides."""

    cell: str
    reset_after: bool
    n_x: int
    n_s: int
    n_y: int
    m: int
    T_x: int
    dtype: str = "float64"
    seed: int = 0

    def __str__(self):
        form = self.cell + ("_after" if self.reset_after else "")
        sizes = "x".join(map(str, (self.n_x, self.n_s, self.n_y, self.m, self.T_x)))
        return f"{form}-{sizes}-{self.dtype}" + (f"-{self.seed}" if self.seed else "")

    @property
    def gates(self):
        return GATES[self.cell]

    def make(self):
        """Return the arrays of the case."""
        # The same numbers in both types, but for the rounding.
        words = str(self).replace(self.dtype, "")
        rng = np.random.default_rng(zlib.crc32(words.encode()))

        def normal(*shape, scale=1.0):
            return (scale * rng.standard_normal(shape)).astype(self.dtype)

        rows = self.gates * self.n_s
        parameters = {
            "Wx": normal(rows, self.n_x, scale=self.n_x**-0.5 if self.n_x else 1),
            "Ws": np.concatenate(
                [recurrent_weights(rng, self.n_s) for _ in range(self.gates)]
            ).astype(self.dtype),
            "Wy": normal(self.n_y, self.n_s, scale=2 * self.n_s**-0.5 if self.n_s else 1),
            "bs": normal(rows, 1, scale=0.3),
            "by": normal(self.n_y, 1, scale=0.3),
        }
        if self.reset_after:
            parameters["bx"] = normal(rows, 1, scale=0.3)
        return Arrays(
            case=self,
            X=normal(self.n_x, self.m, self.T_x),
            S_0=normal(self.n_s, self.m, scale=0.5),
            parameters=parameters,
            ds=normal(self.n_s, self.m, self.T_x),
            targets=rng.integers(0, self.n_y, (self.m, self.T_x)),
            mask=rng.random((self.m, self.T_x)) < 0.7,
            lengths=rng.integers(0, self.T_x + 1, self.m),
            C_0=normal(self.n_s, self.m),
            dc=normal(self.n_s, self.m),
        )


@dataclass
class Arrays:
    """The arrays of a case, by the names that the functional API has for them.

    Every case has cells, ``C_0``, and a gradient at a cell, ``dc``; only the LSTM looks at them.
    """

    case: Case
    X: np.ndarray
    S_0: np.ndarray
    parameters: dict
    ds: np.ndarray
    targets: np.ndarray
    mask: np.ndarray
    lengths: np.ndarray
    C_0: np.ndarray
    dc: np.ndarray

    @property
    def options(self):
        """Return what forward of a sequence takes by keyword, beside the common arguments."""
        if self.case.cell == "lstm":
            return {"C_0": self.C_0}
        return {"reset_after": self.case.reset_after} if self.case.cell == "gru" else {}

    @property
    def cell_options(self):
        """Return what forward of one step takes by keyword."""
        return {"Ct_prev": self.C_0} if self.case.cell == "lstm" else self.options

    @property
    def cell_gradients(self):
        """Return what backward of one step takes by keyword."""
        return {"dc_next": self.dc} if self.case.cell == "lstm" else {}


def recurrent_weights(rng, n_s):
    """Return a random (n_s, n_s) matrix whose largest eigenvalue has the magnitude 1."""
    weights = rng.standard_normal((n_s, n_s))
    return weights / np.abs(np.linalg.eigvals(weights)).max() if n_s else weights


#: The name of each cell, and whether the reset of a GRU comes after the product.
FORMS = [(cell.name, after) for cell in CELLS for after in (False, True)[: 1 + len(cell.options)]]
CASES = [
    Case(*form, *sizes, dtype)
    for sizes, form, dtype in itertools.product(SIZES, FORMS, ("float64", "float32"))
]
SMALL_CASES = [Case(*form, *sizes) for sizes, form in itertools.product(SMALL_SIZES, FORMS)]
