"""Optimizer steps over flat vectors of parameters, in place, one pass each; and checks and clipping of gradients.

Vectors are (n,).  simd/optimizer.h has the formulas.
"""

from libc.string cimport memcpy

from fastrnn._core cimport kernels
from fastrnn._core.kernels cimport bind_kernels, floating

bind_kernels()


cdef floating *start(const floating[::1] vector, Py_ssize_t n) except? NULL:
    """Return where a vector of n elements begins, NULL for None; raise ``ValueError`` for one of another length."""
    if vector is None:
        return NULL
    if vector.shape[0] != n:
        raise ValueError("parameters, gradients and the vectors of the optimizer must have the same length")
    return <floating *> &vector[0] if n else NULL


def adam(floating[::1] parameters not None, const floating[::1] gradients not None, floating[::1] m not None,
         floating[::1] v not None, double step_size, double beta_1, double beta_2, double epsilon,
         floating[::1] v_hat=None, double decay=0.0):
    """One step of Adam (Kingma and Ba 2015), or of AMSGrad (Reddi and others 2018).

    Parameters
    ----------
    parameters, m, v : IN/OUT
    gradients : IN
    step_size : the learning rate times the bias correction sqrt(1 - beta_2^t) / (1 - beta_1^t)
    v_hat : IN/OUT, the largest v so far; or None for Adam
    decay : weight decay, the part of the parameters that is subtracted before the step
    """
    cdef Py_ssize_t n = parameters.shape[0]
    cdef floating *p = start(parameters, n)
    cdef floating *g = start(gradients, n)
    cdef floating *mean = start(m, n)
    cdef floating *squares = start(v, n)
    cdef floating *largest = start(v_hat, n)
    with nogil:
        kernels.adam(n, p, g, mean, squares, largest, step_size, beta_1, beta_2, epsilon, decay)


def sgd(floating[::1] parameters not None, const floating[::1] gradients not None, floating[::1] velocity,
        double learning_rate, double momentum, bint nesterov, double decay=0.0):
    """One step of gradient descent.

    Parameters
    ----------
    parameters : IN/OUT
    gradients : IN
    velocity : IN/OUT, or None for no momentum
    decay : as in :func:`adam`
    """
    cdef Py_ssize_t n = parameters.shape[0]
    cdef floating *p = start(parameters, n)
    cdef floating *g = start(gradients, n)
    cdef floating *speed = start(velocity, n)
    with nogil:
        kernels.sgd(n, p, g, speed, learning_rate, momentum, nesterov, decay)


def rmsprop(floating[::1] parameters not None, const floating[::1] gradients not None, floating[::1] v not None,
            floating[::1] mean, floating[::1] velocity, double learning_rate, double rho, double momentum,
            double epsilon, double decay=0.0):
    """One step of RMSprop (Tieleman and Hinton 2012).

    Parameters
    ----------
    parameters, v : IN/OUT
    gradients : IN
    mean : IN/OUT, or None where v is not centered
    velocity : IN/OUT, or None for no momentum
    decay : as in :func:`adam`
    """
    cdef Py_ssize_t n = parameters.shape[0]
    cdef floating *p = start(parameters, n)
    cdef floating *g = start(gradients, n)
    cdef floating *squares = start(v, n)
    cdef floating *centre = start(mean, n)
    cdef floating *speed = start(velocity, n)
    with nogil:
        kernels.rmsprop(n, p, g, squares, centre, speed, learning_rate, rho, momentum, epsilon, decay)


def all_finite(const floating[::1] vector not None):
    """Return whether no element of `vector` (IN) is infinite or NaN."""
    cdef Py_ssize_t n = vector.shape[0]
    cdef floating *x = start(vector, n)
    cdef bint found
    with nogil:
        found = kernels.finite(n, x)
    return found


def clip_norms(floating[::1] gradients not None, const Py_ssize_t[::1] bounds not None, double longest):
    """Shorten every piece of `gradients` that is longer than `longest` as a vector to that length.

    Parameters
    ----------
    gradients : IN/OUT
    bounds : IN (k + 1,), where each of k pieces begins, and the end of the last
    longest : Euclidean norm
    """
    cdef Py_ssize_t k, first, end, pieces = bounds.shape[0] - 1
    for k in range(pieces):
        # read only once: another thread may write to the array between the check and the use
        first, end = bounds[k], bounds[k + 1]
        if not 0 <= first <= end <= gradients.shape[0]:
            raise ValueError("bounds must rise from 0 or more to the length of gradients or less")
        if first < end:
            with nogil:
                kernels.clip_norm(end - first, &gradients[first], longest)


def clip_values(floating[::1] gradients not None, double furthest):
    """Move every element of `gradients` (IN/OUT) into the range from -furthest to furthest; a NaN stays."""
    cdef Py_ssize_t n = gradients.shape[0]
    cdef floating *g = start(gradients, n)
    with nogil:
        kernels.clip_value(n, g, furthest)


def copy_all(list targets, list sources):
    """Copy arrays of bytes, each source into its target, in one call that no signal handler divides.

    Parameters
    ----------
    targets : list of OUT (n,), uint8
    sources : list of IN (n,), uint8
    """
    cdef unsigned char[::1] target
    cdef const unsigned char[::1] source
    cdef Py_ssize_t k, pieces = len(targets)
    if len(sources) != pieces or any([len(t) != len(s) for t, s in zip(targets, sources)]):
        raise ValueError("targets and sources must have the same lengths")
    for k in range(pieces):
        target, source = targets[k], sources[k]
        if target.shape[0]:
            memcpy(&target[0], &source[0], target.shape[0])
