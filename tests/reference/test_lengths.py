"""The gradients of the reference for sequences of several lengths, against central differences."""

import numpy as np
import pytest

from fastrnn import reference
from tests.cases import SMALL_CASES
from tests.compare import assert_close
from tests.reference.test_gradients import central_differences, functions
from tests.tolerances import CENTRAL_DIFFERENCES


def varied(case, arrays):
    """Return the arrays to change, by the names of their gradients."""
    names = ("Wx", "Ws", "bs", "bx") if case.reset_after else ("Wx", "Ws", "bs")
    cells = {"dc_0": arrays.C_0} if case.cell == "lstm" else {}
    weights = {f"d{name}": arrays.parameters[name] for name in names}
    return {"dX": arrays.X, "ds_0": arrays.S_0} | cells | weights


@pytest.mark.parametrize("none_at_all", [False, True], ids=["some", "none"])
@pytest.mark.parametrize("case", SMALL_CASES, ids=str)
def test_layer(case, none_at_all):
    """The sum of ds ⊙ S, with ds everywhere: S holds the last states, so they have all of it."""
    _, forward, _, backward = functions(case)
    arrays = case.make()
    lengths = np.zeros(case.m, int) if none_at_all else arrays.lengths

    def run():
        return forward(arrays.X, arrays.S_0, arrays.parameters, **arrays.options, lengths=lengths)

    got = backward(arrays.ds, run()[-1])
    want = {
        name: central_differences(lambda: np.sum(arrays.ds * run()[0]), array)
        for name, array in varied(case, arrays).items()
    }
    assert_close(got, want, CENTRAL_DIFFERENCES, "gradients")


@pytest.mark.parametrize("case", SMALL_CASES[:4], ids=str)
def test_network_with_loss(case):
    """The loss of what is before the ends."""
    _, forward, _, backward = functions(case)
    arrays = case.make()
    parameters, targets, lengths = arrays.parameters, arrays.targets, arrays.lengths
    lengths[0] = max(lengths[0], 1)
    mask = np.arange(case.T_x) < lengths[:, np.newaxis]

    def run():
        return forward(arrays.X, arrays.S_0, parameters, **arrays.options, lengths=lengths)

    S, y_pred, *_, caches = run()
    output = reference.cross_entropy_backward(y_pred, targets, S, parameters, mask)
    got = backward(output.pop("ds"), caches) | output
    arrays_by_gradient = varied(case, arrays)
    arrays_by_gradient |= {"dWy": parameters["Wy"], "dby": parameters["by"]}
    want = {
        name: central_differences(lambda: reference.cross_entropy(run()[1], targets, mask), array)
        for name, array in arrays_by_gradient.items()
    }
    assert_close(got, want, CENTRAL_DIFFERENCES, "gradients")
