"""Texts read without their key, and the model of English that judges them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import fastrnn
from fastrnn.cipher import (
    CorpusError,
    Cracker,
    InvalidKeyError,
    LanguageModel,
    RunError,
    built_in,
    make_cipher,
)
from fastrnn.cipher.ciphers.base import ALPHABET, word
from fastrnn.cipher.cracking import alphabets, words
from fastrnn.cipher.cracking.candidate import arrangement_bits
from fastrnn.cipher.cracking.certainty import Evidence, probability
from fastrnn.cipher.cracking.language import letters_of, train
from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential
from tests.tolerances import PARITY

#: The searches are the same at every instruction set, and so are the answers but for rounding.
pytestmark = pytest.mark.once

FLOAT32 = np.dtype(np.float32)

TEXT = (
    "The keeper of the lighthouse had been alone for most of the winter. Every evening he went up "
    "the stairs, lit the lamp, and wrote one line about the weather into a heavy book; then he "
    "would sit at the window, where the wind came in, and wait for the ships to pass below him."
)

#: Texts of 150 letters each, in other styles.
OTHERS = [
    "A recurrent network reads a sentence letter by letter, and keeps what it needs of the past in "
    "a small vector of numbers. Nobody tells it which part of the sentence will matter later; it "
    "has to find out.",
    "HE LIKES PEARS AND THE GREEN APPLES , BUT SHE LIKES THE YELLOW LEMON . IT IS COLD IN THE "
    "MOUNTAINS DURING MARCH , AND THE RIVER IS NEVER QUIET BEFORE THE SUMMER . THEY WILL SELL IT .",
    "The treaty was signed in 1848 after two years of war, and it moved the border of the republic "
    "several hundred miles to the south. Most of the towns along the coast were founded in the "
    "decades that followed.",
]


@pytest.fixture(scope="module")
def cracker():
    return Cracker()


@pytest.mark.parametrize(
    ("cipher", "key"),
    [
        ("caesar", "19"),
        ("caesar", "0"),
        ("vigenere", "WZKFHQBD"),
        ("autokey", "PLUVIAL"),
    ],
)
def test_a_text_under_a_key_word(cracker, cipher, key):
    reading = cracker.crack(make_cipher(cipher, key).encode(TEXT))
    assert (reading.cipher, reading.key, reading.text) == (cipher, key, TEXT)
    assert reading.sure > 0.9
    assert 1.5 < reading.bits < 3
    assert reading.margin > 10


@pytest.mark.parametrize("text", OTHERS)
@pytest.mark.parametrize("key", ["SVG", "TOQCJWAE"])
def test_other_styles(cracker, text, key):
    reading = cracker.crack(make_cipher("vigenere", key).encode(text), "vigenere", 10)
    assert (reading.key, reading.text) == (key, text)


def test_a_substitution(cracker):
    text = f"{TEXT} {OTHERS[0]} {OTHERS[2]}"
    cipher = make_cipher("substitution", "ZEBRASCDFGHIJKLMNOPQTUVWXY")
    reading = cracker.crack(cipher.encode(text))
    assert (reading.cipher, reading.text) == ("substitution", text)
    # What the text does not have cannot be known; the key makes the same cipher text all the same.
    assert sorted(reading.key) == list(ALPHABET)
    assert make_cipher("substitution", reading.key).encode(text) == cipher.encode(text)


def test_letters_that_come_late_in_a_long_text(cracker):
    """The search looks at the first letters only; the others may have letters that those lack."""
    begin = " ".join([*[TEXT.replace("v", "b"), OTHERS[2].replace("v", "w")] * 2])
    late = "The very quick fox jumped over seven lazy boxes of wax, and the vexed judge quit. " * 4
    text = f"{begin} {late}"
    assert len(letters_of(begin)) > 600
    cipher = make_cipher("substitution", "ZEBRASCDFGHIJKLMNOPQTUVWXY")
    assert cracker.crack(cipher.encode(text), "substitution").text == text


def test_the_same_text_gives_the_same_answer(cracker):
    text = make_cipher("substitution").encode(TEXT)
    assert cracker.crack(text) == Cracker().crack(text)


@pytest.mark.parametrize(
    ("key", "found"), [("KEYKEY", "KEY"), ("KEYK", "KEYK"), ("TAT", "TAT"), ("QQQ", "Q")]
)
def test_a_key_that_repeats_itself_is_given_once(cracker, key, found):
    reading = cracker.crack(make_cipher("vigenere", key).encode(TEXT), "vigenere", 6)
    assert (reading.key, reading.text) == (found, TEXT)


def test_a_key_longer_than_allowed_is_not_found(cracker):
    secret = make_cipher("vigenere", "WZKFHQ").encode(TEXT)
    assert cracker.crack(secret, "vigenere", 6).text == TEXT
    assert cracker.crack(secret, "vigenere", 5).text != TEXT


def test_everything_but_letters_stays(cracker):
    text = f"«{TEXT.upper()}»\n\tÉté 1999, {TEXT.lower()}\n"
    assert cracker.crack(make_cipher("caesar", "3").encode(text), "caesar").text == text


@pytest.mark.parametrize("cipher", [None, "vigenere"])
def test_random_letters_are_not_read(cracker, cipher):
    letters = np.random.default_rng(3).integers(0, 26, 150).astype(np.int8)
    reading = cracker.crack(word(letters), cipher, 8)
    assert reading.sure < 0.3
    assert reading.bits > 3


def test_a_short_text_is_less_sure(cracker):
    secret = make_cipher("vigenere", "WZKFHQ").encode(TEXT)
    whole, part = cracker.crack(secret, "vigenere", 8), cracker.crack(secret[:17], "vigenere", 8)
    assert part.sure < 0.7 < 0.9 < whole.sure


@given(st.floats(0, 1e4), st.floats(0, 20), st.integers(10, 10**6))
def test_sure_is_a_probability_that_grows_with_the_margin(margin, bits, letters):
    less = probability(Evidence(margin, bits, letters))
    assert 0 <= less <= probability(Evidence(margin + 1, bits, letters)) <= 1


MEASURED = Path(__file__).parents[2] / "docs" / "figures" / "cracking.csv"


@pytest.mark.skipif(not MEASURED.is_file(), reason="the documentation is not beside the tests")
def test_sure_is_the_share_of_measured_texts_that_were_right():
    with MEASURED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sure = [
        probability(Evidence(float(row["margin"]), float(row["bits"]), int(row["letters"])))
        for row in rows
    ]
    sure, right = np.array(sure), np.array([row["right"] == "1" for row in rows])
    for low, high in ((0, 0.1), (0.1, 0.9), (0.9, 0.99), (0.99, 1)):
        some = (low <= sure) & (sure <= high)
        assert some.sum() > 20
        assert right[some].mean() == pytest.approx(sure[some].mean(), abs=0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text: has no letters A to Z"),
        ("123 , !", "the text: has no letters A to Z"),
        ("Too short", "the text: has 8 letters, but should have 10 or more"),
        ("Привет, как дела", "most letters are other ones than A to Z, such as 'П'"),
    ],
)
def test_a_text_that_cannot_be_read(cracker, text, message):
    with pytest.raises(CorpusError, match=message):
        cracker.crack(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cipher": "vigenre"}, "cipher: 'vigenre', but .*; did you mean vigenere?"),
        ({"cipher": "enigma"}, "cipher: 'enigma', but it should be one of caesar, "),
        ({"max_key_length": 0}, "max_key_length: 0, but it should be a whole number of 1"),
        ({"max_key_length": 2.5}, "max_key_length: 2.5, but it should be a whole"),
        ({"max_key_length": True}, "max_key_length: True, but it should be a whole"),
    ],
)
def test_a_bad_option(cracker, options, message):
    with pytest.raises(InvalidKeyError, match=message):
        cracker.crack(TEXT, **options)


rows = st.lists(st.integers(0, 25), min_size=12, max_size=60).map(lambda x: np.array(x, np.int8))


@given(st.sampled_from(words.WORD_CIPHERS), st.text(ALPHABET, min_size=1, max_size=9), rows)
@settings(max_examples=50)
def test_columns_are_what_the_cipher_makes(name, key, letters):
    """The search deciphers by itself; it must agree with the cipher."""
    key = key[0] if name == "caesar" else key
    numbers = letters_of(key)
    written = str(numbers[0]) if name == "caesar" else key
    wanted = letters_of(make_cipher(name, written).decode(word(letters)))
    found = words.options(name, letters, len(numbers))
    each = np.resize(numbers, len(letters))
    np.testing.assert_array_equal(found[each, np.arange(len(letters))], wanted)


@pytest.mark.parametrize("name", ["vigenere", "autokey", "substitution"])
def test_neighbours_are_what_their_keys_make(cracker, name):
    letters = letters_of(TEXT)[:80]
    if name == "substitution":
        first = alphabets.search(cracker.model, letters)[0]
        near = alphabets.neighbours(first, letters)
        # No two letters that the text lacks are exchanged.
        lacking = 26 - len(set(letters.tolist()))
        assert len(near) == 25 * 26 // 2 - lacking * (lacking - 1) // 2
    else:
        first = words.search(cracker.model, name, letters, 4)[0]
        near = words.neighbours(first, letters)
        assert len(near) == 4 * 25
    for candidate in [first, *near]:
        cipher = make_cipher(name, word(candidate.key))
        assert cipher.decode(word(letters)) == word(candidate.letters.astype(np.int8))


def test_the_bits_of_a_key():
    assert arrangement_bits(1) == pytest.approx(np.log2(26))
    assert arrangement_bits(26) == pytest.approx(88.38, abs=0.01)


def test_the_model_is_a_distribution(cracker):
    """The chances of all letters that may come next sum to one."""
    texts = np.array([[*letters_of("THEQUI"), letter] for letter in range(26)])
    assert np.exp2(-cracker.model.bits(texts)[:, -1]).sum() == pytest.approx(1, abs=1e-4)


def test_the_tables_are_the_answers_of_the_model(cracker):
    texts = np.random.default_rng(0).integers(0, 26, (50, 4))
    bits = cracker.model.bits(texts)
    for step, table in enumerate(cracker.model.tables):
        found = table[tuple(texts[:, : step + 1].T)]
        np.testing.assert_allclose(found, bits[:, step], rtol=PARITY[FLOAT32], atol=1e-4)
    quick = cracker.model.quick_bits(texts)
    np.testing.assert_allclose(quick, bits.sum(axis=1), rtol=1e-4)
    longer = cracker.model.quick_bits(letters_of("THEN")[np.newaxis])
    assert longer < cracker.model.quick_bits(letters_of("HTNE")[np.newaxis])


def test_english_is_worth_fewer_bits(cracker):
    english = letters_of(TEXT)
    shuffled = np.random.default_rng(0).permutation(english)
    own, other = cracker.model.bits(np.stack([english, shuffled])).mean(axis=1)
    assert own < 2.9
    assert other > own + 1.5


def test_the_model_comes_with_the_package_and_is_small():
    file = Path(fastrnn.__file__).parent / "cipher" / "cracking" / "english.safetensors"
    assert 50_000 < file.stat().st_size < 400_000


def test_a_model_of_ones_own(tmp_path, cracker):
    sentences = list(built_in(make_cipher("caesar"), 600).plaintexts)
    epochs = []
    model = train(
        sentences, units=24, epochs=3, seed=1, report=lambda _, *numbers: epochs.append(numbers)
    )
    assert [number for number, _ in epochs] == [1, 2, 3]
    assert epochs[-1][1] < epochs[0][1] < np.log2(26)
    model.model.save(tmp_path / "own.safetensors", include_optimizer=False)
    again = LanguageModel.load(tmp_path / "own.safetensors")
    letters = letters_of(sentences[0])[np.newaxis]
    np.testing.assert_array_equal(again.bits(letters), model.bits(letters))
    secret = make_cipher("caesar", "7").encode(sentences[0])
    assert Cracker(again).crack(secret, "caesar").text == sentences[0]


def test_another_model_is_refused(tmp_path):
    Sequential([Input((3,)), Dense(2)]).save(tmp_path / "other.safetensors")
    with pytest.raises(RunError, match=r"other\.safetensors: not a model of letters"):
        LanguageModel.load(tmp_path / "other.safetensors")


def test_training_wants_letters():
    with pytest.raises(CorpusError, match="the texts have 8 letters, but should have"):
        train(["Too", "short"])


def test_letters_with_accents_count_in_training_only():
    assert word(letters_of("Né à Paris!")) == "NPARIS"
