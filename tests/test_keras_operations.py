"""Operations of `fastrnn.ops`, activations, losses, metrics: values and gradients, as Keras's.

A case is a function of a module like ``keras.ops`` or ``keras.losses``, and of an array.
What is recorded is its result, and the gradient of a weighted sum of it where there is one.
"""

import numpy as np
import pytest

from fastrnn import activations, losses, metrics, ops
from fastrnn.activations import Kernel
from fastrnn.differentiation import value_and_gradient
from tests import recorded
from tests.keras_oracle import double_precision, require_keras
from tests.tolerances import RECORDED

FILE = "keras_operations"
#: Numbers of both signs, none of them near a place where a function bends.
X = 1.3 * np.sin(0.4 + 1.7 * np.arange(24.0)).reshape(2, 3, 4)
#: Numbers from 0 to 1.
P = 0.1 + 0.8 * np.abs(np.sin(1.0 + 1.3 * np.arange(24.0))).reshape(2, 3, 4)
W = np.cos(0.3 + np.arange(8.0)).reshape(4, 2)
LABELS = np.arange(6).reshape(2, 3) % 4
ONE_HOT = np.eye(4)[LABELS]


def each(names, *arguments, of=X):
    """Return cases of functions of one array."""
    return {n: (lambda o, x, n=n: getattr(o, n)(x, *arguments), of) for n in names.split()}


