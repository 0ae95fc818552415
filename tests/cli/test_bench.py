"""``fastrnn bench``: the options are the bench's own, the errors those of the program."""

import pytest

from fastrnn.cli import bench


def test_the_options_go_to_the_bench(fastrnn, monkeypatch):
    given = []

    def measure(options, program):
        given.append(options)
        assert program[-1] == "bench"
        return 3

    monkeypatch.setattr(bench, "measure", measure)
    assert fastrnn("bench", "--quick", "--table", "fb", "--case", "notebook").code == 3
    assert (given[0].quick, given[0].table, given[0].case) == (True, ["fb"], ["notebook"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--table", "fbb"], "did you mean fb?"),
        (["--tabel", "fb"], "did you mean --table?"),
        (["--case", "notbook"], "did you mean 'notebook'?"),
        (["--threads", "0"], "--threads: 0, but it should be at least 1"),
        (["--rounds", "few"], "'few', but it should be a whole number"),
    ],
)
def test_what_is_wrong_is_said_once_and_before_anything_is_measured(misused, words, said):
    assert misused("bench", *words).endswith(said)


def test_help(fastrnn):
    code, out, err = fastrnn("bench", "--help")
    assert (code, err) == (0, "")
    assert "--markdown" in out
    assert max(map(len, out.splitlines())) <= 80
