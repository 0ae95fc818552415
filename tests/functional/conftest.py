"""Both implementations of the functional API, for tests that either has to pass."""

import pytest

from tests.functional.calls import IMPLEMENTATIONS


@pytest.fixture(params=IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS.keys())
def module(request):
    """Return ``fastrnn.reference``, then ``fastrnn`` itself."""
    return request.param
