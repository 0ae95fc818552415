"""Optimizer steps over flat vectors of parameters, in place, one pass each; and checks and clipping of gradients."""

from libc.string cimport memcpy

from fastrnn._core.kernels cimport adam as adam_kernel
from fastrnn._core.kernels cimport bind_kernels, floating
from fastrnn._core.kernels cimport clip_norm as clip_norm_kernel
from fastrnn._core.kernels cimport clip_value as clip_value_kernel
from fastrnn._core.kernels cimport finite as finite_kernel
from fastrnn._core.kernels cimport rmsprop as rmsprop_kernel
from fastrnn._core.kernels cimport sgd as sgd_kernel

bind_kernels()


def adam(floating[::1] parameters not None, const floating[::1] gradients not None, floating[::1] m not None,
         floating[::1] v not None, double step_size, double beta_1, double beta_2, double epsilon,
         floating[::1] v_hat=None, double decay=0.0):
    """One step of Adam (Kingma and Ba 2015), or of AMSGrad (Reddi and others 2018).

    m += (1 - beta_1) (g - m); v += (1 - beta_2) (g^2 - v); v_hat = max(v_hat, v);
    p -= decay p; p -= step_size m / (sqrt(v) + epsilon), with v_hat for v where it is given.

    Parameters
    ----------
    parameters, m, v : IN/OUT (n,)
    gradients : IN (n,)
    step_size : the learning rate times the bias correction sqrt(1 - beta_2^t) / (1 - beta_1^t)
    v_hat : IN/OUT (n,), or None for Adam
    decay : weight decay, the part of the parameters that is subtracted before the step
    """
    cdef Py_ssize_t n = parameters.shape[0]
    if (gradients.shape[0] != n or m.shape[0] != n or v.shape[0] != n
            or (v_hat is not None and v_hat.shape[0] != n)):
        raise ValueError("parameters, gradients, m, v and v_hat must have the same length")
    if n == 0:
        return
    cdef floating *highest = &v_hat[0] if v_hat is not None else NULL
    with nogil:
        adam_kernel(n, &parameters[0], &gradients[0], &m[0], &v[0], highest, step_size, beta_1, beta_2, epsilon, decay)


def sgd(floating[::1] parameters not None, const floating[::1] gradients not None, floating[::1] velocity,
        double learning_rate, double momentum, bint nesterov, double decay=0.0):
    """One step of gradient descent.

    p -= decay p, then p -= learning_rate g.  With a velocity instead: v = momentum v - learning_rate g; p += v, or,
    with Nesterov, p += momentum v - learning_rate g.

    Parameters
    ----------
    parameters : IN/OUT (n,)
    gradients : IN (n,)
    velocity : IN/OUT (n,), or None for no momentum
    decay : weight decay, the part of the parameters that is subtracted before the step
    """
    cdef Py_ssize_t n = parameters.shape[0]
    if gradients.shape[0] != n or (velocity is not None and velocity.shape[0] != n):
        raise ValueError("parameters, gradients and velocity must have the same length")
    if n == 0:
        return
    cdef floating *speed = &velocity[0] if velocity is not None else NULL
    with nogil:
        sgd_kernel(n, &parameters[0], &gradients[0], speed, learning_rate, momentum, nesterov, decay)


def rmsprop(floating[::1] parameters not None, const floating[::1] gradients not None, floating[::1] v not None,
            floating[::1] mean, floating[::1] velocity, double learning_rate, double rho, double momentum,
            double epsilon, double decay=0.0):
    """One step of RMSprop (Tieleman and Hinton 2012).

    v = rho v + (1 - rho) g^2; mean = rho mean + (1 - rho) g; q = learning_rate g / sqrt(v - mean^2 + epsilon);
    p -= decay p; p -= q, or, with a velocity, velocity = momentum velocity + q and p -= velocity.

    Parameters
    ----------
    parameters, v : IN/OUT (n,)
    gradients : IN (n,)
    mean : IN/OUT (n,), or None for one that stays zero
    velocity : IN/OUT (n,), or None for no momentum
    decay : weight decay, the part of the parameters that is subtracted before the step
    """
    cdef Py_ssize_t n = parameters.shape[0]
    if (gradients.shape[0] != n or v.shape[0] != n or (mean is not None and mean.shape[0] != n)
            or (velocity is not None and velocity.shape[0] != n)):
        raise ValueError("parameters, gradients, v, mean and velocity must have the same length")
    if n == 0:
        return
    cdef floating *centre = &mean[0] if mean is not None else NULL
    cdef floating *speed = &velocity[0] if velocity is not None else NULL
    with nogil:
        rmsprop_kernel(n, &parameters[0], &gradients[0], &v[0], centre, speed, learning_rate, rho, momentum, epsilon,
                       decay)


def all_finite(const floating[::1] vector not None):
    """Return whether no element of `vector`, IN (n,), is infinite or NaN."""
    cdef Py_ssize_t n = vector.shape[0]
    cdef bint found = True
    if n:
        with nogil:
            found = finite_kernel(n, &vector[0])
    return found


def clip_norms(floating[::1] gradients not None, const Py_ssize_t[::1] bounds not None, double longest):
    """Shorten every piece of `gradients` that is longer than `longest` as a vector to that length.

    Parameters
    ----------
    gradients : IN/OUT (n,)
    bounds : IN (k + 1,), where each of k pieces begins, and the end of the last
    longest : Euclidean norm
    """
    cdef Py_ssize_t k, start, end, pieces = bounds.shape[0] - 1
    for k in range(pieces):
        # what is used is what was checked, whoever writes to the array meanwhile
        start, end = bounds[k], bounds[k + 1]
        if not 0 <= start <= end <= gradients.shape[0]:
            raise ValueError("bounds must rise from 0 or more to the length of gradients or less")
        if start < end:
            with nogil:
                clip_norm_kernel(end - start, &gradients[start], longest)


def clip_values(floating[::1] gradients not None, double furthest):
    """Move every element of `gradients`, IN/OUT (n,), into the range from -furthest to furthest; a NaN stays."""
    cdef Py_ssize_t n = gradients.shape[0]
    if n:
        with nogil:
            clip_value_kernel(n, &gradients[0], furthest)


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
