"""Reading arguments: what passes untouched, the type of results, which array is called wrong."""

import copy
import pickle

import numpy as np
import pytest

from fastrnn.arguments import (
    CELLS,
    GRU,
    pick_parameters,
    read,
    read_arrays,
)
from tests.cases import FORMS, GATES, Case

CELLS_BY_NAME = {cell.name: cell for cell in CELLS}


def given(form=FORMS[0], dtype="float64", **changed):
    """Return the cell of a case, what its forward pass takes, and its parameters."""
    case = Case(*form, 3, 5, 2, 10, 4, dtype)
    a = case.make()
    inputs = {"X": a.X, "S_0": a.S_0} | ({"C_0": a.C_0} if case.cell == "lstm" else {})
    for name, array in changed.items():
        (inputs if name in inputs else a.parameters)[name] = array
    return CELLS_BY_NAME[case.cell], case.reset_after, inputs, a.parameters


def read_layer(cell, input_bias, inputs, parameters):
    return read(cell.sequence, (*inputs.values(), *pick_parameters(parameters, input_bias)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_what_is_as_wanted_passes_untouched(form, dtype):
    cell, input_bias, inputs, parameters = given(form, dtype)
    values = [*inputs.values(), *map(parameters.get, ("Wx", "Ws", "bs", "bx", "Wy", "by"))]
    got = read_layer(cell, input_bias, inputs, parameters)
    assert len(got) == len(values)
    assert all(one is other for one, other in zip(got, values, strict=True))
    of_step = (values[0][:, :, 1], *values[1:])
    got = read(cell.step, of_step)
    assert all(one is other for one, other in zip(got, of_step, strict=True))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (("float32", "float32"), "float32"),
        (("float64", "float32"), "float64"),
        (("float32", "float64"), "float64"),
        (("float32", "int16"), "float64"),
        (("bool", "float32"), "float64"),
        ((">f4", "float32"), "float32"),
        (("float32", ">f8"), "float64"),
    ],
    ids=str,
)
def test_type_of_the_results(values, dtype):
    arrays = [np.ones(3, value) for value in values]
    for got in (read_arrays("ab", arrays), read_arrays("ba", arrays[::-1])):
        assert [array.dtype for array in got] == [np.dtype(dtype)] * 2
        assert all(array.dtype.isnative for array in got)


def test_a_list_is_float64_whatever_it_holds():
    got = read_arrays("ab", [[np.float32(0.5)], np.ones(1, np.float32)])
    assert [array.dtype for array in got] == [np.float64] * 2


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_majority_says_which_array_is_wrong(form):
    """n_s stands in five arrays: whichever of them differs is called wrong, not its neighbours."""
    gates = GATES[form[0]]
    rows, symbol = 5 * gates, f"{gates} n_s" if gates > 1 else "n_s"
    cells = [("C_0", (6, 10), "(n_s, m) = (5, 10)"), ("C_0", (5, 9), "(n_s, m) = (5, 10)")]
    larger = rows // 5 * 6
    for name, shape, written in [
        ("S_0", (6, 10), "(n_s, m) = (5, 10)"),
        ("Wx", (larger, 3), f"({symbol}, n_x) = ({rows}, 3)"),
        ("Ws", (rows, 6), f"({symbol}, n_s) = ({rows}, 5)"),
        ("Ws", (larger, 5), f"({symbol}, n_s) = ({rows}, 5)"),
        ("Wy", (2, 6), "(n_y, n_s) = (2, 5)"),
        ("bs", (larger, 1), f"({symbol}, 1) = ({rows}, 1)"),
        ("bs", (larger,), f"({symbol}, 1) = ({rows}, 1)"),
        ("bs", (1, rows), f"({symbol}, 1) = ({rows}, 1)"),
        ("by", (2, 10), "(n_y, 1) = (2, 1)"),
        ("X", (3, 10), "(n_x, m, T_x) = (3, 10, T_x)"),
        *(cells if form[0] == "lstm" else []),
    ]:
        with pytest.raises(ValueError, match=r"has shape") as caught:
            read_layer(*given(form, **{name: np.zeros(shape)}))
        assert str(caught.value) == f"{name} has shape {shape}, expected {written}"


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        (
            "X",
            (4, 10, 4),
            "X has shape (4, 10, 4), expected (n_x, m, T_x) = (3, 10, 4) "
            "to fit Wx, which has shape (5, 3)",
        ),
        (
            "S_0",
            (5, 9),
            "S_0 has shape (5, 9), expected (n_s, m) = (5, 10) "
            "to fit X, which has shape (3, 10, 4)",
        ),
        (
            "by",
            (3, 1),
            "by has shape (3, 1), expected (n_y, 1) = (2, 1) to fit Wy, which has shape (2, 5)",
        ),
    ],
)
def test_where_one_stands_against_one_both_are_named(name, shape, message):
    with pytest.raises(ValueError, match="to fit") as caught:
        read_layer(*given(FORMS[0], **{name: np.zeros(shape)}))
    assert str(caught.value) == message


def test_the_parameters_of_an_rnn_are_not_those_of_a_gru():
    with pytest.raises(
        ValueError, match=r"^Wx has shape \(5, 3\), expected \(3 n_s, n_x\) = \(15, 3\)$"
    ):
        read_layer(GRU, *given()[1:])


def test_a_missing_parameter_is_named_with_all_that_are_needed():
    with pytest.raises(KeyError) as caught:
        read_layer(GRU, True, *given()[2:])
    assert caught.value.args == ("parameters_dict has no bx; it needs Wx, Ws, Wy, bs, by, bx",)


def test_a_copy_of_a_cell_is_the_cell():
    """Caches that were copied or came out of a pickle know theirs."""
    for cell in CELLS:
        assert copy.deepcopy(cell) is pickle.loads(pickle.dumps(cell)) is cell
