"""Gradients of functions that are made of NumPy's operations, against central differences."""

import numpy as np
import pytest

from fastrnn import backend as K
from fastrnn.differentiation import Tape, constant, value_and_gradient
from fastrnn.layers.parameter import Parameter

RNG = np.random.default_rng(8)
X = RNG.random((4, 5, 3)) + 0.5
W, B = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 3, 5))


def in_place(x):
    y = x * 1
    y += x
    return y


FUNCTIONS = {
    "sum": lambda x: np.sum(x, axis=1),
    "sum of a method": lambda x: x.sum(),
    "mean": lambda x: np.mean(x, axis=(0, 1), keepdims=True),
    "largest": lambda x: x.max(axis=1) + np.min(x),
    "product": lambda x: np.prod(x, axis=-1),
    "variance": lambda x: np.var(x, axis=1) + np.std(x),
    "running sum": lambda x: np.cumsum(x, axis=1),
    "slice": lambda x: x[:, -1, :] * x[..., 0, ::-1],
    "places": lambda x: x[[0, 0, 1]] + x[X[:, 0, 0] > 9].sum(),
    "mask": lambda x: x[X > 0.9],
    "take": lambda x: np.take(x, [0, 0, 2], axis=1),
    "arithmetic": lambda x: x * x / 2.0 - 1 / x + (1 - x) * -x,
    "powers": lambda x: x**2 + 2.0**x + x**0 + x**x,
    "roots": lambda x: np.sqrt(np.square(x)) + np.reciprocal(x),
    "logarithms": lambda x: np.log(x) + np.log1p(x) + np.log2(x) + np.log10(x),
    "exponentials": lambda x: np.exp(x) + np.expm1(x) + np.exp2(x) + np.logaddexp(0, x),
    "circles": lambda x: np.sin(x) * np.cos(x) + np.tan(x / 3) + np.arctan(x) + np.arctan2(x, 2),
    "arcs": lambda x: np.arcsin(x / 2) - np.arccos(x / 2) + np.sinh(x) + np.cosh(x),
    "distance": lambda x: np.exp(-np.sum(np.abs(x - 0.7), axis=1, keepdims=True)),
    "dense": lambda x: np.tanh(np.dot(x, W) + W[0]),
    "matrix products": lambda x: (x @ W) @ W.T + (x @ B)[..., :3],
    "products from the left": lambda x: B @ x,
    "a vector": lambda x: x @ W[:, 0] + np.dot(x, W[:, 1]),
    "two vectors": lambda x: x[0, 0] @ x[1, 1],
    "of more axes": lambda x: np.dot(W.T, x.transpose(0, 2, 1)),
    "tensordot": lambda x: np.tensordot(x, B, ((1, 2), (2, 1))),
    "tensordot from the left": lambda x: np.tensordot(B, x, ((2, 1), (1, 2))),
    "einsum": lambda x: np.einsum("abc,cd", x, W) + np.einsum("abc,cd->b", x, W)[:, None][0],
    "einsum of two": lambda x: np.einsum("abc,abd->cd", x, x * X),
    "einsum without an arrow": lambda x: np.einsum("abc,b", x, X[0, :, 0]),
    "outer": lambda x: np.outer(x[0], W) + np.outer(W, x[1]).T,
    "sorted": lambda x: np.sort(x, axis=1) * B.transpose(0, 2, 1) + np.sort(x, None)[0],
    "running product": lambda x: np.cumprod(x - 1, axis=1) + np.cumprod(x, None)[-1],
    "products": lambda x: np.prod(x[:, :2] - 1, axis=(0, -1)) + np.prod(x[0], axis=None),
    "remainders": lambda x: np.mod(x, 0.3) + np.mod(9.0, x) + np.hypot(x, 2),
    "concatenate": lambda x: np.concatenate([x, X, x * 2], axis=-1),
    "stack": lambda x: np.stack([x, x * x], 1),
    "repeat": lambda x: np.repeat(x, 3, axis=1) + np.tile(x, (1, 3, 1)),
    "transpose": lambda x: x.transpose(0, 2, 1) * B + np.swapaxes(x, 1, 2),
    "all axes turned": lambda x: x.T,
    "shapes": lambda x: x.reshape(4, -1)[:, :, None] * np.expand_dims(np.ravel(x), 0)[:, :15, None],
    "squeeze": lambda x: np.squeeze(x[:, :1], 1),
    "where": lambda x: np.where(x > 1, x * 2, x * x),
    "clip": lambda x: np.clip(x, 0.8, 1.2) + np.maximum(x, 0.9) + np.minimum(x, X[::-1]),
    "order": lambda x: np.flip(x, 1) + np.roll(x, 2, 1),
    "pad": lambda x: np.pad(x, ((0, 0), (2, 1), (0, 0))),
    "split": lambda x: sum(np.split(x[:, :4], 2, 1)),
    "norm": lambda x: np.linalg.norm(x, axis=-1),
    "a loop": lambda x: sum(row.sum() * row for row in x),
    "broadcast": lambda x: np.broadcast_to(x[:, :1], (4, 5, 3)) * X,
    "in place": in_place,
    "comparison": lambda x: (x > 1) * x + np.sign(x),
    "a constant": lambda x: x * constant(np.asarray(X)),
    "softmax": lambda x: K.softmax(x, axis=1),
    "logsumexp": lambda x: K.logsumexp(x, axis=1),
    "activations": lambda x: K.relu(x - 1, alpha=0.1) + K.elu(x - 1) + K.sigmoid(x) + K.softsign(x),
    "more activations": lambda x: K.hard_sigmoid(x) + K.softplus(x) + K.tanh(x),
    "l2_normalize": lambda x: K.l2_normalize(x, axis=-1),
    "batch_dot": lambda x: K.batch_dot(x, x, axes=(2, 2)) + K.batch_dot(x, B),
    "repeat of Keras": lambda x: K.repeat(x[:, 0], 4),
    "padding of Keras": lambda x: K.temporal_padding(x, (2, 0)),
    "cast": lambda x: K.cast(x, "float64") * K.cast(K.greater(x, 1.0), "float64"),
    "binary cross entropy": lambda x: K.binary_crossentropy(X > 1, x / 2),
    "logits": lambda x: K.binary_crossentropy(X > 1, x, from_logits=True),
    "categorical": lambda x: K.categorical_crossentropy(np.eye(3)[[[0] * 5] * 4], x),
    "labels": lambda x: K.sparse_categorical_crossentropy(np.ones((4, 5, 1), int), x, True),
}  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_gradients_are_differences(function):
    value, back = value_and_gradient(function, [X])
    np.testing.assert_allclose(value, function(X), rtol=1e-13)
    weights = RNG.normal(size=value.shape)
    found = back(weights)
    step, expected = 1e-6, np.empty_like(X)
    for place in np.ndindex(X.shape):
        up, down = X.copy(), X.copy()
        up[place] += step
        down[place] -= step
        expected[place] = ((function(up) - function(down)) * weights).sum() / (2 * step)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_equal_ones_share_the_gradient_of_the_largest():
    ones = np.ones((2, 3))
    _, back = value_and_gradient(lambda x: x.max(axis=1), [ones])
    np.testing.assert_allclose(back(np.ones(2)), ones / 3)
    _, back = value_and_gradient(lambda x: np.maximum(x, 1), [ones])
    np.testing.assert_array_equal(back(ones), 0.5 * ones)


