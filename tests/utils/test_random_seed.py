"""One call seeds Python, NumPy and fastrnn."""

import random

import numpy as np
import pytest

from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential
from fastrnn.utils import set_random_seed


def drawn():
    kernel = Sequential([Input((3,)), Dense(2)]).get_weights()[0]
    return random.random(), np.random.rand(), kernel.tolist()


def test_everything_repeats_itself():
    set_random_seed(812)
    first = drawn()
    assert drawn() != first
    set_random_seed(np.int64(812))
    assert drawn() == first


@pytest.mark.parametrize(
    ("seed", "error"),
    [(-1, ValueError), (2**32, ValueError), (1.0, TypeError), (True, TypeError)],
)
def test_a_seed_is_a_whole_number_of_32_bits(seed, error):
    with pytest.raises(error, match="seed"):
        set_random_seed(seed)