#: The operation, with more words after a comma: the function and its array.  A dot ends the names
#: of cases that have no gradient.
SMOOTH = {
    **each("abs absolute cos cosh exp expm1 negative sin sinh square tan tanh arctan"),
    **each("log log10 log1p log2 reciprocal sqrt rsqrt arccos arcsin", of=P),
    **each("elu gelu hard_sigmoid leaky_relu log_sigmoid log_softmax relu relu6 selu sigmoid"),
    **each("silu softmax softplus softsign swish"),
    **each("max min mean prod std sum var", 1),
    **each("cumprod cumsum", 1),
    **each("sort", 1),
    "prod, with zeros": (lambda o, x: o.prod(x, axis=(0, 2)), np.maximum(X, 0)),
    "cumprod, with zeros": (lambda o, x: o.cumprod(x, axis=1), np.maximum(X, 0)),
    "cumprod, all": (lambda o, x: o.cumprod(x), P),
    "mod": (lambda o, x: o.mod(x, 0.3), X),
    "mod, by it": (lambda o, x: o.mod(2.0, x), P),
    "elu, alpha": (lambda o, x: o.elu(x, 0.3), X),
    "gelu, exact": (lambda o, x: o.gelu(x, approximate=False), X),
    "leaky_relu, slope": (lambda o, x: o.leaky_relu(x, negative_slope=0.4), X),
    "softmax, axis": (lambda o, x: o.softmax(x, axis=1), X),
    "log_softmax, axis": (lambda o, x: o.log_softmax(x, axis=1), X),
    "logsumexp": (lambda o, x: o.logsumexp(x, axis=-1), X),
    "logsumexp, all": (lambda o, x: o.logsumexp(x), X),
    "logsumexp, keepdims": (lambda o, x: o.logsumexp(x, axis=1, keepdims=True), X),
    "mean, all": (lambda o, x: o.mean(x), X),
    "sum, keepdims": (lambda o, x: o.sum(x, axis=(0, 2), keepdims=True), X),
    "max, all": (lambda o, x: o.max(x, axis=None, keepdims=True), X),
    "add": (lambda o, x: o.add(x, P), X),
    "subtract": (lambda o, x: o.subtract(P, x), X),
    "multiply": (lambda o, x: o.multiply(x, x), X),
    "divide": (lambda o, x: o.divide(P, x), P + 0.5),
    "true_divide": (lambda o, x: o.true_divide(x, P), X),
    "power": (lambda o, x: o.power(x, 3), X),
    "power, of arrays": (lambda o, x: o.power(x, x + 1), P),
    "maximum": (lambda o, x: o.maximum(x, 0.2), X),
    "minimum": (lambda o, x: o.minimum(P, x), X),
    "arctan2": (lambda o, x: o.arctan2(x, P), X),
    "logaddexp": (lambda o, x: o.logaddexp(x, P), X),
    "clip": (lambda o, x: o.clip(x, -0.5, 0.5), X),
    "clip, by name": (lambda o, x: o.clip(x, x_min=-0.5, x_max=0.5), X),
    "where": (lambda o, x: o.where(o.greater(x, 0), x * x, P), X),
    "dot": (lambda o, x: o.dot(x, W), X),
    "matmul": (lambda o, x: o.matmul(x, W), X),
    "outer": (lambda o, x: o.outer(x[0, 0], x[1, 2]), X),
    "tensordot": (lambda o, x: o.tensordot(x, W, axes=[[2], [0]]), X),
    "tensordot, one number": (lambda o, x: o.tensordot(x, W, axes=1), X),
    "einsum": (lambda o, x: o.einsum("btf,fg->bg", x, W), X),
    "einsum, twice": (lambda o, x: o.einsum("btf,bsf->bts", x, x), X),
    "einsum, alone": (lambda o, x: o.einsum("btf->f", x), X),
    "concatenate": (lambda o, x: o.concatenate([x, P], axis=1), X),
    "stack": (lambda o, x: o.stack([x, x * x], axis=1), X),
    "split": (lambda o, x: o.concatenate(o.split(x, 2, axis=2)[::-1], axis=2), X),
    "split, at": (lambda o, x: o.split(x, [1], axis=1)[1], X),
    "expand_dims": (lambda o, x: o.expand_dims(x, 1), X),
    "squeeze": (lambda o, x: o.squeeze(x[:, :1], axis=1), X),
    "flip": (lambda o, x: o.flip(x, axis=1), X),
    "moveaxis": (lambda o, x: o.moveaxis(x, 0, -1), X),
    "swapaxes": (lambda o, x: o.swapaxes(x, 0, 1), X),
    "transpose": (lambda o, x: o.transpose(x, (1, 0, 2)), X),
    "transpose, all": (lambda o, x: o.transpose(x), X),
    "ravel": (lambda o, x: o.ravel(x), X),
    "reshape": (lambda o, x: o.reshape(x, (3, -1)), X),
    "repeat": (lambda o, x: o.repeat(x, 2, axis=1), X),
    "roll": (lambda o, x: o.roll(x, 1, axis=1), X),
    "tile": (lambda o, x: o.tile(x, (1, 2, 1)), X),
    "take": (lambda o, x: o.take(x, [2, 0, 0], axis=1), X),
    "take_along_axis": (lambda o, x: o.take_along_axis(x, LABELS[..., None], axis=2), X),
    "diagonal": (lambda o, x: o.diagonal(x, axis1=1, axis2=2), X),
    "pad": (lambda o, x: o.pad(x, ((0, 0), (1, 2), (0, 0))), X),
    "pad, value": (lambda o, x: o.pad(x, ((0, 0), (1, 0), (0, 1)), constant_values=0.5), X),
    "cast": (lambda o, x: o.cast(x, "float64") * 2, X),
    "convert_to_tensor": (lambda o, x: o.convert_to_tensor(x) * 2, X),
    "stop_gradient": (lambda o, x: o.stop_gradient(x) * x, X),
    "normalize": (lambda o, x: o.normalize(x), X),
    "normalize, axis": (lambda o, x: o.normalize(x, axis=1), X),
    "normalize, order": (lambda o, x: o.normalize(x, axis=-1, order=3), X),
    "normalize, short": (lambda o, x: o.normalize(x), 1e-9 * X),
    "binary_crossentropy": (lambda o, x: o.binary_crossentropy(ONE_HOT, x), P),
    "binary_crossentropy, logits": (
        lambda o, x: o.binary_crossentropy(ONE_HOT, x, from_logits=True),
        X,
    ),
    "categorical_crossentropy": (lambda o, x: o.categorical_crossentropy(ONE_HOT, x), P),
    "categorical_crossentropy, logits": (
        lambda o, x: o.categorical_crossentropy(ONE_HOT, x, from_logits=True),
        X,
    ),
    "sparse_categorical_crossentropy": (
        lambda o, x: o.sparse_categorical_crossentropy(LABELS, x),
        P,
    ),
    "sparse_categorical_crossentropy, logits": (
        lambda o, x: o.sparse_categorical_crossentropy(LABELS, x, from_logits=True),
        X,
    ),
}
#: The same without a gradient.
STEPS = {
    **each("argmax argmin argsort ceil floor isfinite isinf isnan ndim round shape sign size"),
    **each("all any", 1, of=X > 0),
    "argmax, axis": (lambda o, x: o.argmax(x, axis=1, keepdims=True), X),
    **{
        name: (lambda o, x, n=name: getattr(o, n)(x, np.round(X, 1)), np.round(X[:, ::-1], 1))
        for name in "equal not_equal greater greater_equal less less_equal isclose".split()  # noqa: SIM905
    },
    **{
        name: (lambda o, x, n=name: getattr(o, n)(x, P > 0.5), X > 0)
        for name in ("logical_and", "logical_or", "logical_xor")
    },
    "logical_not": (lambda o, x: o.logical_not(x), X > 0),
    "floor_divide": (lambda o, x: o.floor_divide(x, 0.3), X),
    "array": (lambda o, x: o.array([1.0, 2.0]), X),
    "arange": (lambda o, x: o.arange(2, 9, 3), X),
    "arange, one number": (lambda o, x: o.arange(4), X),
    "arange, fractions": (lambda o, x: o.arange(0.0, 1.0, 0.25), X),
    "eye": (lambda o, x: o.eye(3), X),
    "eye, moved": (lambda o, x: o.eye(3, 4, k=1), X),
    "full": (lambda o, x: o.full((2, 3), 0.5), X),
    "full_like": (lambda o, x: o.full_like(x, 0.5), X),
    "linspace": (lambda o, x: o.linspace(0.0, 1.0, 5), X),
    "ones": (lambda o, x: o.ones((2, 3)), X),
    "zeros": (lambda o, x: o.zeros((2, 3)), X),
    "ones_like": (lambda o, x: o.ones_like(x), X),
    "zeros_like": (lambda o, x: o.zeros_like(x), X),
    "one_hot": (lambda o, x: o.one_hot(LABELS, 4), X),
    "one_hot, axis": (lambda o, x: o.one_hot(LABELS, 4, axis=0), X),
    "convert_to_numpy": (lambda o, x: o.convert_to_numpy(x), X),
    "is_tensor": (lambda o, x: o.is_tensor([1.0]), X),
}
#: The activations, with the arguments that Keras gives them too.
SHAPES = {
    **each("elu exponential gelu hard_sigmoid leaky_relu linear log_sigmoid log_softmax mish relu"),
    **each("relu6 selu sigmoid silu softmax softplus softsign swish tanh"),
    "relu, bent": (lambda a, x: a.relu(x, negative_slope=0.2, max_value=0.9, threshold=0.1), X),
    "elu, alpha": (lambda a, x: a.elu(x, alpha=0.4), X),
    "gelu, approximate": (lambda a, x: a.gelu(x, approximate=True), X),
    "leaky_relu, slope": (lambda a, x: a.leaky_relu(x, negative_slope=0.4), X),
    "softmax, axis": (lambda a, x: a.softmax(x, axis=1), X),
    "log_softmax, axis": (lambda a, x: a.log_softmax(x, axis=1), X),
}


