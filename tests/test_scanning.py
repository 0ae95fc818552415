"""What is wrong in an array is found where it stands first, however the array is cut."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from fastrnn import losses, scanning


@given(
    arrays(np.int8, array_shapes(min_dims=0, min_side=0), elements=st.integers(0, 4)),
    st.sampled_from([1, 3, 1 << 20]),
)
def test_the_first_is_found(array, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "PIECE", piece)
        for given_ in (array, array.T, array[..., ::-1] if array.ndim else array):
            places = np.argwhere(given_ == 4)
            expected = tuple(places[0].tolist()) if len(places) else None
            assert scanning.find(given_, lambda part: part == 4) == expected


def test_a_single_label():
    assert losses.sparse_categorical_crossentropy(1, [0.75, 0.25]) == -np.log(0.25)
    with pytest.raises(ValueError, match="label 2 at"):
        losses.sparse_categorical_crossentropy(2, [0.5, 0.25])
