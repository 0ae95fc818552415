"""The optimizers in NumPy, as their papers and Keras write them; weights and slots in float64."""

import numpy as np

from fastrnn.optimizers import SGD, Adam, RMSprop


def weights_after(optimizer, start, gradients, rates=None):
    """Return the weights after a step for each of `gradients`."""
    p = start.astype("float64")
    rule = {SGD: _sgd, RMSprop: _rmsprop}.get(type(optimizer), _adam)
    slots = {}
    for t, g in enumerate(gradients, start=1):
        rate = optimizer.learning_rate if rates is None else rates[t - 1]
        p = p - p * rate * (optimizer.weight_decay or 0)
        p = p - rule(optimizer, slots, g.astype("float64"), rate, t)
    return p


def _sgd(o, slots, g, rate, t):
    velocity = slots["v"] = o.momentum * slots.get("v", 0) - rate * g
    return -(o.momentum * velocity - rate * g if o.nesterov and o.momentum else velocity)


def _adam(o, slots, g, rate, t):
    assert isinstance(o, Adam)
    m = slots["m"] = o.beta_1 * slots.get("m", 0) + (1 - o.beta_1) * g
    v = slots["v"] = o.beta_2 * slots.get("v", 0) + (1 - o.beta_2) * g**2
    if o.amsgrad:
        v = slots["highest"] = np.maximum(slots.get("highest", 0), v)
    rate *= np.sqrt(1 - o.beta_2**t) / (1 - o.beta_1**t)
    return rate * m / (np.sqrt(v) + o.epsilon)


def _rmsprop(o, slots, g, rate, t):
    v = slots["v"] = o.rho * slots.get("v", 0) + (1 - o.rho) * g**2
    if o.centered:
        a = slots["a"] = o.rho * slots.get("a", 0) + (1 - o.rho) * g
        v = v - a**2
    change = rate * g / np.sqrt(v + o.epsilon)
    if o.momentum:
        change = slots["u"] = o.momentum * slots.get("u", 0) + change
    return change
