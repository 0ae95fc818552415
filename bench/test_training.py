"""An epoch of the decipher job by ``fit``."""

import math

import pytest

from fastrnn.benchmark.affinity import cores
from fastrnn.benchmark.measure import training_job
from fastrnn.benchmark.peers import make


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_epoch(benchmark, cell):
    job = training_job(cell, samples=8_000)
    epoch = make("fastrnn", cores()).training(job)
    assert epoch() < math.log(job.classes)  # less than by guessing: it learns
    benchmark.pedantic(epoch, rounds=5)
