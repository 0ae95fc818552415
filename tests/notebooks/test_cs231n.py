"""CS231n's notebook: its printed arrays, and its checks of gradients by differences."""

import numpy as np
import pytest

from fastrnn.notebooks import cs231n
from fastrnn.notebooks.cs231n import (
    affine_backward,
    affine_forward,
    lstm_backward,
    lstm_forward,
    lstm_step_backward,
    lstm_step_forward,
    rnn_backward,
    rnn_forward,
    rnn_step_backward,
    rnn_step_forward,
    temporal_affine_backward,
    temporal_affine_forward,
    temporal_softmax_loss,
    word_embedding_backward,
    word_embedding_forward,
)
from tests.tolerances import CENTRAL_DIFFERENCES


def line(start, stop, *shape):
    return np.linspace(start, stop, num=int(np.prod(shape))).reshape(shape)


def relative_error(got, want):
    """The course's measure."""
    return np.max(np.abs(got - want) / np.maximum(1e-8, np.abs(got) + np.abs(want)))


def assert_numeric(forward, arrays, dout, gradients):
    """Hold gradients to central differences of sum(dout * forward(*arrays)), as the course does."""
    for array, gradient in zip(arrays, gradients, strict=True):
        numeric = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            values = []
            for h in (1e-5, -1e-5):
                array[place] = kept + h
                values.append(sum(np.sum(d * out) for d, out in zip(dout, forward(), strict=True)))
            array[place] = kept
            numeric[place] = (values[0] - values[1]) / 2e-5
        error = np.abs(gradient - numeric).max() / np.abs(numeric).max()
        assert gradient.shape == array.shape
        assert error < CENTRAL_DIFFERENCES


def test_one_step_of_the_rnn():
    x, prev_h = line(-0.4, 0.7, 3, 10), line(-0.2, 0.5, 3, 4)
    Wx, Wh, b = line(-0.1, 0.9, 10, 4), line(-0.3, 0.7, 4, 4), line(-0.2, 0.4, 4)
    next_h, _ = rnn_step_forward(x, prev_h, Wx, Wh, b)
    want = [
        [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
        [0.66854692, 0.79562378, 0.87755553, 0.92795967],
        [0.97934501, 0.99144213, 0.99646691, 0.99854353],
    ]
    assert relative_error(next_h, np.array(want)) < 1e-8


def test_the_rnn():
    x, h0 = line(-0.1, 0.3, 2, 3, 4), line(-0.3, 0.1, 2, 5)
    Wx, Wh, b = line(-0.2, 0.4, 4, 5), line(-0.4, 0.1, 5, 5), line(-0.7, 0.1, 5)
    h, _ = rnn_forward(x, h0, Wx, Wh, b)
    want = [
        [
            [-0.42070749, -0.27279261, -0.11074945, 0.05740409, 0.22236251],
            [-0.39525808, -0.22554661, -0.0409454, 0.14649412, 0.32397316],
            [-0.42305111, -0.24223728, -0.04287027, 0.15997045, 0.35014525],
        ],
        [
            [-0.55857474, -0.39065825, -0.19198182, 0.02378408, 0.23735671],
            [-0.27150199, -0.07088804, 0.13562939, 0.33099728, 0.50158768],
            [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043],
        ],
    ]
    assert relative_error(h, np.array(want)) < 1e-7


def test_one_step_of_the_lstm():
    x, prev_h, prev_c = line(-0.4, 1.2, 3, 4), line(-0.3, 0.7, 3, 5), line(-0.4, 0.9, 3, 5)
    Wx, Wh, b = line(-2.1, 1.3, 4, 20), line(-0.7, 2.2, 5, 20), line(0.3, 0.7, 20)
    next_h, next_c, _ = lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)
    want_h = [
        [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904],
        [0.49223563, 0.55611431, 0.61507696, 0.66844003, 0.7159181],
        [0.56735664, 0.66310127, 0.74419266, 0.80889665, 0.858299],
    ]
    want_c = [
        [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407],
        [0.66382255, 0.76674007, 0.87195994, 0.97902709, 1.08751345],
        [0.74192008, 0.90592151, 1.07717006, 1.25120233, 1.42395676],
    ]
    assert relative_error(next_h, np.array(want_h)) < 1e-8
    assert relative_error(next_c, np.array(want_c)) < 1e-8


