"""ONNX Runtime: inference with its GRU and LSTM operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from fastrnn.arguments import LSTM
from fastrnn.benchmark.cases import Array, Problem, time_major
from fastrnn.benchmark.peers.base import Competitor, Peer, features_first


def _gates_zrn(weights: Array) -> Array:
    """Reorder gate rows from r, z, n to ONNX's z, r, h."""
    r, z, n = np.split(weights, 3)
    return np.concatenate([z, r, n])


def _gates_iofc(weights: Array) -> Array:
    """Reorder gate rows from i, f, g, o to ONNX's i, o, f, c."""
    i, f, g, o = np.split(weights, 4)
    return np.concatenate([i, o, f, g])


def _model(problem: Problem) -> Any:
    """Return a serialized model of one GRU or LSTM operator with the problem's weights.

    Inputs x (T_x, m, n_x), h_0 and, of an LSTM, c_0 (1, m, n_s); output states (T_x, 1, m, n_s).
    """
    w = problem.parameters
    lstm = problem.cell is LSTM
    reordered = _gates_iofc if lstm else _gates_zrn
    biases = (np.zeros_like(w["bs"]) if lstm else w["bx"], w["bs"])
    constants = {
        "w": reordered(w["Wx"])[None],
        "r": reordered(w["Ws"])[None],
        "b": np.concatenate([reordered(bias) for bias in biases])[None, :, 0],
    }
    kind = helper.np_dtype_to_tensor_dtype(problem.dtype)
    sizes = problem.sizes
    start = ["h_0", "c_0"] if lstm else ["h_0"]
    graph = helper.make_graph(
        [
            helper.make_node(
                "LSTM" if lstm else "GRU",
                ["x", "w", "r", "b", "", *start],
                ["states"],
                hidden_size=sizes.n_s,
                **({} if lstm else {"linear_before_reset": 1}),
            )
        ],
        "recurrent",
        [
            helper.make_tensor_value_info("x", kind, [sizes.T_x, sizes.m, sizes.n_x]),
            *(helper.make_tensor_value_info(n, kind, [1, sizes.m, sizes.n_s]) for n in start),
        ],
        [helper.make_tensor_value_info("states", kind, [sizes.T_x, 1, sizes.m, sizes.n_s])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    # Every runtime reads these old versions of the operators and of the file format.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _model_with_output(problem: Problem) -> Any:
    """Return :func:`_model` followed by a linear output: y (T_x, m, n_y), and the last state."""
    model = onnx.load_model_from_string(_model(problem))
    graph, sizes = model.graph, problem.sizes
    kind = helper.np_dtype_to_tensor_dtype(problem.dtype)
    graph.node[0].output.append("h")
    graph.node.extend(
        [
            helper.make_node("Squeeze", ["states", "axis"], ["rows"]),
            helper.make_node("MatMul", ["rows", "wy"], ["product"]),
            helper.make_node("Add", ["product", "by"], ["y"]),
        ]
    )
    constants = {
        "axis": np.array([1], np.int64),
        "wy": np.ascontiguousarray(problem.parameters["Wy"].T),
        "by": problem.parameters["by"][:, 0],
    }
    graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in constants.items())
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("y", kind, [sizes.T_x, sizes.m, sizes.n_y]),
            helper.make_tensor_value_info("h", kind, [1, sizes.m, sizes.n_s]),
        ]
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


class OnnxRuntime(Peer):
    """ONNX Runtime on the CPU. Its recurrent operators know float32 only."""

    name = f"ONNX Runtime {onnxruntime.__version__}"
    unlimited = "ONNX Runtime, which has no setting for it"

    def __init__(self, threads: int) -> None:
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1

    def sequence(self, problem: Problem) -> Competitor | None:
        """See :meth:`Peer.sequence`."""
        if helper.np_dtype_to_tensor_dtype(problem.dtype) != TensorProto.FLOAT:
            return None
        session = onnxruntime.InferenceSession(
            _model(problem), self.options, providers=["CPUExecutionProvider"]
        )
        start = {"h_0": problem.S_0} | ({"c_0": problem.C_0} if problem.cell is LSTM else {})
        initial = {name: np.ascontiguousarray(array.T)[None] for name, array in start.items()}
        feed = {"x": time_major(problem.X), **initial}
        return Competitor(
            lambda: session.run(None, feed)[0],
            lambda states: {"S": features_first(states[:, 0])},
        )

    def gru_step(self, problem: Problem) -> Competitor | None:
        """See :meth:`Peer.gru_step`."""
        sequence = self.sequence(problem)
        if sequence is None:
            return None
        return Competitor(sequence.call, lambda states: {"S": states[0, 0].T})

    def gru_stream(self, problem: Problem) -> Competitor | None:
        """See :meth:`Peer.gru_stream`."""
        if helper.np_dtype_to_tensor_dtype(problem.dtype) != TensorProto.FLOAT:
            return None
        session = onnxruntime.InferenceSession(
            _model_with_output(problem), self.options, providers=["CPUExecutionProvider"]
        )
        feed = {"x": time_major(problem.X), "h_0": np.zeros_like(problem.S_0.T)[None]}

        def call() -> Any:
            y, feed["h_0"] = session.run(None, feed)
            return y

        return Competitor(call, lambda y: {"y": features_first(y)})


def create(threads: int) -> Peer:
    """Set the number of threads of new sessions."""
    return OnnxRuntime(threads)
