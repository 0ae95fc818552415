"""Keras 3, where it is installed, as the program whose numbers are recorded.

It computes in the type that a case asks for, float64 too, which JAX wants to be told.
"""

import os
import warnings
from contextlib import contextmanager

import pytest


def require_keras():
    """Return the module, or skip the test."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "jax":
        pytest.skip("the comparison is written for Keras on JAX")
    return keras


@contextmanager
def double_precision():
    """Let Keras and JAX compute in float64, and warn as they like."""
    import jax
    import keras
    from keras.src.backend.common import dtypes

    config = keras.config
    before = jax.config.jax_enable_x64, config.floatx(), config.dtype_policy()
    jax.config.update("jax_enable_x64", True)
    # On JAX, Keras itself makes float32 of what operations on float64 return.
    narrowed = dict(dtypes.BIT64_TO_BIT32_DTYPE)
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    config.set_floatx("float64")
    config.set_dtype_policy("float64")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        dtypes.BIT64_TO_BIT32_DTYPE.update(narrowed)
        jax.config.update("jax_enable_x64", before[0])
        config.set_floatx(before[1])
        config.set_dtype_policy(before[2])


def gradients(model, x, y, loss):
    """Return the loss of a model of Keras on a batch, and its gradient by every weight.

    Parameters
    ----------
    model : keras.Model
    x, y : array, or list of them
    loss : callable
        Takes targets and answers, and returns a number.
    """
    import jax

    def of(weights):
        variables = iter(weights)
        values = [next(variables) for _ in model.trainable_variables]
        answers, _ = model.stateless_call(
            values, [v.value for v in model.non_trainable_variables], x
        )
        return loss(y, answers)

    value, found = jax.value_and_grad(of)([v.value for v in model.trainable_variables])
    return float(value), found
