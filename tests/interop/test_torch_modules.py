"""Whole modules of PyTorch into models, and models into modules."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn.interop.torch import from_module, load_state_dict, to_module, to_state_dict
from fastrnn.layers import (
    ELU,
    GRU,
    LSTM,
    Activation,
    Add,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Input,
    LayerNormalization,
    LeakyReLU,
    Masking,
    PReLU,
    ReLU,
    SimpleRNN,
    Softmax,
    TimeDistributed,
)
from fastrnn.models import Model, Sequential, clone_model

torch = pytest.importorskip("torch", exc_type=ImportError)
nn = torch.nn

#: What two programs may differ by, by type.
TOLERANCE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-12}


def answer(module, x):
    with torch.no_grad():
        found = module(torch.from_numpy(x))
    return (found[0] if isinstance(found, tuple) else found).numpy()


def assert_agree(module, model, x, turned=False):
    wanted = answer(module, x.swapaxes(0, 1).copy() if turned else x)
    wanted = wanted.swapaxes(0, 1) if turned else wanted
    found = model.predict(x, verbose=0)
    assert found.dtype == wanted.dtype
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE[found.dtype])


def numbers(*shape):
    return np.random.default_rng(3).normal(size=shape)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 3}, {"bidirectional": True, "num_layers": 2}]
)
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_recurrent_modules(kind, options, bias, dtype):
    module = getattr(nn, kind)(3, 5, bias=bias, **options).to(getattr(torch, dtype))
    x = numbers(4, 7, 3).astype(dtype)
    assert_agree(module, from_module(module), x, turned=True)
    again = to_module(from_module(module))
    np.testing.assert_allclose(
        answer(again, x), from_module(again).predict(x, verbose=0), atol=TOLERANCE[x.dtype]
    )


def test_options_of_recurrent_modules():
    module = nn.RNN(3, 5, 2, nonlinearity="relu", batch_first=True, dropout=0.4).eval()
    model = from_module(module)
    assert [type(layer) for layer in model.layers[-3:]] == [SimpleRNN, Dropout, SimpleRNN]
    assert model.layers[-2].rate == pytest.approx(0.4)
    assert_agree(module, model, numbers(4, 7, 3).astype(np.float32))


@pytest.mark.parametrize("kind", ["RNNCell", "GRUCell", "LSTMCell"])
def test_a_cell_becomes_the_layer_that_takes_it_over_a_sequence(kind):
    module = getattr(nn, kind)(3, 5).double()
    x = numbers(4, 6, 3)
    state, wanted = None, []
    with torch.no_grad():
        for step in torch.from_numpy(x).unbind(1):
            state = module(step, state)
            wanted.append(state[0] if kind == "LSTMCell" else state)
    found = from_module(module).predict(x, verbose=0)
    np.testing.assert_allclose(found, torch.stack(wanted, 1).numpy(), atol=1e-12)


ACTIVATIONS = [
    nn.Tanh(), nn.Sigmoid(), nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.07), nn.ELU(0.7), nn.SELU(),
    nn.GELU(), nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softsign(), nn.LogSigmoid(),
    nn.Hardsigmoid(), nn.Softmax(-1), nn.LogSoftmax(-1), nn.Identity(), nn.Dropout(0.3),
]  # fmt: skip


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda one: type(one).__name__)
def test_activations(activation):
    module = nn.Sequential(nn.Linear(3, 4), activation, nn.LayerNorm(4)).double().eval()
    assert_agree(module, from_module(module), 3 * numbers(50, 3))
    model = from_module(module)
    np.testing.assert_allclose(
        answer(to_module(model), 3 * numbers(50, 3)),
        model.predict(3 * numbers(50, 3), verbose=0),
        atol=1e-12,
    )


@pytest.mark.parametrize("padding_idx", [None, 0, 3])
def test_embeddings(padding_idx):
    module = nn.Sequential(nn.Embedding(9, 4, padding_idx), nn.Sequential(nn.Linear(4, 2)))
    tokens = np.random.default_rng(4).integers(0, 9, (3, 6))
    assert_agree(module, from_module(module), tokens)
    assert_agree(to_module(from_module(module)), from_module(module), tokens)


class Custom(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        output, _ = self.rnn(x)
        return self.head(output[:, -1])


class Backwards(nn.Sequential):
    def forward(self, x):
        return super().forward(x.flip(1))


REFUSED = {
    "a module of one's own": (Custom(), TypeError, "type Custom.*load_state_dict"),
    "one within": (nn.Sequential(nn.Linear(3, 3), Custom()), TypeError, "module 1 is of type"),
    "a forward of its own": (Backwards(nn.Linear(3, 3)), TypeError, "forward of its own"),
    "a projection": (nn.LSTM(3, 5, proj_size=2), ValueError, "proj_size of LSTM is 2"),
    "max_norm": (nn.Embedding(3, 2, max_norm=1.0), ValueError, "max_norm of Embedding is 1.0"),
    "GELU with tanh": (nn.GELU("tanh"), ValueError, "approximate of GELU is 'tanh'"),
    "another axis": (nn.Softmax(1), ValueError, "dim of Softmax is 1"),
    "half precision": (nn.Linear(2, 2).half(), ValueError, "torch.float16"),
    "no features": (nn.Tanh(), ValueError, "give input_shape"),
    "nothing": (nn.Sequential(), ValueError, "no layers"),
    "channels first": (nn.Conv1d(2, 3, 4), TypeError, "type Conv1d"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_modules_that_are_refused_are_named(case):
    module, kind, message = REFUSED[case]
    with pytest.raises(kind, match=message):
        from_module(module)


def test_a_module_of_ones_own_gives_its_weights():
    module, x = Custom(), numbers(4, 7, 3).astype(np.float32)
    model = Sequential([Input((None, 3)), GRU(4, reset_after=True), Dense(2)])
    load_state_dict(model, module.state_dict())
    assert_agree(module, model, x)


def test_the_shape_may_be_said():
    model = from_module(nn.Tanh(), (None, 3))
    assert model.input_shape == (None, None, 3)
    assert from_module(nn.Linear(3, 2)).input_shape == (None, 3)


# Models into modules ---------------------------------------------------------------------------

LAYERS = st.sampled_from(
    [
        lambda n, last: SimpleRNN(n, "relu", return_sequences=not last),
        lambda n, last: GRU(n, reset_after=True, return_sequences=not last),
        lambda n, last: LSTM(n, use_bias=False, return_sequences=not last),
        lambda n, last: LSTM(n, return_sequences=not last, learn_initial_state=True),
        lambda n, last: Bidirectional(GRU(n, reset_after=True, return_sequences=not last)),
        lambda n, last: Bidirectional(LSTM(n, return_sequences=not last, learn_initial_state=True)),
        lambda n, last: Dense(n, "tanh"),
        lambda n, last: TimeDistributed(Dense(n, "gelu", use_bias=False)),
        lambda n, last: Dense(n, "leaky_relu"),
        lambda n, last: Activation("softplus"),
        lambda n, last: LayerNormalization(epsilon=0.01),
        lambda n, last: LayerNormalization(center=False),
        lambda n, last: LayerNormalization(center=False, scale=False),
        lambda n, last: Dropout(0.3),
        lambda n, last: LeakyReLU(0.2),
        lambda n, last: ReLU(negative_slope=0.3),
        lambda n, last: ELU(0.6),
        lambda n, last: Softmax(),
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(LAYERS, min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from(["float32", "float64"]),
)
def test_models_of_any_layers_go_there_and_back(kinds, ends, dtype):
    made = [kind(4, False) for kind in kinds]
    if ends:
        made.append(GRU(3, reset_after=True))
    model = Sequential([Input((None, 2), dtype), *made, Dense(2)])
    draw = np.random.default_rng(5)
    model.set_weights([draw.normal(scale=0.4, size=w.shape) for w in model.get_weights()])
    x = numbers(3, 5, 2).astype(dtype)
    module = to_module(model)
    assert_agree(module, model, x)
    assert_agree(module, from_module(module, (None, 2)), x)
    state = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    assert sorted(state) == sorted(to_state_dict(model))
    for name, array in to_state_dict(model).items():
        np.testing.assert_array_equal(array, state[name])
    other = clone_model(model)
    load_state_dict(other, state)
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))


def test_the_module_trains_and_can_be_copied():
    model = Sequential([Input((None, 2)), LSTM(3, learn_initial_state=True), Dense(1)])
    module = to_module(model).train()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    x = torch.from_numpy(numbers(4, 5, 2).astype(np.float32))
    module(x).square().mean().backward()
    optimizer.step()
    for one in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        np.testing.assert_array_equal(answer(one, x.numpy()), answer(module, x.numpy()))
    assert_agree(module, from_module(module), x.numpy())


def residual():
    x = Input((None, 2))
    return Model(x, Add()([x, Dense(2)(x)]))


def of(*layers, shape=(None, 2)):
    return Sequential([Input(shape), *layers])


NO_MODULE = {
    "branches": (residual, "do not simply follow one another"),
    "a mask": (lambda: of(Masking(), LSTM(2)), "masking_1 is a Masking|lstm_1 reads a mask"),
    "mask_zero": (lambda: of(Embedding(3, 2, mask_zero=True), shape=(None,)), "mask_zero of"),
    "the other GRU": (lambda: of(GRU(2)), r"reset_after=False"),
    "backwards": (lambda: of(LSTM(2, go_backwards=True)), "go_backwards of lstm_1 is True"),
    "stateful": (lambda: of(LSTM(2, stateful=True)), "stateful of lstm_1 is True"),
    "dropout": (lambda: of(LSTM(2, dropout=0.1)), "dropout of lstm_1 is 0.1"),
    "an activation": (lambda: of(LSTM(2, "relu")), "activation of lstm_1 is 'relu'"),
    "gates": (lambda: of(GRU(2, recurrent_activation="hard_sigmoid", reset_after=True)),
              "recurrent_activation of gru_1"),
    "a sum": (lambda: of(Bidirectional(LSTM(2), "sum")), "merge_mode of bidirectional_1 is 'sum'"),
    "a slope for each": (lambda: of(PReLU(shared_axes=[1])), "p_re_lu_1 is a PReLU"),
    "exponential": (lambda: of(Dense(2, "exponential")), "activation of dense_1 is 'exponential'"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_MODULE)
def test_models_that_are_refused_are_named(case):
    make, message = NO_MODULE[case]
    with pytest.raises(ValueError, match=message):
        to_module(make())


def test_without_pytorch_the_error_says_so():
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from fastrnn.interop.torch import from_module, to_module\n"
        "for function in (from_module, to_module):\n"
        "    try: function(None)\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.count("pip install torch") == 2


def test_the_functions_of_the_core_compute_what_a_numpy_package_does_by_hand():
    """A GRU as NumPy packages write PyTorch's out by hand, against gru_forward, in float64."""
    import fastrnn

    draw = np.random.default_rng(6)
    n_x, n_s, m, steps = 5, 7, 3, 11
    w_ih, w_hh = draw.normal(size=(3 * n_s, n_x)), 0.5 * draw.normal(size=(3 * n_s, n_s))
    b_ih, b_hh = draw.normal(size=3 * n_s), draw.normal(size=3 * n_s)
    x, h = draw.normal(size=(m, steps, n_x)), draw.normal(size=(m, n_s))
    parameters = {"Wx": w_ih, "Ws": w_hh, "bx": b_ih, "bs": b_hh}
    states, _, _ = fastrnn.gru_forward(x.transpose(2, 0, 1), h.T, parameters, reset_after=True)
    for step in range(steps):
        rzn_ih, rzn_hh = x[:, step] @ w_ih.T + b_ih, h @ w_hh.T + b_hh
        gates = 1 / (1 + np.exp(-(rzn_ih + rzn_hh)[:, : 2 * n_s]))
        r, z = gates[:, :n_s], gates[:, n_s:]
        n = np.tanh(rzn_ih[:, 2 * n_s :] + r * rzn_hh[:, 2 * n_s :])
        h = (1 - z) * n + z * h
        np.testing.assert_allclose(states[:, :, step].T, h, rtol=0, atol=1e-12)
