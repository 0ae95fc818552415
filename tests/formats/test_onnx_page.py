"""What docs/onnx.md says of float64."""

import warnings

import numpy as np
import pytest

pytest.importorskip("onnx")


def test_what_the_page_says_of_float64(tmp_path):
    """It names ONNX Runtime's recurrent operators among those that lack it."""
    pytest.importorskip("onnxruntime")
    from fastrnn.layers import GRU, LSTM, Input
    from fastrnn.models import Sequential

    for layer in (GRU(2), LSTM(2)):
        model = Sequential([Input((None, 1), dtype="float64"), layer])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.export(tmp_path / "net.onnx")
        # a later one may have learned it
        assert all("cannot run it" in str(each.message) for each in caught)
        assert model.predict(np.zeros((1, 2, 1))).dtype == np.float64
