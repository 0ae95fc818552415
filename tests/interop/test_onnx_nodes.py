"""RNN, GRU and LSTM nodes through a session: the operators' page, and ONNX's own tests."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn.interop.onnx import CheckpointError, Session
from tests.compare import assert_close
from tests.onnx_oracle import DEFAULTS, GATES, drawn_node, model_of, recurrence
from tests.tolerances import PARITY

onnx = pytest.importorskip("onnx")
helper = onnx.helper


def node_of(op, arrays, outputs=None, **attributes):
    """Return a node that reads what there is of `arrays`."""
    names = ["X", "W", "R", "B", "lengths", "h0", "c0", "P"]
    inputs = [name if name in arrays else "" for name in names]
    while not inputs[-1]:
        inputs.pop()
    outputs = outputs or (["Y", "Y_h", "Y_c"] if op == "LSTM" else ["Y", "Y_h"])
    return helper.make_node(op, inputs, outputs, hidden_size=arrays["R"].shape[2], **attributes)


def answers(op, arrays, constants=("W", "R", "B", "P"), **attributes):
    """Return what a session of one node answers; float64 needs its outputs declared so."""
    fixed = {name: array for name, array in arrays.items() if name in constants}
    feeds = {name: array for name, array in arrays.items() if name not in constants}
    node = node_of(op, arrays, **attributes)
    kind = helper.np_dtype_to_tensor_dtype(arrays["X"].dtype)
    model = model_of([node], feeds, node.output, fixed, kinds=dict.fromkeys(node.output, kind))
    return Session(model).run(None, feeds)


def wanted(op, arrays, **attributes):
    return recurrence(op, **arrays, **attributes)[: 3 if op == "LSTM" else 2]


def assert_node(op, arrays, constants=("W", "R", "B", "P"), **attributes):
    found = answers(op, arrays, constants, **attributes)
    for one, other in zip(found, wanted(op, arrays, **attributes), strict=True):
        assert one.dtype == arrays["X"].dtype
        assert one.shape == other.shape
        assert_close(one, other.astype(one.dtype), PARITY[one.dtype])


def test_the_tests_of_onnx_for_recurrences_pass():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = [case for op in GATES for case in collect_testcases(op)]
    ours = [case for case in cases if case.model.graph.node[0].op_type in GATES]
    assert len(ours) >= 15
    for case in ours:
        session = Session(case.model)
        for inputs, outputs in case.data_sets:
            names = [each.name for each in session.get_inputs()]
            found = session.run(None, dict(zip(names, inputs, strict=True)))
            for one, other in zip(found, outputs, strict=True):
                assert one.dtype == other.dtype
                assert one.shape == other.shape
                np.testing.assert_allclose(one, other, rtol=case.rtol, atol=case.atol)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_drawn_nodes_compute_what_the_page_says(data):
    op = data.draw(st.sampled_from(["RNN", "GRU", "LSTM"]))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    attributes = {
        "direction": data.draw(st.sampled_from(["forward", "reverse", "bidirectional"])),
        "layout": data.draw(st.sampled_from([0, 1])),
    }
    if op == "GRU":
        attributes["linear_before_reset"] = data.draw(st.sampled_from([0, 1]))
    T, m = data.draw(st.sampled_from([(1, 1), (1, 3), (5, 1), (6, 3), (20, 2)]))
    n_x, n_s = data.draw(st.sampled_from([(1, 1), (3, 5), (7, 16)]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    arrays = drawn_node(rng, op, dtype, (T, m, n_x, n_s), **attributes)
    if data.draw(st.booleans()):
        arrays["lengths"] = rng.integers(0, T + 1, m).astype(np.int32)
    for name in ("B", "h0", "c0"):
        if data.draw(st.booleans()):
            arrays.pop(name, None)
    constants = data.draw(st.sampled_from([("W", "R", "B"), ("W", "R", "B", "X"), ()]))
    assert_node(op, arrays, constants, **attributes)


@pytest.mark.parametrize("name", ["Relu", "Softsign", "Softplus", "HardSigmoid", "Elu", "Affine"])
@pytest.mark.parametrize("op", DEFAULTS)
def test_activations_of_each_direction(op, name):
    rng = np.random.default_rng(3)
    arrays = drawn_node(rng, op, sizes=(4, 2, 3, 5), direction="bidirectional")
    first, second = list(DEFAULTS[op]), list(DEFAULTS[op])
    for place in range(len(first) > 1, len(first)):
        first[place] = name
    if name != "Softplus" or op != "LSTM":
        second[0] = name
    takes = {"Elu": ([1.0], []), "HardSigmoid": ([0.2], [0.5]), "Affine": ([1.0], [0.0])}
    alphas, betas = takes.get(name, ([], []))
    count = (first + second).count(name)
    assert_node(
        op,
        arrays,
        direction="bidirectional",
        activations=first + second,
        activation_alpha=alphas * count or None,
        activation_beta=betas * count or None,
    )


def test_alpha_and_beta_go_to_the_activations_that_take_some():
    """HardSigmoid of Keras 3 is x / 6 + 0.5; Tanh and Relu take neither of the numbers."""
    rng = np.random.default_rng(4)
    arrays = drawn_node(rng, "GRU", sizes=(3, 2, 3, 4))
    names = ["HardSigmoid", "Relu"]
    found = answers("GRU", arrays, activations=names, activation_alpha=[1 / 6],
                    activation_beta=[0.5])  # fmt: skip
    from tests import onnx_oracle

    kept = onnx_oracle.ACTIVATIONS["HardSigmoid"]
    onnx_oracle.ACTIVATIONS["HardSigmoid"] = lambda x: np.clip(x / 6 + 0.5, 0, 1)
    try:
        expected = wanted("GRU", arrays, activations=names)
    finally:
        onnx_oracle.ACTIVATIONS["HardSigmoid"] = kept
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other.astype(one.dtype), PARITY[one.dtype])


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("lengths", [None, [4, 0, 2]])
def test_peepholes_are_answered_by_onnx_reference(direction, lengths):
    rng = np.random.default_rng(5)
    arrays = drawn_node(rng, "LSTM", sizes=(4, 3, 2, 3), direction=direction)
    arrays["P"] = rng.standard_normal((len(arrays["W"]), 9)).astype(np.float32)
    if lengths is not None:
        arrays["lengths"] = np.array(lengths, np.int32)
    assert_node("LSTM", arrays, direction=direction)
    without = {name: array for name, array in arrays.items() if name != "P"}
    one, other = (answers("LSTM", each, direction=direction)[0] for each in (arrays, without))
    assert abs(one - other).max() > 1e-3


@pytest.mark.parametrize(
    ("op", "attributes", "words"),
    [
        ("GRU", {"clip": 3.0}, "clip=3"),
        ("LSTM", {"clip": 3.0}, "clip=3"),
        ("RNN", {"clip": 3.0}, "clip=3"),
        ("LSTM", {"input_forget": 1}, "input_forget=1"),
        ("GRU", {"activations": ["Sigmoid", "ThresholdedRelu"]}, "thresholdedrelu"),
        ("RNN", {"activations": ["Elu"], "activation_alpha": [2.0]}, "alpha=2"),
        ("LSTM", {"activations": ["Sigmoid", "Tanh", "Relu"]}, "relu"),
        ("RNN", {"activations": ["Sine"]}, "Sine"),
        ("RNN", {"activations": ["Tanh", "Tanh"]}, "1 for each direction"),
        ("RNN", {"direction": "sideways"}, "sideways"),
        ("GRU", {"layout": 2}, "layout"),
        ("RNN", {"mystery": 2}, "mystery"),
    ],
)
def test_what_neither_computes_is_refused_by_name(op, attributes, words):
    arrays = drawn_node(np.random.default_rng(6), op)
    with pytest.raises(CheckpointError, match=words) as caught:
        answers(op, arrays, **attributes)
    assert f"node {op} 'Y'" in str(caught.value)


def test_another_affine_of_an_rnn_is_answered_by_onnx_reference():
    rng = np.random.default_rng(7)
    arrays = drawn_node(rng, "RNN", sizes=(3, 2, 3, 4))
    found = answers(
        "RNN", arrays, activations=["Affine"], activation_alpha=[0.5], activation_beta=[0.25]
    )
    h = arrays["h0"][0]
    for t in range(3):
        total = arrays["X"][t] @ arrays["W"][0].T + h @ arrays["R"][0].T
        h = 0.5 * (total + arrays["B"][0, :4] + arrays["B"][0, 4:]) + 0.25
        assert_close(found[0][t, 0], h, PARITY[h.dtype])


def test_float16_is_answered_by_onnx_reference():
    arrays = drawn_node(np.random.default_rng(8), "GRU", np.float16, (3, 2, 2, 4))
    found = answers("GRU", arrays)
    assert found[0].dtype == np.float16
    other = wanted("GRU", {name: one.astype(np.float64) for name, one in arrays.items()})
    assert abs(found[0] - other[0]).max() < 2e-2


@pytest.mark.parametrize(
    ("name", "shape"),
    [("W", (1, 17, 4)), ("R", (1, 18, 5)), ("B", (1, 35)), ("h0", (1, 2, 6)), ("X", (5, 3, 9))],
)
def test_arrays_that_do_not_fit_are_named(name, shape):
    arrays = drawn_node(np.random.default_rng(9), "GRU")
    arrays[name] = np.zeros(shape, np.float32)
    with pytest.raises(ValueError, match="node GRU 'Y'"):
        answers("GRU", arrays)


@pytest.mark.parametrize("lengths", [[6, 1, 1], [-1, 1, 1], [1, 1]])
def test_lengths_that_do_not_fit_are_refused(lengths):
    arrays = drawn_node(np.random.default_rng(9), "GRU")
    arrays["lengths"] = np.array(lengths, np.int32)
    with pytest.raises(ValueError, match="sequence_lens of node GRU"):
        answers("GRU", arrays)


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4)])
def test_no_steps_and_no_sequences(shape):
    arrays = drawn_node(np.random.default_rng(9), "GRU")
    arrays["X"], arrays["h0"] = np.zeros(shape, np.float32), arrays["h0"][:, : shape[1]]
    Y, last = answers("GRU", arrays)
    assert Y.shape == (shape[0], 1, shape[1], 6)
    np.testing.assert_array_equal(last, arrays["h0"])


@pytest.mark.parametrize("op", DEFAULTS)
def test_onnx_runtime_agrees(op):
    ort = pytest.importorskip("onnxruntime")
    rng = np.random.default_rng(10)
    for direction in ("forward", "reverse", "bidirectional"):
        arrays = drawn_node(rng, op, direction=direction)
        arrays["lengths"] = np.array([5, 0, 2], np.int32)
        node = node_of(op, arrays, direction=direction)
        fixed = {name: arrays[name] for name in ("W", "R", "B")}
        feeds = {name: array for name, array in arrays.items() if name not in fixed}
        model = model_of([node], feeds, node.output, fixed)
        theirs = ort.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        ).run(None, feeds)
        for one, other in zip(Session(model).run(None, feeds), theirs, strict=True):
            assert_close(one, other, PARITY[one.dtype])
