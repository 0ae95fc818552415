"""How far two results may lie apart: the one place with such numbers.

Every number is the largest error of an array, relative to the largest magnitude in it.
"""

import numpy as np

#: The compiled functions against the reference, by type: what the contract promises.
PARITY = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 2e-5}

#: The gradients of the reference against central differences, in float64.
CENTRAL_DIFFERENCES = 1e-7

#: Against PyTorch, by type: its own rounding and that of its BLAS come on top.
TORCH = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 2e-5}

#: Optimizers against Keras, after many steps in float32: both round.
KERAS = {np.dtype(np.float32): 2e-6}

#: A training on several processes against the same on one: sums are made in another order.
PROCESSES = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-5}

#: NumPy against itself on memory laid out in another way: its BLAS adds in another order.
LAYOUT = {np.dtype(np.float64): 1e-13, np.dtype(np.float32): 2e-6}

#: Functions against mpmath or a closed form, in units of the type's rounding.
ROUNDINGS = 4

#: The core's exp, tanh and sigmoid against the exact result, in units in the last place.
ULP = 3

#: Against numbers that Keras computed in float64 and float32.
RECORDED = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-6}

#: Answers of a model against those of the program whose file it was read from, or written for.
FILES = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}

#: Numbers that pages and docstrings show, for each of them: trainings diverge a little between
#: instruction sets.
PRINTED = 0.03
