"""Errors in units in the last place, and the exact functions they are measured against."""

import mpmath
import numpy as np

#: Whether long double has bits enough to stand for the exact result of a double: x86's has 11 more.
LONG_DOUBLE_IS_EXACT = np.finfo(np.longdouble).nmant >= np.finfo(np.float64).nmant + 8


def _sigmoid(x):
    # exp of the negative side alone: the other overflows
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


#: Functions of NumPy, for a type that has more bits than what they judge.
EXACT = {"exponential": np.exp, "tanh": np.tanh, "sigmoid": _sigmoid}


def by_mpmath(name, values):
    """Return a function of each value with 40 digits, rounded to long double.

    Where long double is no wider than double that rounding costs half a unit at most.
    """
    functions = {
        "exponential": mpmath.exp,
        "tanh": mpmath.tanh,
        "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    }
    with mpmath.workdps(40):
        results = [functions[name](mpmath.mpf(float(value))) for value in values]
        # long double from a string, which holds more digits than a float
        return np.array([np.longdouble(mpmath.nstr(result, 30)) for result in results])


def ulp_errors(got, exact):
    """Return how far `got` lies from `exact`, in units in the last place of `got`'s type.

    Below the normal numbers the unit is the smallest subnormal. Infinity counts as the number that
    would follow the largest one, and so does all that is exactly larger.
    """
    info = np.finfo(got.dtype)
    beyond = np.ldexp(exact.dtype.type(1), info.maxexp - 1) * 2
    exact = np.clip(exact, -beyond, beyond)
    wide = np.clip(got.astype(exact.dtype), -beyond, beyond)
    exponent = np.maximum(np.frexp(exact)[1] - 1, info.minexp)
    # the scaling is exact, also where the unit itself is a subnormal of the wide type
    return np.abs(np.ldexp(wide - exact, -(exponent - info.nmant)))
