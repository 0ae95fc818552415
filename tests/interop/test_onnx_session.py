"""A session: its inputs and outputs, the nodes around recurrences, and what is refused."""

import os

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn.interop.onnx import CheckpointError, Session, quick
from fastrnn.interop.onnx.plan import Plan
from tests.compare import assert_same_bits
from tests.onnx_oracle import drawn_node, model_of, recurrence
from tests.threads import Pause, in_threads

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
node = helper.make_node


def streaming_model(rng=None, **options):
    """A GRU between a scaling and a product, with its state in and out."""
    arrays = drawn_node(rng or np.random.default_rng(0), "GRU", sizes=(7, 1, 3, 5))
    constants = {name: arrays[name] for name in ("W", "R", "B")}
    constants |= {"scale": np.float32([[[2, 3, 4]]]), "M": np.ones((5, 2), np.float32)}
    nodes = [
        node("Mul", ["x", "scale"], ["scaled"]),
        node("GRU", ["scaled", "W", "R", "B", "", "h"], ["Y", "h_next"], hidden_size=5),
        node("Squeeze", ["Y", "one"], ["squeezed"]),
        node("MatMul", ["squeezed", "M"], ["y"]),
    ]
    constants["one"] = np.array([1])
    feeds = {"x": arrays["X"], "h": arrays["h0"]}
    return model_of(nodes, feeds, ["y", "h_next"], constants, **options), feeds, arrays


