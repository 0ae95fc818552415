"""Numbers that are asked in another type: they fit, or an error names what does not."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from fastrnn.arguments import fitting
from fastrnn.layers import CategoryEncoding, Dense, Embedding, Input
from fastrnn.models import Sequential
from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.text import Tokenizer

from .models.builders import shifted, tagger

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


@pytest.mark.parametrize(
    ("rows", "dtype"),
    [
        ([[2**31, 5]], "int32"),
        ([[300]], "uint8"),
        ([[-1]], "uint8"),
        ([[-1]], "uint64"),
        ([[2**63]], "int64"),
        ([[2**64]], "uint64"),
        ([[2**70, 1]], "int64"),
        ([np.array([2**63], np.uint64)], "int64"),
        ([np.array([-1])], "uint32"),
        ([[np.nan]], "int32"),
        ([[np.inf]], "int64"),
        ([[1.5]], "int32"),
        ([[2.0**63]], "int64"),
        ([[2.0**31]], "int32"),
        ([[1e300]], "float32"),
        ([[70_000]], "float16"),
        ([[1, 2], [3, 400]], "int8"),
    ],
)
def test_what_does_not_fit_is_named(rows, dtype):
    number = max(rows[-1], key=abs) if len(rows[-1]) > 1 else rows[-1][0]
    with pytest.raises(
        ValueError, match=rf"sequences\[{len(rows) - 1}\] holds .*{dtype}"
    ) as caught:
        pad_sequences(rows, dtype=dtype)
    assert f"{number}"[:4] in str(caught.value)


@pytest.mark.parametrize("value", [300, -1, np.nan, 0.5, np.inf])
def test_what_fills_has_to_fit_too(value):
    with pytest.raises(ValueError, match="value holds"):
        pad_sequences([[1]], maxlen=2, dtype="uint8", value=value)


@pytest.mark.parametrize(
    ("rows", "value"), [([[1 + 2j]], 0), ([["a"]], 0), ([[None]], 0), ([[1]], 1j), ([[1]], None)]
)
def test_what_is_no_real_number(rows, value):
    with pytest.raises(TypeError, match=r"(sequences\[0\]|value) (holds complex|does not hold)"):
        pad_sequences(rows, maxlen=2, value=value)


def test_what_fits_is_as_it_was():
    assert pad_sequences([[2**31 - 1, -(2**31)]]).tolist() == [[2**31 - 1, -(2**31)]]
    assert pad_sequences([[2**63]], dtype="uint64").tolist() == [[2**63]]
    assert pad_sequences([[2**64 - 1]], dtype="uint64").tolist() == [[2**64 - 1]]
    assert pad_sequences([[3.0]], maxlen=2).tolist() == [[0, 3]]
    assert pad_sequences([[True]], maxlen=2).tolist() == [[0, 1]]
    assert pad_sequences([[1j]], dtype="complex64").tolist() == [[1j]]
    assert pad_sequences([[0.1]], dtype="float32")[0, 0] == np.float32(0.1)
    assert np.isinf(pad_sequences([[np.inf]], dtype="float32"))[0, 0]
    assert np.isnan(pad_sequences([[1.0]], maxlen=2, dtype="float32", value=np.nan))[0, 0]


@given(
    hnp.arrays(
        st.sampled_from([*INTEGERS, "float32", "float64"]), hnp.array_shapes(max_dims=2, max_side=4)
    ),
    st.sampled_from(INTEGERS),
)
def test_an_integer_comes_back_or_is_an_error(array, dtype):
    try:
        result = fitting(array, np.dtype(dtype), "x").astype(dtype)
    except ValueError:
        limits = np.iinfo(dtype)
        flat = array.ravel().tolist()
        assert any(
            n != n
            or n in (np.inf, -np.inf)
            or n != int(n)
            or not limits.min <= int(n) <= limits.max
            for n in flat
        )
    else:
        assert result.ravel().tolist() == array.ravel().tolist()


TOO_LARGE = [
    np.array([[2**63]], np.uint64),
    np.array([[2**64 - 1]], np.uint64),
    np.array([[2.0**63]]),
    np.array([[-1]]),
    np.array([[1.5]]),
    np.array([[np.nan]]),
    np.array([[np.inf]], np.float32),
    [[2**64 - 1]],
]


@pytest.mark.parametrize("tokens", TOO_LARGE, ids=repr)
@pytest.mark.parametrize("layer", [Embedding(5, 2), CategoryEncoding(5, output_mode="one_hot")])
def test_tokens_are_never_wrapped(layer, tokens):
    model = Sequential([Input((None,)), type(layer).from_config(layer.get_config()), Dense(1)])
    with pytest.raises(ValueError, match="x holds"):
        model.predict(tokens)
    stream = model.stream()
    with pytest.raises(ValueError, match=r"x hold|token|0 to 4"):
        stream(np.asarray(tokens)[0])


@pytest.mark.parametrize("labels", TOO_LARGE, ids=repr)
def test_labels_are_never_wrapped(labels):
    model = tagger()
    x, y = shifted()
    wrong = np.full((1, y.shape[1]), np.asarray(labels)[0, 0], np.asarray(labels).dtype)
    with pytest.raises(ValueError, match="y holds the label"):
        model.fit(x[:1], wrong, verbose=0)


def test_class_weight_has_whole_numbers():
    model = tagger()
    x, y = shifted()
    for key in (1.5, "1", None, True):
        with pytest.raises(TypeError, match="class_weight has the class"):
            model.fit(x, y, class_weight={key: 2.0}, verbose=0)
    for weight in ("2", None, np.nan, 1j, np.inf):
        with pytest.raises(ValueError, match="should be a finite number"):
            model.fit(x, y, class_weight={1: weight}, verbose=0)


@pytest.mark.parametrize("bad", [1.5, np.nan, "1", None])
def test_indices_of_a_tokenizer_are_whole_numbers(bad):
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(["a b"])
    for call in (
        tokenizer.sequences_to_texts,
        tokenizer.sequences_to_matrix,
        tokenizer.fit_on_sequences,
    ):
        with pytest.raises((TypeError, ValueError), match=r"sequences\[1\]"):
            call([[1], [1, bad]])
    assert tokenizer.sequences_to_texts([np.array([1.0, 2.0]), [np.int8(1)]]) == ["a b", "a"]


@pytest.mark.parametrize("number", [0, -1])
def test_a_vocabulary_of_no_words(number):
    with pytest.raises(ValueError, match=r"num_words is .* at least 1"):
        Tokenizer(num_words=number)


def test_weights_stay_finite_and_data_become_infinite_as_in_numpy():
    model = Sequential([Input((2,)), Dense(1)])
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"dense_1/kernel holds 1e\+300 at \[0, 0\]"):
        model.set_weights([np.full((2, 1), 1e300), np.zeros(1)])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    model.set_weights([np.full((2, 1), np.inf), np.ones(1, np.int64)])
    assert np.isinf(model.predict(np.full((1, 2), 1e300))).all()
