"""Ciphers: known vectors, round trips, what they leave alone, keys that they refuse."""

import pytest
from hypothesis import given, strategies as st

from fastrnn.cipher import CIPHERS, Autokey, Caesar, Substitution, Vigenere, make_cipher
from fastrnn.cipher.ciphers.base import ALPHABET, LETTERS
from fastrnn.cipher.errors import InvalidKeyError

words = st.text(alphabet=ALPHABET + ALPHABET.lower(), min_size=1, max_size=12)
keyed = st.one_of(
    st.builds(Caesar, st.integers(-25, 25)),
    st.builds(Substitution, st.permutations(ALPHABET).map("".join)),
    st.builds(Vigenere, words),
    st.builds(Autokey, words),
)
messages = st.text(max_size=80) | st.text(alphabet="AaZzQq ,.?'éßıſ\n", max_size=80)


@pytest.mark.parametrize(
    ("cipher", "message", "expected"),
    [
        (Caesar(5), "THE LIME IS HER", "YMJ QNRJ NX MJW"),
        (Caesar(3), "Veni, vidi, vici!", "Yhql, ylgl, ylfl!"),
        (Caesar(-3), "DEF abc", "ABC xyz"),
        (Caesar(0), "as it is", "as it is"),
        (Substitution("ZEBRASCDFGHIJKLMNOPQTUVWXY"), "Flee at once", "Siaa zq lkba"),
        (Vigenere("LEMON"), "attack at dawn", "lxfopv ef rnhr"),
        (Vigenere("lemon"), "ATTACKATDAWN", "LXFOPVEFRNHR"),
        (Autokey("QUEENLY"), "ATTACK AT DAWN", "QNXEPV YT WTWP"),
    ],
)
def test_known_vectors(cipher, message, expected):
    assert cipher.encode(message) == expected
    assert cipher.decode(expected) == message


@given(keyed, messages)
def test_decode_undoes_encode(cipher, message):
    assert cipher.decode(cipher.encode(message)) == message
    assert cipher.encode(cipher.decode(message)) == message


@given(keyed, messages)
def test_only_letters_change_and_case_stays(cipher, message):
    encoded = cipher.encode(message)
    assert len(encoded) == len(message)
    for before, after in zip(message, encoded, strict=True):
        if before in LETTERS:
            assert after in LETTERS
            assert after.isupper() == before.isupper()
        else:
            assert after == before


@given(keyed, messages)
def test_each_call_starts_the_key_afresh(cipher, message):
    assert cipher.encode(message) == cipher.encode(message)


@given(keyed, messages)
def test_the_written_key_makes_the_same_cipher(cipher, message):
    again = make_cipher(cipher.name, cipher.key)
    assert repr(again) == repr(cipher)
    assert again.encode(message) == cipher.encode(message)


@given(words, st.text(alphabet=ALPHABET + " ,.", max_size=60))
def test_vigenere_counts_letters_only(key, message):
    squeezed = "".join(c for c in message if c in LETTERS)
    encoded = Vigenere(key).encode(message)
    assert "".join(c for c in encoded if c in LETTERS) == Vigenere(key).encode(squeezed)


@pytest.mark.parametrize("name", CIPHERS)
def test_the_default_key_changes_a_text(name):
    text = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG"
    cipher = make_cipher(name)
    assert cipher.key == CIPHERS[name].default_key
    assert cipher.encode(text) != text


@pytest.mark.parametrize(
    ("name", "key", "should"),
    [
        ("caesar", "26", "whole number from -25 to 25"),
        ("caesar", "-26", "whole number from -25 to 25"),
        ("caesar", "", "whole number from -25 to 25"),
        ("caesar", "B", "whole number from -25 to 25"),
        ("caesar", "2.5", "whole number from -25 to 25"),
        ("caesar", 2.5, "whole number from -25 to 25"),
        ("substitution", "ABC", "each of the 26 letters once"),
        ("substitution", ALPHABET[:-1] + "A", "each of the 26 letters once"),
        ("substitution", ALPHABET[:-1] + "É", "letters A to Z"),
        ("vigenere", "", "letters A to Z"),
        ("vigenere", "TWO WORDS", "letters A to Z"),
        ("vigenere", 5, "letters A to Z"),
        ("autokey", "K3Y", "letters A to Z"),
    ],
)
def test_a_bad_key_is_refused(name, key, should):
    with pytest.raises(InvalidKeyError, match=f"^{name}: the key is {key!r}, but .*{should}"):
        make_cipher(name, key)


def test_an_unknown_cipher_is_refused():
    with pytest.raises(InvalidKeyError, match="'rot13', but it should be one of caesar, "):
        make_cipher("rot13")


@given(keyed, st.lists(st.text(alphabet="abyzAZ é😀\r\ud800", max_size=9), min_size=1))
def test_lines_are_enciphered_together_as_alone(cipher, texts):
    assert cipher.encode_lines("\n".join(texts)) == "\n".join(map(cipher.encode, texts))
