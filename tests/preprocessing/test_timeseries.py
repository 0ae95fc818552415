"""Windows of series: which steps they hold, against slices written by hand and against Keras."""

import numpy as np
import pytest

from fastrnn import preprocessing, utils
from fastrnn.preprocessing.sequence import TimeseriesGenerator
from fastrnn.utils import timeseries_dataset_from_array
from tests.keras_oracle import require_keras

SERIES = np.arange(50)[:, np.newaxis]
OPTIONS = [
    {"length": 10, "sampling_rate": 2, "batch_size": 2},
    {"length": 3},
    {"length": 5, "sampling_rate": 2, "batch_size": 4},
    {"length": 4, "stride": 3, "batch_size": 2, "start_index": 2, "end_index": 17, "reverse": True},
    {"length": 49, "batch_size": 1},
    {"length": 6, "sampling_rate": 4, "stride": 7, "batch_size": 3},
    {"length": 2, "batch_size": 5, "shuffle": True},
]


def test_the_windows_of_a_generator():
    data = TimeseriesGenerator(SERIES, SERIES, length=10, sampling_rate=2, batch_size=2)
    x, y = data[0]
    assert len(data) == 20
    assert x[..., 0].tolist() == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
    assert y[:, 0].tolist() == [10, 11]
    np.testing.assert_array_equal(data[-1][1], data[19][1])
    with pytest.raises(IndexError, match="there are 20 batches; 20 is none"):
        data[20]


@pytest.mark.parametrize("options", OPTIONS)
def test_all_windows_of_a_generator(options):
    data, at = TimeseriesGenerator(SERIES, SERIES + 100, **options), 0
    length, stride = options["length"], options.get("stride", 1)
    first, last = options.get("start_index", 0) + length, options.get("end_index", 49)
    behind = range(first, last + 1, stride)
    if options.get("shuffle"):
        np.random.seed(1)
        x, y = data[0]
        assert x.shape == (5, 2, 1)
        np.testing.assert_array_equal(x[:, -1] + 101, y)
        return
    for x, y in data:
        for window, target in zip(x, y, strict=True):
            expected = SERIES[behind[at] - length : behind[at] : options.get("sampling_rate", 1)]
            np.testing.assert_array_equal(
                window, expected[::-1] if options.get("reverse") else expected
            )
            assert target == 100 + behind[at]
            at += 1
    assert at == len(behind)


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS)
def test_keras_makes_the_same_batches(options):
    require_keras()
    from keras._tf_keras.keras.preprocessing.sequence import TimeseriesGenerator as Theirs

    ours, theirs = (kind(SERIES, SERIES + 1, **options) for kind in (TimeseriesGenerator, Theirs))
    assert len(ours) == len(theirs)
    for index in range(len(ours)):
        np.random.seed(index)
        found = ours[index]
        np.random.seed(index)
        for one, other in zip(found, theirs[index], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, "length is 0"),
        ({"length": 50}, "start_index \\+ length is 50 and end_index 49"),
        ({"length": 3, "end_index": 50}, "end_index is 50; data has 50 steps"),
        ({"length": 3, "sampling_rate": 0}, "sampling_rate is 0"),
        ({"length": 3, "stride": 1.5}, "stride is 1.5"),
        ({"length": 3, "shuffle": "no"}, "shuffle is 'no'"),
        ({"length": 3, "targets": SERIES[:9]}, "targets has 9 steps, data has 50"),
        ({"length": 3, "data": 4}, r"data has shape \(\)"),
    ],
)
def test_what_a_generator_refuses(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        TimeseriesGenerator(**{"data": SERIES, "targets": SERIES, **options})


def test_the_windows_of_a_dataset():
    windows = timeseries_dataset_from_array(np.arange(99), None, 10, 3, 2, batch_size=8)
    found = list(windows)
    assert [len(batch) for batch in found] == [8, 8, 8, 3]
    assert len(windows) == 4
    assert found[0][1].tolist() == [3, 5, 7, 9, 11, 13, 15, 17, 19, 21]
    assert found[-1][-1].tolist() == [78, 80, 82, 84, 86, 88, 90, 92, 94, 96]
    assert [len(batch) for batch in windows.take(2)] == [8, 8]
    assert preprocessing.timeseries_dataset_from_array is utils.timeseries_dataset_from_array


def test_targets_of_a_dataset_and_its_parts():
    series = np.random.default_rng(0).random((30, 2))
    windows = timeseries_dataset_from_array(
        series[:-4], series[4:, 0], 4, batch_size=5, start_index=3, end_index=20
    )
    at = 3
    for x, y in windows:
        for window, target in zip(x, y, strict=True):
            np.testing.assert_array_equal(window, series[at : at + 4])
            assert target == series[at + 4, 0]
            at += 1
    assert at == 17
    single = list(timeseries_dataset_from_array(series, series[:, 1], 7, batch_size=None))
    assert len(single) == 24
    np.testing.assert_array_equal(single[5][0], series[5:12])
    assert single[5][1] == series[5, 1]


def test_shuffled_windows():
    def starts(windows):
        return [window[0] for batch in windows for window in batch]

    def dataset(**options):
        return timeseries_dataset_from_array(SERIES[:, 0], None, 3, shuffle=True, **options)

    one, other = dataset(seed=4), dataset(seed=4)
    passes = [starts(one) for _ in range(3)]
    assert [starts(other) for _ in range(3)] == passes
    assert all(sorted(found) == list(range(48)) for found in passes)
    assert len(set(map(tuple, passes))) == 3
    np.random.seed(5)
    first = starts(dataset())
    np.random.seed(5)
    assert starts(dataset()) == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"sequence_length": 51},
            "sequence_length is 51 and sampling_rate 1; 50 steps have no room",
        ),
        ({"sequence_length": 9, "targets": []}, "and 0 targets have no room"),
        ({"sequence_length": 0}, "sequence_length is 0"),
        ({"sequence_length": 2, "start_index": 50}, "start_index is 50 and end_index 50"),
        ({"sequence_length": 2, "end_index": 51}, "end_index 51; data has 50 steps"),
        ({"sequence_length": 2, "start_index": 4, "end_index": 4}, "should leave some"),
        ({"sequence_length": 2, "batch_size": 0}, "batch_size is 0"),
        ({"sequence_length": 2, "format": "csv"}, "format is 'csv'"),
        ({"sequence_length": 2, "sampling_rate": -1}, "sampling_rate is -1"),
    ],
)
def test_what_a_dataset_refuses(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        timeseries_dataset_from_array(**{"data": SERIES, "targets": None, **options})
