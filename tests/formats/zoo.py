"""Models of every layer that Keras has too, made alike by fastrnn and by Keras."""

import numpy as np

_rng = np.random.default_rng(0)


def _numbers(*shape):
    return _rng.normal(size=shape).astype(np.float32)


def _rows(L, S, Inp):
    """Return models of layers that follow one another, and inputs for them."""
    x, time = _numbers(3, 7, 3), (None, 3)
    yield "dense", S([Inp((5,)), L.Dense(4, "tanh"), L.Dropout(0.2), L.Dense(2)]), _numbers(3, 5)
    gru = [L.GRU(5, reset_after=False, return_sequences=True), L.GRU(4, reset_after=True)]
    yield "gru", S([Inp((7, 3)), *gru, L.Dense(2, "softmax")]), x
    lstm = [
        L.LSTM(5, use_bias=False, return_sequences=True, go_backwards=True),
        L.LSTM(4, activation="relu", recurrent_activation="tanh", dropout=0.1),
    ]
    yield "lstm", S([Inp(time), *lstm]), x
    plain = [L.SimpleRNN(5, return_sequences=True), L.TimeDistributed(L.Dense(3, "relu"))]
    yield "simple", S([Inp(time), *plain, L.Activation("gelu")]), x
    for mode in ("concat", "sum", "ave", "mul"):
        both = L.Bidirectional(L.GRU(5, return_sequences=True, reset_after=True), merge_mode=mode)
        yield f"both {mode}", S([Inp(time), both, L.Bidirectional(L.LSTM(4))]), x
    back = L.LSTM(3, go_backwards=True, activation="relu")
    yield "two", S([Inp(time), L.Bidirectional(L.LSTM(5), backward_layer=back)]), x
    tokens = _rng.integers(0, 11, (3, 7))
    words = [L.Embedding(11, 4, mask_zero=True), L.Bidirectional(L.LSTM(4, return_sequences=True))]
    yield "words", S([Inp((None,), dtype="int32"), *words, L.GRU(3, reset_after=True)]), tokens
    masked = [L.Masking(0.0), L.LSTM(4, return_sequences=True), L.TimeDistributed(L.Dense(2))]
    gaps = x * (_rng.random((3, 7, 1)) > 0.3)
    yield "masked", S([Inp((7, 3)), *masked, L.SimpleRNN(2)]), gaps.astype(np.float32)
    windows = [
        L.Conv1D(8, 3, padding="causal", activation="relu"),
        L.MaxPooling1D(2),
        L.BatchNormalization(),
        L.Conv1D(4, 3, dilation_rate=2),
        L.AveragePooling1D(2, strides=1),
        L.LayerNormalization(),
        L.SpatialDropout1D(0.2),
        L.GaussianNoise(0.1),
        L.GlobalAveragePooling1D(),
    ]
    yield "windows", S([Inp((16, 3)), *windows]), _numbers(3, 16, 3)
    more = [
        L.SeparableConv1D(6, 3, depth_multiplier=2, activation="relu"),
        L.ZeroPadding1D((2, 1)),
        L.DepthwiseConv1D(2, strides=2),
        L.GroupNormalization(3),
        L.UpSampling1D(2),
        L.Cropping1D((1, 2)),
        L.GaussianDropout(0.2),
        L.Conv1DTranspose(4, 3, 2, "same"),
        L.RMSNormalization(),
        L.AlphaDropout(0.2),
        L.Rescaling(0.5, [0.0, 1.0, 2.0, 3.0]),
        L.UnitNormalization(),
        L.Flatten(),
    ]
    yield "more windows", S([Inp((16, 3)), *more]), _numbers(3, 16, 3)
    shapes = [L.Reshape((4, 3)), L.Permute((2, 1)), L.LeakyReLU(0.1), L.ELU(0.5), L.Flatten()]
    shapes += [L.Dense(3), L.RepeatVector(4), L.LSTM(3, return_sequences=True)]
    shapes += [L.GlobalMaxPooling1D(), L.ReLU(max_value=0.5), L.PReLU(), L.Softmax()]
    yield "shapes", S([Inp((12,)), *shapes]), _numbers(3, 12)
    frozen = [L.LSTM(4, return_sequences=True, trainable=False), L.BatchNormalization(), L.GRU(3)]
    yield "frozen", S([Inp((7, 3)), *frozen]), x
    yield (
        "steps",
        S([Inp((5, 7, 3)), L.TimeDistributed(L.LSTM(4)), L.LSTM(2)]),
        _numbers(3, 5, 7, 3),
    )