def test_steps_with_their_states_are_the_whole_sequence():
    model, feeds, arrays = streaming_model()
    session = Session(model)
    y, h = session.run(None, feeds)
    scaled = arrays["X"] * np.float32([2, 3, 4])
    Y, last = recurrence("GRU", scaled, *(arrays[name] for name in ("W", "R", "B")), None,
                         arrays["h0"])[:2]  # fmt: skip
    np.testing.assert_allclose(y, Y[:, 0] @ np.ones((5, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(h, last, rtol=1e-4, atol=1e-5)
    state, steps = feeds["h"], []
    for t in range(7):
        one, state = session.run(None, {"x": feeds["x"][t : t + 1], "h": state})
        steps.append(one)
    assert_same_bits(np.concatenate(steps), y)
    assert_same_bits(state, h)


def test_inputs_and_outputs_say_what_they_are():
    model, _, _ = streaming_model(producer_name="somebody")
    session = Session(model)
    x, _ = session.get_inputs()
    assert (x.name, x.shape, x.type) == ("x", ["x_0", "x_1", "x_2"], "tensor(float)")
    assert [each.name for each in session.get_outputs()] == ["y", "h_next"]
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_modelmeta().producer_name == "somebody"


def test_a_path_bytes_and_a_model_are_the_same(tmp_path):
    model, feeds, _ = streaming_model()
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    first = Session(model).run(None, feeds)
    for source in (path, str(path), path.read_bytes()):
        session = Session(source, providers=["CPUExecutionProvider"])
        for one, other in zip(session.run(None, feeds), first, strict=True):
            assert_same_bits(one, other)


def test_outputs_by_name_and_only_what_they_need():
    model, feeds, _ = streaming_model()
    y, h = Session(model).run(None, feeds)
    session = Session(model)
    assert_same_bits(session.run(["h_next"], feeds)[0], h)
    one, other = session.run(["h_next", "y"], feeds)
    assert_same_bits(one, h)
    assert_same_bits(other, y)


def test_nothing_is_shared_with_the_caller():
    nodes = [
        node("Identity", ["x"], ["same"]),
        node("Transpose", ["x"], ["turned"], perm=[1, 0]),
        node("Squeeze", ["c", "zero"], ["constant"]),
        node("Relu", ["x"], ["fresh"]),
        node("Transpose", ["fresh"], ["of_fresh"], perm=[1, 0]),
    ]
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    constants = {"c": np.ones((1, 3), np.float32), "zero": np.array([0])}
    outputs = ["same", "turned", "constant", "fresh", "of_fresh"]
    session = Session(model_of(nodes, {"x": x}, outputs, constants))
    before = session.run(None, {"x": x})
    found = session.run(None, {"x": x})
    for i, one in enumerate(found):
        one[...] = -1
        assert (x >= 0).all()
        assert all((other >= 0).all() for other in found[i + 1 :])
    for one, other in zip(session.run(None, {"x": x}), before, strict=True):
        assert_same_bits(one, other)


def test_initializers_that_are_inputs_can_be_replaced():
    nodes = [node("Mul", ["x", "factor"], ["y"])]
    x, factor = np.ones((2, 2), np.float32), np.full((1, 1), 3, np.float32)
    model = model_of(nodes, {"x": x, "factor": factor}, ["y"], {"factor": factor})
    session = Session(model)
    assert [each.name for each in session.get_inputs()] == ["x"]
    assert [each.name for each in session.get_overridable_initializers()] == ["factor"]
    assert session.run(None, {"x": x})[0][0, 0] == 3
    assert session.run(None, {"x": x, "factor": 2 * factor})[0][0, 0] == 6
    assert session.run(None, {"x": x})[0][0, 0] == 3
    model.ir_version = 3
    old = Session(model)
    assert old.get_overridable_initializers() == []
    with pytest.raises(ValueError, match="'factor'"):
        old.run(None, {"x": x, "factor": factor})


def test_replaced_weights_count():
    arrays = drawn_node(np.random.default_rng(2), "GRU")
    one = node("GRU", ["X", "W", "R"], ["Y"], hidden_size=6)
    feeds = {name: arrays[name] for name in ("X", "W", "R")}
    session = Session(model_of([one], feeds, ["Y"], {name: arrays[name] for name in "WR"}))
    first = session.run(None, {"X": arrays["X"]})[0]
    found = session.run(None, {"X": arrays["X"], "R": -arrays["R"]})[0]
    wanted = recurrence("GRU", arrays["X"], arrays["W"], -arrays["R"])[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert_same_bits(session.run(None, {"X": arrays["X"]})[0], first)


@pytest.mark.parametrize(
    ("feeds", "error", "words"),
    [
        ({"x": np.zeros((1, 1, 3), np.float32)}, ValueError, "lacks 'h'"),
        ({"z": np.zeros(1)}, ValueError, "'z'; the graph has 'x', 'h'"),
        ({"x": np.zeros((1, 1, 3))}, TypeError, r"'x' in input_feed is float64.*float32"),
        ({"x": np.zeros((1, 3), np.float32)}, ValueError, r"shape \(1, 3\); it should be \(x_0"),
        ({"x": np.zeros((1, 1, 4), np.float32)}, ValueError, "node Mul 'scaled'"),
        ({"h": np.zeros((1, 2, 5), np.float32)}, ValueError, "initial state of node GRU"),
        ({"x": "text"}, TypeError, "'x' in input_feed"),
        ({"x": None}, TypeError, "'x' in input_feed"),
    ],
)
def test_feeds_that_do_not_fit(feeds, error, words):
    model, good, _ = streaming_model()
    session = Session(model)
    given = feeds if list(feeds) == ["x"] and "lacks" in words else {**good, **feeds}
    with pytest.raises(error, match=words):
        session.run(None, given)
    session.run(None, good)


def test_other_arguments_that_do_not_fit():
    model, feeds, _ = streaming_model()
    session = Session(model)
    with pytest.raises(ValueError, match=r"output_names has 'Y_h'; the graph has 'y', 'h_next'"):
        session.run(["Y_h"], feeds)
    with pytest.raises(ValueError, match="providers"):
        Session(model, providers=["CUDAExecutionProvider"])
    with pytest.raises(TypeError, match="sess_options"):
        Session(model, object())
    with pytest.raises(TypeError, match="run_options"):
        session.run(None, feeds, object())


def test_lists_other_byte_orders_and_strides_are_read():
    model, feeds, _ = streaming_model()
    session = Session(model)
    y = session.run(None, feeds)[0]
    for x in (feeds["x"].tolist(), feeds["x"].astype(">f4"), np.asfortranarray(feeds["x"])):
        assert_same_bits(session.run(None, {**feeds, "x": x})[0], y)


def test_threads_get_the_answers_of_calls_in_turn():
    model, feeds, _ = streaming_model()
    session = Session(model)

    def work(k):
        return [session.run(None, {**feeds, "h": feeds["h"] * k})[0] for _ in range(30)]

    wanted = [work(k)[0] for k in range(8)]
    for k, found in enumerate(in_threads(8, work)):
        assert_same_bits(found, [wanted[k]] * 30)


def test_a_run_waits_for_no_other_run(monkeypatch):
    model, feeds, _ = streaming_model()
    session, pause = Session(model), Pause()
    wanted = session.run(None, feeds)
    plain, here = Plan.run, []

    def run(self, inputs):
        here.append(self)
        if len(here) == 1:
            pause()
        return plain(self, inputs)

    monkeypatch.setattr(Plan, "run", run)
    found = pause.during(
        lambda: session.run(None, feeds),
        lambda: [session.run(names, feeds) for names in (None, ["y"], None)],
    )
    assert_same_bits(found, (wanted, [wanted, wanted[:1], wanted]))
    assert here[0] not in here[1:]  # whose memory it has


def test_recurrences_inside_other_nodes_are_computed_here_too():
    """The branches of If see no attribute of their GRU in ``onnx.reference``."""
    arrays = drawn_node(np.random.default_rng(1), "GRU")
    weights = {name: arrays[name] for name in ("W", "R", "B")}

    def branch(**attributes):
        inner = node("GRU", ["X", "W", "R", "B"], ["Y"], hidden_size=6, **attributes)
        out = helper.make_tensor_value_info("Y", 1, None)
        return helper.make_graph([inner], "branch", [], [out])

    choose = node("If", ["which"], ["y"], then_branch=branch(activations=["Sigmoid", "Relu"]),
                  else_branch=branch())  # fmt: skip
    feeds = {"X": arrays["X"], "which": np.array(True)}
    session = Session(model_of([choose], feeds, ["y"], weights))
    y = session.run(None, feeds)[0]
    names = {"activations": ["Sigmoid", "Relu"]}
    X, W, R, B = (arrays[name] for name in "XWRB")
    np.testing.assert_allclose(y, recurrence("GRU", X, W, R, B, **names)[0], rtol=1e-4, atol=1e-5)
    other = session.run(None, {**feeds, "which": np.array(False)})[0]
    np.testing.assert_allclose(other, recurrence("GRU", X, W, R, B)[0], rtol=1e-4, atol=1e-5)


def test_functions_of_a_model_are_put_in():
    inner = node("Add", ["a", "a"], ["b"])
    imports = [helper.make_opsetid("", 17)]
    double = helper.make_function("mine", "Double", ["a"], ["b"], [inner], imports)
    model, feeds, _ = streaming_model()
    once = Session(model).run(None, feeds)[0]
    model.functions.append(double)
    model.opset_import.append(helper.make_opsetid("mine", 1))
    model.graph.node.append(node("Double", ["y"], ["twice"], domain="mine"))
    model.graph.output.append(helper.make_tensor_value_info("twice", 1, None))
    assert_same_bits(Session(model).run(["twice"], feeds)[0], once + once)


QUICK = [
    ("Add", [(2, 3), (3,)], {}, {}),
    ("Sub", [(2, 3), (2, 1)], {}, {}),
    ("Mul", [(2, 3), (1, 3)], {}, {}),
    ("Div", [(2, 3), (2, 3)], {}, {}),
    ("Tanh", [(4, 7)], {}, {}),
    ("Neg", [(4,)], {}, {}),
    ("Relu", [(4, 3)], {}, {}),
    ("Transpose", [(2, 3, 4)], {"perm": [2, 0, 1]}, {}),
    ("Transpose", [(2, 3)], {}, {}),
    ("Squeeze", [(1, 3, 1)], {}, {1: [0]}),
    ("Squeeze", [(1, 3, 1)], {}, {1: [-1, 0]}),
    ("Unsqueeze", [(2, 3)], {}, {1: [1]}),
    ("Unsqueeze", [(2, 3)], {}, {1: [-1, 0]}),
    ("Reshape", [(2, 6)], {}, {1: [3, -1]}),
    ("Concat", [(2, 3), (2, 1)], {"axis": -1}, {}),
    ("Gather", [(4, 3)], {"axis": 1}, {1: -1}),
    ("Slice", [(5, 6)], {}, {1: [4, 1], 2: [-9, 5], 3: [0, 1], 4: [-2, 2]}),
    ("Slice", [(5, 6)], {}, {1: [1], 2: [2**62]}),
    ("MatMul", [(3, 9), (9, 4)], {}, {}),
    ("MatMul", [(2, 1, 9), (9, 4)], {}, {}),
    ("Gemm", [(1, 9), (4, 9), (4,)], {"transB": 1}, {}),
    ("Gemm", [(5, 9), (9, 4)], {}, {}),
    ("Conv", [(1, 9, 1)], {}, {1: (4, 9, 1), 2: (4,)}),
    ("Conv", [(1, 9, 6)], {"kernel_shape": [1]}, {1: (4, 9, 1)}),
    ("Conv", [(3, 9, 6)], {}, {1: (4, 9, 1), 2: (4,)}),
    ("ReduceSum", [(2, 3, 4)], {"keepdims": 0}, {1: [-1]}),
    ("ReduceSum", [(2, 3, 4)], {}, {1: [0, 2]}),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("op", "shapes", "attributes", "rest"), QUICK)
def test_quick_nodes_have_the_bits_of_onnx_reference(op, shapes, attributes, rest, dtype):
    from onnx.reference import ReferenceEvaluator

    rng = np.random.default_rng(11)
    feeds = {f"x{i}": rng.standard_normal(s).astype(dtype) for i, s in enumerate(shapes)}
    constants = {
        f"c{place}": rng.standard_normal(value).astype(dtype)
        if isinstance(value, tuple)
        else np.array(value)
        for place, value in rest.items()
    }
    one = node(op, [*feeds, *constants], ["y"], **attributes)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    model = model_of([one], feeds, ["y"], constants, kinds={"y": kind})
    found = []
    kept, seen = quick.quick, []
    from fastrnn.interop.onnx import plan

    def spy(*arguments):
        seen.append(kept(*arguments))
        return seen[-1]

    plan.quick = spy
    try:
        found = Session(model).run(None, feeds)[0]
    finally:
        plan.quick = kept
    assert seen[0] is not None, "there is no quick function for this node"
    wanted = ReferenceEvaluator(model).run(None, feeds)[0]
    assert found.flags.writeable
    assert_same_bits(found, wanted)


def test_every_quick_function_is_tested():
    names = {op for op, *_ in QUICK} | {"Sqrt"}
    assert set(quick._RULES) == names


def test_square_roots_have_the_bits_of_onnx_reference():
    from onnx.reference import ReferenceEvaluator

    x = np.float32([[1, 2, 3], [0, -1, np.inf]])
    model = model_of([node("Sqrt", ["x"], ["y"])], {"x": x}, ["y"])
    found = Session(model).run(None, {"x": x})[0]
    with np.errstate(all="ignore"):
        assert_same_bits(found, ReferenceEvaluator(model).run(None, {"x": x})[0])


def test_whatever_numpy_is_told_of_errors():
    x = np.float32([[0, 1]])
    session = Session(model_of([node("Div", ["x", "x"], ["y"])], {"x": x}, ["y"]))
    with np.errstate(all="raise"):
        assert np.isnan(session.run(None, {"x": x})[0][0, 0])


# Files that say too much --------------------------------------------------------------------


def external(tmp_path, location, offset=0, length=24, data=b"\0" * 24):
    """A model whose factor lies in another file."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(data)
    (tmp_path / "outside.bin").write_bytes(data)
    x = np.ones((2, 3), np.float32)
    model = model_of([node("Add", ["x", "w"], ["y"])], {"x": x}, ["y"], {"w": x})
    (tensor,) = model.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path, x


def test_external_data_of_the_folder_are_read(tmp_path):
    data = b"\0" * 8 + np.arange(6, dtype=np.float32).tobytes()
    path, x = external(tmp_path, "weights.bin", 8, 24, data)
    y = Session(path).run(None, {"x": x})[0]
    np.testing.assert_array_equal(y, x + np.arange(6).reshape(2, 3))
    with pytest.raises(CheckpointError, match="without a folder"):
        Session(path.read_bytes())


@pytest.mark.parametrize(
    ("location", "offset", "length"),
    [
        ("../outside.bin", 0, 24),
        ("sub/../../outside.bin", 0, 24),
        ("..\\outside.bin", 0, 24),
        ("/etc/passwd", 0, 24),
        ("link.bin", 0, 24),
        ("missing.bin", 0, 24),
        ("", 0, 24),
        (".", 0, 24),
        ("weights.bin", 8, 24),
        ("weights.bin", -8, 24),
        ("weights.bin", 0, 8),
        ("weights.bin", 0, 1 << 50),
        ("weights.bin", "x", 24),
        ("a\0b", 0, 24),
    ],
)
def test_external_data_that_lie_elsewhere_are_refused(tmp_path, location, offset, length):
    path, _ = external(tmp_path, location, offset, length)
    if location == "link.bin":
        os.symlink(tmp_path / "outside.bin", path.parent / "link.bin")
    with pytest.raises(CheckpointError):
        Session(path)


@pytest.mark.parametrize(
    "nodes",
    [
        [node("ConstantOfShape", ["n"], ["y"])],
        [node("ConstantOfShape", ["n"], ["z"]), node("Add", ["z", "x"], ["y"])],
        [node("Expand", ["x", "n"], ["y"])],
        [node("Tile", ["x", "n"], ["y"])],
    ],
)
def test_sizes_that_a_file_declares_are_looked_at(nodes):
    n = np.array([1 << 20, 1 << 20])
    x = np.ones((1, 1), np.float32)
    with pytest.raises(ValueError, match=r"numbers in this run"):
        Session(model_of(nodes, {"x": x}, ["y"], {"n": n})).run(None, {"x": x})


def test_tensors_with_fewer_data_than_they_declare():
    x = np.ones((1, 1), np.float32)
    model = model_of([node("Add", ["x", "w"], ["y"])], {"x": x}, ["y"], {"w": x})
    model.graph.initializer[0].dims[:] = [1 << 40, 1 << 40]
    with pytest.raises(CheckpointError, match="'w'"):
        Session(model)


def bad_graphs():
    x = np.ones((2, 2), np.float32)
    add = node("Add", ["x", "x"], ["y"])
    yield "circle", model_of([node("Add", ["x", "b"], ["a"]), node("Add", ["a", "x"], ["b"]),
                              node("Add", ["b", "x"], ["y"])], {"x": x}, ["y"])  # fmt: skip
    yield "no node makes", model_of([node("Add", ["x", "w"], ["y"])], {"x": x}, ["y"])
    yield "there already", model_of([add, add], {"x": x}, ["y"])
    yield "output 'z'", model_of([add], {"x": x}, ["z"])
    yield "Mystery", model_of([node("Mystery", ["x"], ["y"])], {"x": x}, ["y"])
    yield "theirs", model_of([node("Mystery", ["x"], ["y"], domain="theirs")], {"x": x}, ["y"])
    model = model_of([add], {"x": x}, ["y"])
    del model.opset_import[:]
    yield "opset", model
    yield "no graph", onnx.ModelProto()


@pytest.mark.parametrize(("words", "model"), [*bad_graphs()])
def test_graphs_that_cannot_be_run_are_refused(words, model):
    with pytest.raises(CheckpointError, match=words):
        Session(model)


def test_functions_that_multiply_are_refused():
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    model, _, _ = streaming_model()
    model.opset_import.append(helper.make_opsetid("mine", 1))
    for level in range(40):
        inner = f"F{level + 1}" if level < 39 else "Neg"
        domain = "mine" if inner.startswith("F") else ""
        nodes = [node(inner, ["a"], ["b"], domain=domain), node(inner, ["b"], ["c"], domain=domain)]
        model.functions.append(
            helper.make_function("mine", f"F{level}", ["a"], ["c"], nodes, imports)
        )
    model.graph.node.append(node("F0", ["y"], ["z"], domain="mine"))
    with pytest.raises(CheckpointError, match="nodes of its graph"):
        Session(model)
    model.functions[39].node[0].op_type, model.functions[39].node[0].domain = "F0", "mine"
    with pytest.raises(CheckpointError, match="calls itself"):
        Session(model)


def test_nodes_in_another_order_are_put_in_order():
    model, feeds, _ = streaming_model()
    wanted = Session(model).run(None, feeds)
    nodes = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    for one, other in zip(Session(model).run(None, feeds), wanted, strict=True):
        assert_same_bits(one, other)


_CONTENT = streaming_model()[0].SerializeToString()


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_damaged_files_are_refused_or_run(data):
    """Whatever becomes of the bytes: one kind of error, or answers."""
    content = bytearray(_CONTENT)
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    for _ in range(data.draw(st.integers(0, 3))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    _, feeds, _ = streaming_model()
    try:
        session = Session(bytes(content))
        session.run(None, feeds)
    except (ValueError, TypeError):  # of the file, or of the feeds for what it says now
        pass
