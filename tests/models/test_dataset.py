"""Training on samples that are asked for by number."""

import numpy as np
import pytest

import fastrnn
from fastrnn.callbacks import TerminateOnNaN
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Dataset, Model

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 4, 3)).astype(np.float32)
Y = RNG.integers(0, 5, (50, 4))
W = RNG.random(50)


class Kept:
    """A dataset of arrays, which notes what it was asked for."""

    def __init__(self, *arrays):
        self.arrays, self.asked = arrays, []

    def __len__(self):
        return len(self.arrays[0])

    def batch(self, indices):
        self.asked.append(indices.tolist())
        return tuple(array[indices] for array in self.arrays)


def model():
    fastrnn.set_seed(1)
    x = Input((4, 3))
    made = Model(x, Dense(5, activation="softmax")(GRU(6, return_sequences=True)(x)))
    made.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return made


def same(a, b):
    return all(np.array_equal(v, w) for v, w in zip(a.get_weights(), b.get_weights(), strict=True))


@pytest.mark.parametrize("arrays", [(X, Y), (X, Y, W)], ids=["pair", "weights"])
@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"validation_split": 0.3}])
def test_the_same_bits_as_with_arrays(arrays, options):
    weight = arrays[2] if len(arrays) == 3 else None
    options = {"epochs": 2, "batch_size": 8, "verbose": 0, **options}
    whole = model()
    a = whole.fit(*arrays[:2], sample_weight=weight, **options)
    drawn = model()
    b = drawn.fit(Kept(*arrays), **options)
    assert same(whole, drawn)
    assert a.history == b.history


def test_every_sample_is_asked_for_once_an_epoch():
    data = Kept(X, Y)
    model().fit(data, epochs=2, batch_size=16, verbose=0, validation_data=Kept(X[:9], Y[:9]))
    assert [len(asked) for asked in data.asked] == [16, 16, 16, 2] * 2
    for epoch in (data.asked[:4], data.asked[4:]):
        assert sorted(number for batch in epoch for number in batch) == list(range(50))


def test_class_weights():
    weights = {0: 2.0, 3: 0.5}
    whole = model()
    whole.fit(X, Y, verbose=0, class_weight=weights)
    drawn = model()
    drawn.fit(Kept(X, Y), verbose=0, class_weight=weights)
    assert same(whole, drawn)


def test_evaluation():
    assert model().evaluate(Kept(X, Y), verbose=0) == model().evaluate(X, Y, verbose=0)


def test_any_object_with_both_methods_is_a_dataset():
    assert isinstance(Kept(X, Y), Dataset)
    assert not isinstance(X, Dataset)
    assert not isinstance([1], Dataset)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (Kept(X[:0], Y[:0]), ValueError, "x has no samples"),
        (Kept(X), TypeError, r"x.batch\(...\) is of type tuple; it should be a pair"),
        (Kept(X[..., :2], Y), ValueError, r"x.batch\(...\)\[0\] has shape \(32, 4, 2\)"),
        (Kept(X, Y + 3), ValueError, r"x.batch\(...\)\[1\]"),
        (Kept(np.full_like(X, np.nan), Y), ValueError, r"\] is NaN"),
    ],
)
def test_what_does_not_fit(data, error, message):
    made = model()
    before = made.get_weights()
    with pytest.raises(error, match=message):
        made.fit(data, verbose=0, callbacks=[TerminateOnNaN()])
    assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))


def test_too_few_samples():
    class Short(Kept):
        def batch(self, indices):
            return super().batch(indices[1:])

    with pytest.raises(ValueError, match=r"has 31 samples; it should have the 32 asked for"):
        model().fit(Short(X, Y), verbose=0)


def test_what_a_dataset_has_itself():
    for argument in ({"y": Y}, {"sample_weight": W}):
        with pytest.raises(ValueError, match=f"{next(iter(argument))} was given beside a dataset"):
            model().fit(Kept(X, Y), verbose=0, **argument)
    with pytest.raises(TypeError, match="y is None"):
        model().fit(X, verbose=0)