def _graphs(L, M, S, Inp):
    """Return models with branches, states, and models in them."""
    x = _numbers(3, 6, 3)
    a, b, dense = Inp((6, 3)), Inp((6, 3)), L.Dense(4)
    one, other = dense(a), dense(b)
    total = L.Add()([one, other])
    joined = L.Concatenate()([L.Multiply()([one, total]), other])
    ends = [L.GRU(4, reset_after=True)(joined), L.Dense(1)(L.LSTM(3)(total))]
    yield "branches", M([a, b], ends), [x, x[::-1]]
    a, b = Inp((6, 3)), Inp((6, 3))
    _, state, cell = L.LSTM(4, return_state=True)(a)
    decoded = L.LSTM(4, return_sequences=True)(b, initial_state=[state, cell])
    yield "states", M([a, b], L.Dense(2)(decoded)), [x, x[::-1]]
    layers = [L.Dense(4, "relu"), L.BatchNormalization(), L.LSTM(3, return_sequences=True)]
    inner, a, b = S([Inp((6, 3)), *layers]), Inp((6, 3)), Inp((6, 3))
    twice = L.Average()([inner(a), inner(b)])
    yield "twice", M([a, b], L.GlobalAveragePooling1D()(twice)), [x, x[::-1]]
    i = Inp((6, 3))
    encoder = M(i, L.GRU(4, reset_after=True)(L.Dense(3)(i)))
    yield "inner", S([Inp((6, 3)), encoder, L.Dense(2)]), x
    i, a = Inp((6, 3)), Inp((6, 3))
    encoder = M(i, L.GRU(4, reset_after=True)(L.Dense(3)(i)))
    yield "deeper", M(a, L.Dense(2)(encoder(L.Dense(3)(a)))), x
    a = Inp((6, 3))
    both = L.Bidirectional(L.GRU(4, reset_after=True), merge_mode=None)(a)
    yield "unmerged", M(a, L.Subtract()(list(both))), x
    a = Inp((6, 3))
    found = L.Bidirectional(L.LSTM(4, return_sequences=True, return_state=True))(a)
    yield "both states", M(a, [L.Dot((2, 2))([found[0], found[0]]), found[1], found[4]]), x
    step = S([Inp((4, 3)), L.Dense(3), L.GRU(3, reset_after=True)])
    yield "in steps", S([Inp((5, 4, 3)), L.TimeDistributed(step), L.LSTM(2)]), _numbers(3, 5, 4, 3)


def zoo(layers, models, Input):
    """Return by name all models, with random weights, and their inputs."""
    global _rng
    _rng = np.random.default_rng(0)
    found = {}
    for name, model, x in [
        *_rows(layers, models.Sequential, Input),
        *_graphs(layers, models.Model, models.Sequential, Input),
    ]:
        rng = np.random.default_rng(len(name))
        weights = [rng.normal(size=w.shape) * 0.4 for w in model.get_weights()]
        # A moving variance is positive.
        kinds = [getattr(w, "path", w.name) for w in model.weights]
        weights = [
            abs(w) if "variance" in kind else w for w, kind in zip(weights, kinds, strict=True)
        ]
        model.set_weights(weights)
        found[name] = model, x
    return found


def listed(answers):
    """Return the answers of a model as a list."""
    return list(answers) if isinstance(answers, (list, tuple)) else [answers]
