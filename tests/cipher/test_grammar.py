"""The built-in sentences: the same everywhere, as many, as long and as varied as promised."""

from hashlib import sha256
from statistics import mean, pstdev

import pytest

from fastrnn.cipher import grammar


@pytest.fixture(scope="module")
def sentences():
    return grammar.generate()


def test_the_sentences_are_the_same_everywhere(sentences):
    digest = sha256("\n".join(sentences).encode()).hexdigest()
    assert digest == "ab999a95effbefcf463b42dbe0a7f85ed77550403d2580c599145cc9f27b4342"


def test_numbers_of_the_decipher_corpus(sentences):
    assert len(sentences) == 10_001
    assert len(set(sentences)) >= 9_000
    assert max(map(len, sentences)) == 101
    assert min(map(len, sentences)) > 0
    assert "".join(sorted(set("".join(sentences)))) == " ',.?ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_as_long_and_varied_as_the_decipher_corpus(sentences):
    lengths = sorted(map(len, sentences))
    words = {word for sentence in sentences for word in sentence.split() if word.isalpha()}
    # There: mean 65.2, deviation 16.2, median 71, 198 words.
    assert 60 < mean(lengths) < 70
    assert 14 < pstdev(lengths) < 19
    assert 68 < lengths[len(lengths) // 2] < 74
    assert len(words) >= 190


def test_sentences_are_well_formed(sentences):
    for sentence in sentences:
        assert sentence.endswith((" .", " ?"))
        assert "  " not in sentence
        assert sentence == sentence.strip().upper()


def test_a_shorter_corpus_is_the_beginning_of_a_longer_one(sentences):
    assert grammar.generate(50) == sentences[:50]
    assert grammar.generate(0) == []
    assert grammar.generate(10_011)[:10_001] == sentences


def test_another_seed_gives_other_sentences(sentences):
    assert grammar.generate(50, seed=7) != sentences[:50]


@pytest.mark.parametrize("arguments", [{"count": -1}, {"seed": -1}])
def test_negative_numbers_are_refused(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"^{name}: -1, but it should be at least 0"):
        grammar.generate(**arguments)


def test_every_rule_is_used_and_defined():
    used = {"sentence"}
    for text in grammar.RULES.values():
        used.update(grammar._REFERENCE.findall(text))
    assert used == set(grammar.RULES)
