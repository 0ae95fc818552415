"""Preprocessing of text and time series: the modules ``text`` and ``sequence``."""

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.preprocessing import sequence, text
from fastrnn.preprocessing.timeseries import timeseries_dataset_from_array

__all__ = ["sequence", "text", "timeseries_dataset_from_array"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
