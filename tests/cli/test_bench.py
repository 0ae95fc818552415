"""``fastrnn bench``: its words are the bench's own."""

from fastrnn import benchmark


def test_the_rest_of_the_line_goes_to_the_bench(fastrnn, monkeypatch):
    given = []

    def bench(words, program):
        given.extend(words)
        assert program[-1] == "bench"
        return 3

    monkeypatch.setattr(benchmark, "main", bench)
    assert fastrnn("bench", "--quick", "--table", "fb", "-h").code == 3
    assert given == ["--quick", "--table", "fb", "-h"]
