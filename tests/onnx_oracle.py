"""RNN, GRU and LSTM of ONNX in NumPy, as its operators' page has them, and models to try them."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    "Tanh": np.tanh,
    "Sigmoid": sigmoid,
    "Relu": lambda x: np.maximum(x, 0),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Softplus": lambda x: np.log1p(np.exp(x)),
    "HardSigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "Elu": lambda x: np.where(x < 0, np.exp(x) - 1, x),
    "Affine": lambda x: x,
}
DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def step(op, functions, x, h, c, W, R, B, P, after):
    """One step of one direction; returns the state and the cell."""
    n = R.shape[1]
    Wb, Rb = B[: len(W)], B[len(W) :]
    a, b = x @ W.T + Wb, h @ R.T + Rb
    if op == "RNN":
        return functions[0](a + b), c
    if op == "GRU":
        f, g = functions
        z, r = f(a[:, :n] + b[:, :n]), f(a[:, n : 2 * n] + b[:, n : 2 * n])
        if after:
            candidate = g(a[:, 2 * n :] + r * b[:, 2 * n :])
        else:
            candidate = g(a[:, 2 * n :] + (r * h) @ R[2 * n :].T + Rb[2 * n :])
        return (1 - z) * candidate + z * h, c
    f, g, last = functions
    i, o, forget, cell = np.split(a + b, 4, axis=1)
    p_i, p_o, p_f = np.split(P, 3)
    i, forget, cell = f(i + p_i * c), f(forget + p_f * c), g(cell)
    c = forget * c + i * cell
    return f(o + p_o * c) * last(c), c


def recurrence(op, X, W, R, B=None, lengths=None, h0=None, c0=None, P=None, **attributes):
    """Return Y, Y_h, Y_c of a node, with the attributes of ONNX."""
    layout, direction = attributes.get("layout", 0), attributes.get("direction", "forward")
    if layout:
        X = X.swapaxes(0, 1)
        h0, c0 = (None if s is None else s.swapaxes(0, 1) for s in (h0, c0))
    T, m, _ = X.shape
    D, n = len(W), R.shape[2]
    lengths = np.full(m, T) if lengths is None else lengths
    B = np.zeros((D, 2 * W.shape[1])) if B is None else B
    P = np.zeros((D, 3 * n)) if P is None else P
    names = attributes.get("activations") or DEFAULTS[op] * D
    each = len(DEFAULTS[op])
    Y, ends = np.zeros((T, D, m, n)), np.zeros((2, D, m, n))
    for d in range(D):
        functions = [ACTIVATIONS[name] for name in names[d * each : (d + 1) * each]]
        backwards = direction == "reverse" or d == 1
        for j in range(m):
            h = np.zeros((1, n)) if h0 is None else h0[d, j : j + 1]
            c = np.zeros((1, n)) if c0 is None else c0[d, j : j + 1]
            order = range(lengths[j])
            for t in reversed(order) if backwards else order:
                x = X[t, j : j + 1]
                after = attributes.get("linear_before_reset", 0)
                h, c = step(op, functions, x, h, c, W[d], R[d], B[d], P[d], after)
                Y[t, d, j] = h[0]
            if lengths[j]:
                ends[:, d, j] = h[0], c[0]
    if layout:
        return Y.transpose(2, 0, 1, 3), *(end.swapaxes(0, 1) for end in ends)
    return Y, *ends


def model_of(nodes, feeds, outputs, constants=None, opset=17, kinds=None, **options):
    """Return a ModelProto: `feeds` and `constants` are arrays by name, extents are free."""
    from onnx import helper, numpy_helper

    def value(name, array):
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        shape = [f"{name}_{axis}" for axis in range(array.ndim)]
        return helper.make_tensor_value_info(name, kind, shape)

    inputs = [value(name, array) for name, array in feeds.items()]
    weights = [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
    ends = [helper.make_tensor_value_info(name, (kinds or {}).get(name, 1), None)
            for name in outputs]  # fmt: skip
    graph = helper.make_graph(nodes, "g", inputs, ends, weights)
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, **options)


def drawn_node(rng, op, dtype=np.float32, sizes=(5, 3, 4, 6), **attributes):
    """Return the arrays of a node: X, W, R, B, h0 and, of an LSTM, c0."""
    T, m, n_x, n_s = sizes
    D = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = GATES[op] * n_s

    def draw(*shape):
        return (rng.standard_normal(shape) / 2).astype(dtype)

    batch_first = attributes.get("layout", 0)
    state = (m, D, n_s) if batch_first else (D, m, n_s)
    arrays = {
        "X": draw(m, T, n_x) if batch_first else draw(T, m, n_x),
        "W": draw(D, rows, n_x),
        "R": draw(D, rows, n_s),
        "B": draw(D, 2 * rows),
        "h0": draw(*state),
    }
    return {**arrays, "c0": draw(*state)} if op == "LSTM" else arrays
