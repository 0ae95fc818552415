"""Optimizer steps over flat vectors of parameters, in place, one pass each."""

from fastrnn._core.kernels cimport adam as adam_kernel
from fastrnn._core.kernels cimport bind_kernels, floating
from fastrnn._core.kernels cimport sgd as sgd_kernel

bind_kernels()


def adam(floating[::1] parameters, const floating[::1] gradients, floating[::1] m, floating[::1] v, double step_size,
         double beta_1, double beta_2, double epsilon):
    """One step of Adam (Kingma and Ba 2015).

    m += (1 - beta_1) (g - m); v += (1 - beta_2) (g^2 - v); p -= step_size m / (sqrt(v) + epsilon).

    Parameters
    ----------
    parameters, m, v : IN/OUT (n,)
    gradients : IN (n,)
    step_size : the learning rate times the bias correction sqrt(1 - beta_2^t) / (1 - beta_1^t)
    """
    cdef Py_ssize_t n = parameters.shape[0]
    if gradients.shape[0] != n or m.shape[0] != n or v.shape[0] != n:
        raise ValueError("parameters, gradients, m and v must have the same length")
    if n == 0:
        return
    with nogil:
        adam_kernel(n, &parameters[0], &gradients[0], &m[0], &v[0], step_size, beta_1, beta_2, epsilon)


def sgd(floating[::1] parameters, const floating[::1] gradients, floating[::1] velocity, double learning_rate,
        double momentum, bint nesterov):
    """One step of gradient descent.

    With a velocity: v = momentum v - learning_rate g; p += v, or, with Nesterov, p += momentum v - learning_rate g.

    Parameters
    ----------
    parameters : IN/OUT (n,)
    gradients : IN (n,)
    velocity : IN/OUT (n,), or None for no momentum
    """
    cdef Py_ssize_t n = parameters.shape[0]
    if gradients.shape[0] != n or (velocity is not None and velocity.shape[0] != n):
        raise ValueError("parameters, gradients and velocity must have the same length")
    if n == 0:
        return
    cdef floating *speed = &velocity[0] if velocity is not None else NULL
    with nogil:
        sgd_kernel(n, &parameters[0], &gradients[0], speed, learning_rate, momentum, nesterov)
