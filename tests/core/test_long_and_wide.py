"""Gradients where the core goes another way: long sequences by segments, wide rows by copies."""

import numpy as np
import pytest

import fastrnn
from fastrnn import reference
from tests.cases import FORMS
from tests.compare import assert_close, assert_same_bits
from tests.core.calls import cell_case
from tests.tolerances import PARITY


def gradients(module, case, a):
    """Return the gradients of a case's arrays."""
    forward = getattr(module, f"{case.cell}_forward")
    backward = getattr(module, f"{case.cell}_backward")
    return backward(a.ds, forward(a.X, a.S_0, a.parameters, **a.options)[-1])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("form", "sizes"),
    # half a mebibyte of gradients at the pre-activations is a segment; 1024 bytes, a wide row
    [(form, (2, 7, 129, 1200)) for form in FORMS]
    + [(("rnn", False), (n_x, 129, 3, 5)) for n_x in (128, 512, 1024)]
    + [(("gru", True), (0, 70, 3, 5))],
    ids=str,
)
def test_gradients_are_those_of_the_reference(form, sizes, dtype):
    case = cell_case(form, *sizes, dtype)
    a = case.make()
    a.parameters["Ws"] *= 0.5
    before = fastrnn.get_num_threads()
    results = []
    try:
        for threads in (1, 3):
            fastrnn.set_num_threads(threads)
            results.append(gradients(fastrnn, case, a))
    finally:
        fastrnn.set_num_threads(before)
    assert_same_bits(results[1], results[0], "three threads")
    want = gradients(reference, case, a)
    for name, gradient in want.items():
        assert np.isfinite(results[0][name]).all()
        assert_close(results[0][name], gradient, PARITY, name)