def test_the_lstm():
    x, h0 = line(-0.4, 0.6, 2, 3, 5), line(-0.4, 0.8, 2, 4)
    Wx, Wh, b = line(-0.2, 0.9, 5, 16), line(-0.3, 0.6, 4, 16), line(0.2, 0.7, 16)
    h, _ = lstm_forward(x, h0, Wx, Wh, b)
    want = [
        [
            [0.01764008, 0.01823233, 0.01882671, 0.0194232],
            [0.11287491, 0.12146228, 0.13018446, 0.13902939],
            [0.31358768, 0.33338627, 0.35304453, 0.37250975],
        ],
        [
            [0.45767879, 0.4761092, 0.4936887, 0.51041945],
            [0.6704845, 0.69350089, 0.71486014, 0.7346449],
            [0.81733511, 0.83677871, 0.85403753, 0.86935314],
        ],
    ]
    # The course says that errors are about 1e-7: the arrays are printed with eight digits.
    assert relative_error(h, np.array(want)) < 2e-7


def test_gradients_of_the_rnn():
    rng = np.random.RandomState(231)
    step = [rng.randn(*shape) for shape in ((4, 5), (4, 6), (5, 6), (6, 6), (6,))]
    _, cache = rnn_step_forward(*step)
    dnext_h = rng.randn(4, 6)
    got = rnn_step_backward(dnext_h, cache)
    assert_numeric(lambda: rnn_step_forward(*step)[:1], step, [dnext_h], got)

    arrays = [rng.randn(*shape) for shape in ((2, 10, 3), (2, 5), (3, 5), (5, 5), (5,))]
    h, cache = rnn_forward(*arrays)
    dout = rng.randn(*h.shape)
    got = rnn_backward(dout, cache)
    assert_numeric(lambda: rnn_forward(*arrays)[:1], arrays, [dout], got)


def test_gradients_of_the_lstm():
    rng = np.random.RandomState(231)
    shapes = ((4, 5), (4, 6), (4, 6), (5, 24), (6, 24), (24,))
    step = [rng.randn(*shape) for shape in shapes]
    *_, cache = lstm_step_forward(*step)
    dnext = [rng.randn(4, 6), rng.randn(4, 6)]
    got = lstm_step_backward(*dnext, cache)
    assert_numeric(lambda: lstm_step_forward(*step)[:2], step, dnext, got)

    arrays = [rng.randn(*shape) for shape in ((2, 10, 5), (2, 6), (5, 24), (6, 24), (24,))]
    h, cache = lstm_forward(*arrays)
    dout = rng.randn(*h.shape)
    got = lstm_backward(dout, cache)
    assert_numeric(lambda: lstm_forward(*arrays)[:1], arrays, [dout], got)


def test_word_embedding():
    x = np.array([[0, 3, 1, 2], [2, 1, 0, 3]])
    W = np.linspace(0, 1, num=15).reshape(5, 3)
    out, cache = word_embedding_forward(x, W)
    np.testing.assert_array_equal(out, W[x])
    dout = np.random.RandomState(231).randn(*out.shape)
    got = word_embedding_backward(dout, cache)
    assert_numeric(lambda: word_embedding_forward(x, W)[:1], [W], [dout], [got])
    with pytest.raises(ValueError, match=r"^x has 5, expected 0 <= x < V = 5"):
        word_embedding_forward(x + 2, W)
    with pytest.raises(TypeError, match=r"^x must be an array of integers"):
        word_embedding_forward(x + 0.5, W)


def test_temporal_affine():
    rng = np.random.RandomState(231)
    arrays = [rng.randn(*shape) for shape in ((2, 3, 4), (4, 5), (5,))]
    out, cache = temporal_affine_forward(*arrays)
    dout = rng.randn(*out.shape)
    got = temporal_affine_backward(dout, cache)
    assert_numeric(lambda: temporal_affine_forward(*arrays)[:1], arrays, [dout], got)
    with pytest.raises(ValueError, match=r"^b has shape \(4,\)"):
        temporal_affine_forward(*arrays[:2], arrays[2][:4])


