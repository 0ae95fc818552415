"""What must not change a single bit: the batch that a row stands in, and the number of threads."""

import numpy as np
import pytest

import fastrnn
from fastrnn._core import activation, gather, loss as core
from fastrnn._core.memory import padded
from fastrnn.layers import GRU, Dense, Embedding, Input
from fastrnn.models import Sequential
from tests.cases import FORMS
from tests.compare import assert_same_bits
from tests.core.calls import DTYPES, Memory, cell_case, random_affine, run_affine, run_cell

#: What the batch sums up.
SUMS = {"dwx", "dws", "dbs", "dbx", "dw", "db"}

#: The batch's place in what each row has for itself.
BATCH_AXIS = {"ds0": 0, "dc0": 0}
BATCH_AXIS |= dict.fromkeys(("states", "cells", "gates", "hidden", "dx"), 1)


@pytest.fixture
def threads():
    """Let a test set the number of threads, and put it back."""
    before = fastrnn.get_num_threads()
    yield fastrnn.set_num_threads
    fastrnn.set_num_threads(before)


def of_rows(results):
    return {name: array for name, array in results.items() if name not in SUMS}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(("n_x", "n_s"), [(3, 5), (17, 67)])
def test_a_column_in_any_batch(form, n_x, n_s, dtype):
    case = cell_case(form, n_x, n_s, 100, 4, dtype)
    full = of_rows(run_cell(case))
    # batches of the heights of every tile, and of more than one
    for m in (*range(1, 15), 29):
        columns = slice(100 - m, 100)
        for name, got in of_rows(run_cell(case, columns=columns)).items():
            want = np.take(full[name], range(100 - m, 100), BATCH_AXIS[name])
            assert_same_bits(got, want, f"{name} of {case} in a batch of {m}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("k", "n"), [(1, 1), (5, 3), (67, 31), (31, 70), (700, 33)])
def test_a_row_of_the_output_in_any_batch(k, n, dtype):
    x, w, b, dout = random_affine(100, k, n, dtype)
    full = of_rows(run_affine(x, w, b, dout))
    for R in (*range(1, 15), 29):
        got = of_rows(run_affine(x[:R], w, b, dout[:R]))
        assert_same_bits(got, {name: full[name][:R] for name in got}, f"{R} rows")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(
    ("n_x", "n_s", "m", "T"), [(31, 70, 33, 20), (3, 65, 5, 60), (300, 33, 2, 80), (0, 67, 50, 9)]
)
def test_cells_on_any_number_of_threads(threads, form, n_x, n_s, m, T, dtype):
    case = cell_case(form, n_x, n_s, m, T, dtype)
    threads(1)
    want = run_cell(case)
    for number in (2, 3, 4, 7):
        threads(number)
        assert_same_bits(run_cell(case), want, f"{case} on {number} threads")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("R", "k", "n"), [(1001, 67, 33), (70, 129, 300), (3000, 33, 1)])
def test_the_output_on_any_number_of_threads(threads, R, k, n, dtype):
    arrays = random_affine(R, k, n, dtype)
    threads(1)
    want = run_affine(*arrays)
    for number in (2, 3, 4, 7):
        threads(number)
        assert_same_bits(run_affine(*arrays), want, f"{number} threads")


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loss_on_any_number_of_threads(threads, dtype):
    R, n = 3001, 33
    rng = np.random.default_rng(4)
    p = rng.dirichlet(np.ones(n), R).astype(dtype)
    targets, weights = rng.integers(0, n, R), rng.random(R).astype(dtype)
    results = []
    for number in (1, 2, 3, 4, 7):
        threads(number)
        memory = Memory(dtype)
        dlogits = memory.empty(R, padded(n, dtype))
        loss = core.softmax_cross_entropy(memory.rows(p), n, targets, weights, 1, dlogits)
        results.append((loss, dlogits[:, :n]))
    for result in results[1:]:
        assert_same_bits(result, results[0], "loss and dlogits")


@pytest.mark.parametrize("name", ["exponential", "tanh", "sigmoid", "softmax"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_on_any_number_of_threads(threads, dtype, name):
    values = np.random.default_rng(5).standard_normal((3001, 67)).astype(dtype)
    results = []
    for number in (1, 2, 3, 4, 7):
        threads(number)
        x = Memory(dtype).rows(values)
        activation.activate(name, x, 67)
        results.append(x[:, :67])
    for result in results[1:]:
        assert_same_bits(result, results[0], name)


def test_two_calls_give_the_same_bits(threads):
    threads(4)
    for form in FORMS:
        case = cell_case(form, 31, 70, 33, 20, "float64")
        assert_same_bits(run_cell(case), run_cell(case), str(case))


@pytest.mark.parametrize("dtype", DTYPES)
def test_gelu_and_rows_of_tables_on_any_number_of_threads(threads, dtype):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((3000, 64)).astype(dtype)
    tokens, table = rng.integers(0, 50, (60, 50)), rng.standard_normal((50, 300)).astype(dtype)
    results = []
    for number in (1, 2, 3, 7):
        threads(number)
        y, dy, rows = x.copy(), np.ones_like(x), np.empty((60, 50, 300), dtype)
        activation.activate("gelu", y, 60)
        activation.activate("gelu_backward", dy, 60, x[:, :60].copy())
        gather.take_rows(table, tokens, rows)
        results.append({"y": y, "dy": dy, "rows": rows})
    assert_same_bits(results[0]["rows"], table[tokens])
    for result in results[1:]:
        assert_same_bits(result, results[0])


@pytest.mark.parametrize("reset_after", [False, True])
def test_a_training_with_masks_in_several_segments_on_any_number_of_threads(threads, reset_after):
    """Its gradients are summed in two segments of steps, of rows that a mask picks."""
    results = []
    for number in (1, 2, 3):
        threads(number)
        rng = np.random.default_rng(70)
        fastrnn.set_seed(3)
        tokens, targets = rng.integers(0, 9, (40, 23)), rng.integers(0, 6, (40, 23))
        tokens[:20, 15:] = 0
        layers = [
            Embedding(9, 4, mask_zero=True, dtype="float64"),
            GRU(70, reset_after=reset_after, return_sequences=True, dtype="float64"),
            Dense(6, activation="softmax", dtype="float64"),
        ]
        model = Sequential([Input((23,), dtype="int64"), *layers])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(tokens, targets, batch_size=17, verbose=0)
        results.append(model.get_weights())
    for result in results[1:]:
        assert_same_bits(result, results[0])