def test_products_with_zeros():
    x = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [4.0, 2.0, 1.0]])
    _, back = value_and_gradient(lambda x: np.prod(x, axis=1), [x])
    np.testing.assert_array_equal(back(np.ones(3)), [[6, 0, 0], [0, 0, 0], [2, 4, 8]])
    _, back = value_and_gradient(lambda x: np.cumprod(x, axis=1), [x])
    np.testing.assert_array_equal(back(np.ones((3, 3))), [[9, 0, 0], [1, 0, 0], [5, 8, 8]])


def test_types_stay():
    for dtype in (np.float32, np.float64):
        value, back = value_and_gradient(lambda x: (x * 2 + 1).mean(), [X.astype(dtype)])
        assert value.dtype == dtype
        assert back(value).dtype == dtype


def test_weights_are_watched_while_a_tape_records():
    weight = Parameter("w", W)
    tape = Tape()
    x = tape.watch(X)
    with tape.recording():
        y = np.sum(np.tanh(x @ weight) * (weight * 2)[0] + weight[1])
    tape.back([y], [np.float64(1)])
    tanh = np.tanh(X @ W)
    inner = (1 - tanh**2) * 2 * W[0]
    expected = np.tensordot(X, inner, ((0, 1), (0, 1)))
    expected[0] += 2 * tanh.sum(axis=(0, 1))
    expected[1] += 4 * 5
    np.testing.assert_allclose(tape.gradient_of_weight(weight), expected, rtol=1e-12)
    assert tape.gradient_of_weight(Parameter("other", W)) is None
    # Without one, a weight is its array, and weights are told apart by identity.
    assert type(weight * 2) is np.ndarray
    assert weight in {weight}
    assert weight != Parameter("w", W)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (np.median, r"numpy\.median is not known"),
        (lambda x: np.einsum("...a->a", x), "write a different letter"),
        (lambda x: np.einsum("aba->b", x[:3, :, :]), "write a different letter"),
        (np.asarray, "what makes a plain array of it"),
        (lambda x: np.add(x, 1, out=np.empty_like(X)), "out= of numpy.add"),
        (np.add.accumulate, r"through numpy\.add\.accumulate"),
        (lambda x: np.linalg.norm(x, 1, axis=-1), "ord=1"),
        (lambda x: float(x[0, 0, 0]), "float"),
    ],
)
def test_what_cannot_be_followed_says_so(function, message):
    with pytest.raises(TypeError, match=message):
        value_and_gradient(function, [X])