def of_targets(target, *names, p=P):
    """Return cases of functions of targets and predictions."""
    return {n: (lambda m, x, n=n: getattr(m, n)(target, x), p) for n in names}


#: The functions that both losses and metrics have.
MEASURES = {
    **of_targets(X, "mean_absolute_error", "mean_squared_error", "huber", "log_cosh"),
    **of_targets(X, "mean_absolute_percentage_error", "poisson"),
    **of_targets(P[::-1], "mean_squared_logarithmic_error", "kl_divergence"),
    **of_targets(np.sign(X), "hinge", "squared_hinge"),
    **of_targets(ONE_HOT, "categorical_hinge", "categorical_crossentropy", "binary_crossentropy"),
    **of_targets(LABELS, "sparse_categorical_crossentropy"),
}
OF_LOSSES = {
    **MEASURES,
    **of_targets(X, "cosine_similarity"),
    **of_targets(ONE_HOT, "binary_focal_crossentropy", "categorical_focal_crossentropy"),
}
OF_METRICS = {
    **MEASURES,
    **of_targets(ONE_HOT, "binary_accuracy", "categorical_accuracy"),
    **of_targets(LABELS, "sparse_categorical_accuracy"),
    "top_k_categorical_accuracy": (
        lambda m, x: m.top_k_categorical_accuracy(ONE_HOT[0], x[0], k=2),
        P,
    ),
    "sparse_top_k_categorical_accuracy": (
        lambda m, x: m.sparse_top_k_categorical_accuracy(LABELS[0], x[0], k=2),
        P,
    ),
}
MODULES = {"ops": ops, "activations": activations, "losses": losses, "metrics": metrics}
CASES = {
    **{f"losses, {name}": case for name, case in OF_LOSSES.items()},
    **{f"metrics, {name}": case for name, case in OF_METRICS.items()},
    **{f"ops, {name}": case for name, case in {**SMOOTH, **STEPS}.items()},
    **{f"activations, {name}": case for name, case in SHAPES.items()},
}
HAVE_GRADIENTS = {f"ops, {name}" for name in SMOOTH} | {f"activations, {name}" for name in SHAPES}


