"""The gradients of the reference against central differences, number by number."""

import numpy as np
import pytest

from fastrnn import reference
from tests.cases import SMALL_CASES
from tests.compare import assert_close
from tests.tolerances import CENTRAL_DIFFERENCES

STEP = 2.0**-9


def central_differences(loss, array):
    """Return the gradient of ``loss()`` with respect to an array that it reads.

    Two central differences, of one and of two steps, are combined so that the error falls with
    the fourth power of the step.
    """
    gradient = np.empty_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        values = []
        for steps in (2, 1, -1, -2):
            array[place] = kept + steps * STEP
            values.append(loss())
        array[place] = kept
        gradient[place] = (8 * (values[1] - values[2]) - (values[0] - values[3])) / (12 * STEP)
    return gradient


def functions(case):
    """Return cell forward, layer forward, cell backward and layer backward of the case's cell."""
    return tuple(
        getattr(reference, case.cell + name)
        for name in ("_cell_forward", "_forward", "_cell_backward", "_backward")
    )


def of_sequence(case, arrays):
    """Return what a sequence starts from, by the names of its gradients."""
    varied = {"dX": arrays.X, "ds_0": arrays.S_0}
    return varied | {"dc_0": arrays.C_0} if case.cell == "lstm" else varied


def of_parameters(case, parameters):
    """Return the recurrent parameters by the names of their gradients."""
    names = ("Wx", "Ws", "bs", "bx") if case.reset_after else ("Wx", "Ws", "bs")
    return {f"d{name}": parameters[name] for name in names}


@pytest.mark.parametrize("case", SMALL_CASES, ids=str)
def test_cell(case):
    cell_forward, _, cell_backward, _ = functions(case)
    arrays = case.make()
    Xt, St_prev, parameters = arrays.X[:, :, 0].copy(), arrays.S_0, arrays.parameters
    weights = arrays.ds[:, :, 0]

    def forward():
        return cell_forward(Xt, St_prev, parameters_dict=parameters, **arrays.cell_options)

    def loss():
        St_next, *rest = forward()
        total = np.sum(weights * St_next)
        return total + np.sum(arrays.dc * rest[0]) if case.cell == "lstm" else total

    got = cell_backward(weights, cache=forward()[-1], **arrays.cell_gradients)
    varied = {"dXt": Xt, "ds_prev": St_prev}
    if case.cell == "lstm":
        varied["dc_prev"] = arrays.C_0
    varied |= of_parameters(case, parameters)
    want = {name: central_differences(loss, array) for name, array in varied.items()}
    assert_close(got, want, CENTRAL_DIFFERENCES, "gradients")


@pytest.mark.parametrize("case", SMALL_CASES, ids=str)
def test_layer(case):
    _, forward, _, backward = functions(case)
    arrays = case.make()
    parameters = arrays.parameters

    def loss():
        return np.sum(arrays.ds * forward(arrays.X, arrays.S_0, parameters, **arrays.options)[0])

    *_, caches = forward(arrays.X, arrays.S_0, parameters, **arrays.options)
    got = backward(arrays.ds, caches)
    varied = of_sequence(case, arrays) | of_parameters(case, parameters)
    want = {name: central_differences(loss, array) for name, array in varied.items()}
    assert_close(got, want, CENTRAL_DIFFERENCES, "gradients")


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
@pytest.mark.parametrize("case", SMALL_CASES, ids=str)
def test_network_with_loss(case, masked):
    """The loss's gradients with respect to everything, through output layer and all steps."""
    _, forward, _, backward = functions(case)
    arrays = case.make()
    parameters, targets = arrays.parameters, arrays.targets
    mask = arrays.mask if masked else None

    def loss():
        y_pred = forward(arrays.X, arrays.S_0, parameters, **arrays.options)[1]
        return reference.cross_entropy(y_pred, targets, mask)

    S, y_pred, *_, caches = forward(arrays.X, arrays.S_0, parameters, **arrays.options)
    output = reference.cross_entropy_backward(y_pred, targets, S, parameters, mask)
    got = backward(output.pop("ds"), caches) | output
    varied = of_sequence(case, arrays) | of_parameters(case, parameters)
    varied |= {f"d{name}": parameters[name] for name in ("Wy", "by")}
    want = {name: central_differences(loss, array) for name, array in varied.items()}
    assert_close(got, want, CENTRAL_DIFFERENCES, "gradients")


@pytest.mark.parametrize("case", SMALL_CASES[:3], ids=str)
def test_gradient_of_the_loss_with_respect_to_the_states(case):
    arrays = case.make()
    S, parameters = arrays.ds.copy(), arrays.parameters
    n_s = S.shape[0]

    def predict():
        logits = parameters["Wy"] @ S.reshape(n_s, -1) + parameters["by"]
        return reference.softmax(logits).reshape(-1, *S.shape[1:])

    def loss():
        return reference.cross_entropy(predict(), arrays.targets, arrays.mask)

    got = reference.cross_entropy_backward(predict(), arrays.targets, S, parameters, arrays.mask)
    want = {
        "ds": central_differences(loss, S),
        "dWy": central_differences(loss, parameters["Wy"]),
        "dby": central_differences(loss, parameters["by"]),
    }
    assert_close(got, want, CENTRAL_DIFFERENCES, "gradients")
