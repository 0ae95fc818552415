"""Which instruction set runs, and that each one that this machine has gives the right numbers."""

import platform

import numpy as np
import pytest

import fastrnn
from fastrnn import reference
from fastrnn._core import kernels
from tests.cases import FORMS, Case
from tests.compare import assert_close
from tests.core.calls import DTYPES
from tests.core.child import attempt, run
from tests.tolerances import PARITY

SIZES = [(3, 5, 2, 10, 4), (5, 17, 9, 33, 8), (33, 31, 7, 3, 40), (40, 129, 37, 66, 5)]
SIZES += [(n, 68 - n, n, n % 13 + 1, 2) for n in range(1, 68, 3)]


def test_levels():
    compiled, supported = kernels.compiled_levels(), kernels.supported_levels()
    assert compiled[0] == supported[0] == "baseline"
    # in the order of the build, and nothing that is not in it
    assert [level for level in compiled if level in supported] == list(supported)
    assert kernels.level in supported
    # 8 where the baseline is plain C: on arm64, and where the compiler has no vectors
    widths = {"baseline": (8, 16), "neon": (16,), "avx2": (32,), "avx512": (64,)}
    assert kernels.vector_bytes in widths[kernels.level]
    others = {"x86_64": ("avx2", "avx512"), "arm64": ("neon",)}
    others |= {"amd64": others["x86_64"], "aarch64": others["arm64"]}
    if compiled[1:]:
        assert compiled[1:] == others[platform.machine().lower()]


def test_the_best_level_runs_where_none_is_named():
    program = "from fastrnn._core import kernels; print(kernels.level)"
    for variables in ({"isa": ""}, {"isa": "", "FASTRNN_ISA": ""}):
        assert run(program, **variables).strip() == kernels.supported_levels()[-1]


@pytest.mark.parametrize("level", kernels.compiled_levels())
def test_a_level_by_name(level):
    done = attempt("from fastrnn._core import kernels; print(kernels.level)", isa=level)
    if level in kernels.supported_levels():
        assert done.stdout.strip() == level, done.stderr
    else:
        message = done.stderr.splitlines()[-1]
        assert message.startswith("ImportError: FASTRNN_ISA")
        assert repr(level) in message
        assert all(name in message for name in kernels.supported_levels())


@pytest.mark.parametrize("value", ["sse9", "AVX2", " avx2", "baseline,avx2", "NEON", "0"])
def test_an_unknown_level(value):
    done = attempt("import fastrnn._core.kernels", isa=value)
    message = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert message.startswith("ImportError: FASTRNN_ISA")
    assert repr(value) in message
    assert all(name in message for name in kernels.compiled_levels())


def agree():
    """Hold the compiled cells to the reference; run in a child at each level."""
    for form in FORMS:
        for sizes in SIZES:
            for dtype in DTYPES:
                case = Case(*form, *sizes, dtype)
                a = case.make()
                results = []
                for module in (fastrnn, reference):
                    forward = getattr(module, f"{case.cell}_forward")
                    backward = getattr(module, f"{case.cell}_backward")
                    *states, caches = forward(a.X, a.S_0, a.parameters, **a.options)
                    results.append((*states, backward(a.ds, caches)))
                assert_close(*results, PARITY, str(case))


@pytest.mark.parametrize("level", kernels.supported_levels())
def test_every_level_agrees_with_the_reference(level):
    program = (
        "from tests.core.test_dispatch import agree; from fastrnn._core import kernels; "
        "agree(); print(kernels.level)"
    )
    assert run(program, isa=level).strip() == level


def test_levels_round_in_ways_of_their_own():
    """The levels do run different code: their sums are not all rounded alike."""
    program = (
        "from tests.core.calls import cell_case, run_cell\n"
        "print(run_cell(cell_case(('rnn', False), 33, 67, 5, 9, 'float64'))['dws'].sum().hex())"
    )
    levels = kernels.supported_levels()
    if "avx2" not in levels:
        pytest.skip("the levels of arm64 both fuse their multiply-adds, and may agree")
    assert run(program, isa=levels[0]) != run(program, isa=levels[-1])


def test_show_config(capsys):
    fastrnn.show_config()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:6] == [
        ["version", fastrnn.__version__],
        ["instruction", "set", kernels.level],
        ["compiled", "in", *kernels.compiled_levels()],
        ["supported", *kernels.supported_levels()],
        ["vector", "bytes", str(kernels.vector_bytes)],
        ["threads", str(fastrnn.get_num_threads())],
    ]
    assert ["numpy", np.__version__] in lines
    assert ["python", platform.python_version()] in lines


def test_show_config_says_what_was_forced():
    out = run("import fastrnn; fastrnn.show_config()", isa="baseline", FASTRNN_NUM_THREADS="3")
    lines = [line.split() for line in out.splitlines()]
    assert ["instruction", "set", "baseline"] in lines
    assert any(line[:2] == ["vector", "bytes"] and line[2] in ("8", "16") for line in lines)
    assert ["threads", "3"] in lines