def test_affine_of_the_course():
    x, w = line(-0.1, 0.5, 2, 4, 5, 6), line(-0.2, 0.3, 120, 3)
    out, _ = affine_forward(x, w, line(-0.3, 0.1, 3))
    want = np.array([[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]])
    assert relative_error(out, want) < 1e-8
    rng = np.random.RandomState(231)
    arrays = [rng.randn(*shape) for shape in ((10, 2, 3), (6, 5), (5,))]
    dout = rng.randn(10, 5)
    got = affine_backward(dout, affine_forward(*arrays)[1])
    assert_numeric(lambda: affine_forward(*arrays)[:1], arrays, [dout], got)
    for wrong, message in (
        ((arrays[0], arrays[1][:4], arrays[2]), r"w has shape \(4, 5\), expected .* D = 6"),
        ((*arrays[:2], arrays[2][:4]), r"b has shape \(4,\), expected \(M,\) = \(5,\)"),
        ((arrays[2], *arrays[1:]), r"x has shape \(5,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            affine_forward(*wrong)
    with pytest.raises(
        ValueError, match=r"dout has shape \(10, 4\), expected \(N, M\) = \(10, 5\)"
    ):
        affine_backward(dout[:, :4], affine_forward(*arrays)[1])


def test_temporal_softmax_loss_of_what_the_notebook_says():
    """About 2.3, 23 and, with one step in ten, 2.3: the logarithm of ten classes."""
    rng = np.random.RandomState(231)
    for N, T, p, want in ((100, 1, 1.0, 2.3), (100, 10, 1.0, 23.0), (5000, 10, 0.1, 2.3)):
        x = 0.001 * rng.randn(N, T, 10)
        y, mask = rng.randint(10, size=(N, T)), rng.rand(N, T) <= p
        loss, _ = temporal_softmax_loss(x, y, mask)
        assert abs(loss - want) < 0.04 * want


def test_gradient_of_temporal_softmax_loss(capsys):
    rng = np.random.RandomState(231)
    x, y, mask = rng.randn(7, 8, 9), rng.randint(9, size=(7, 8)), rng.rand(7, 8) > 0.5
    _, dx = temporal_softmax_loss(x, y, mask, verbose=False)
    assert not capsys.readouterr().out
    assert_numeric(lambda: temporal_softmax_loss(x, y, mask)[:1], [x], [1.0], [dx])
    assert not dx[~mask].any()
    temporal_softmax_loss(x, y, mask, verbose=True)
    assert capsys.readouterr().out == "dx_flat:  (56, 9)\n"


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_wrong_shapes_are_named_as_they_came(cell):
    gates = 4 if cell == "lstm" else 1
    rng = np.random.RandomState(0)
    shapes = {"x": (2, 7, 3), "h0": (2, 5), "Wx": (3, gates * 5), "Wh": (5, gates * 5)}
    arrays = {name: rng.randn(*shape) for name, shape in (shapes | {"b": (gates * 5,)}).items()}
    forward = getattr(cs231n, f"{cell}_forward")
    forward(**arrays)
    for name, array in arrays.items():
        for wrong in (array[1:], array[np.newaxis], array[..., :-1]):
            if name == "x" and wrong.shape == (1, 7, 3):
                continue  # another batch: then the state is wrong
            # the number of features stands in x and in Wx, and x is called wrong
            other = "x" if name == "Wx" and wrong.ndim == 2 and len(wrong) == 2 else name
            called = "Wh" if name == "Wh" else other
            with pytest.raises(ValueError, match=rf"^({called}|b|Wx) has shape \("):
                forward(**{**arrays, name: wrong})


def test_float32_stays_float32():
    rng = np.random.RandomState(0)
    shapes = ((2, 7, 3), (2, 5), (3, 20), (5, 20), (20,))
    h, cache = lstm_forward(*(rng.randn(*shape).astype(np.float32) for shape in shapes))
    assert h.dtype == np.float32
    assert all(array.dtype == np.float32 for array in lstm_backward(h, cache))