def weights_like(value):
    return np.cos(0.2 + np.arange(np.size(value))).reshape(np.shape(value))


def answers(value):
    """Return a result as numbers."""
    array = np.asarray(value)
    return array.astype(float) if array.dtype.kind in "biu" else array


@pytest.mark.parametrize("case", CASES)
def test_numbers_and_gradients(case):
    function, x = CASES[case]
    module = MODULES[case.partition(",")[0]]
    found = {"value": answers(function(module, x))}
    if case in HAVE_GRADIENTS:
        value, back = value_and_gradient(lambda x: function(module, x), [x])
        np.testing.assert_allclose(value, found["value"], rtol=1e-13)
        found["gradient"] = back(weights_like(value))
    recorded.assert_alike(found, recorded.load(FILE, case), RECORDED[np.dtype("float64")])


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_keras_says_so_of_operations(case):
    keras = require_keras()
    import jax

    function, x = CASES[case]
    module = getattr(keras, case.partition(",")[0])
    with double_precision():
        value = function(module, jax.numpy.asarray(x))
        found = {"value": answers(value)}
        if case in HAVE_GRADIENTS:
            weights = weights_like(np.asarray(value))
            found["gradient"] = jax.grad(lambda x: (function(module, x) * weights).sum())(
                jax.numpy.asarray(x)
            )
        recorded.check(FILE, case, found, RECORDED[np.dtype("float64")])


def test_every_function_has_a_case():
    operations = {name.partition(",")[0] for name in {**SMOOTH, **STEPS}}
    # Keras has mish among its activations alone.
    assert operations | {"mish"} == set(ops.__all__)
    functions = {
        name
        for name in activations.__all__
        if callable(getattr(activations, name)) and not isinstance(getattr(activations, name), type)
    }
    kernels = {name for name in functions if isinstance(getattr(activations, name), Kernel)}
    own = {"deserialize", "get", "serialize", "hard_sigmoid_keras2"}
    assert {name.partition(",")[0] for name in SHAPES} == functions - kernels - own
    general = {"deserialize", "get", "serialize"}
    assert {*OF_LOSSES} == {name for name in losses.__all__ if name.islower()} - general
    # Keras's metrics have no function of these names.
    general |= {"accuracy", "cosine_similarity"}
    assert {*OF_METRICS} == {name for name in metrics.__all__ if name.islower()} - general
