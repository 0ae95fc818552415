"""``fastrnn info``."""

import re

import numpy as np

import fastrnn as package


def test_what_runs_here(fastrnn):
    code, out, err = fastrnn("info")
    assert (code, err) == (0, "")
    facts = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert facts["version"] == package.__version__
    assert facts["numpy"] == np.__version__
    assert facts["instruction set"] in facts["compiled in"].split()
    assert facts["threads"] == str(package.get_num_threads())
