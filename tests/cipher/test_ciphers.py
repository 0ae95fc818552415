"""Ciphers: known vectors, round trips, what they leave alone, keys that they refuse."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from fastrnn.cipher import (
    CIPHERS,
    Affine,
    Autokey,
    Beaufort,
    Caesar,
    Columnar,
    Enigma,
    Substitution,
    Vigenere,
    make_cipher,
)
from fastrnn.cipher.ciphers.base import ALPHABET, END, LETTERS, word
from fastrnn.cipher.errors import InvalidKeyError

words = st.text(alphabet=ALPHABET + ALPHABET.lower(), min_size=1, max_size=12)
keyed = st.one_of(
    st.builds(Caesar, st.integers(-25, 25)),
    st.builds(Substitution, st.permutations(ALPHABET).map("".join)),
    st.builds(Vigenere, words),
    st.builds(Autokey, words),
    st.builds(Beaufort, words),
    st.builds(Columnar, words),
    st.builds(Affine, st.sampled_from(["1,0", "5,8", "25,25", "17,1"])),
    st.builds(Enigma, st.text(alphabet=ALPHABET, min_size=3, max_size=3)),
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
        (Beaufort("FORTIFICATION"), "DEFENDTHEEASTWALLOFTHECASTLE", "CKMPVCPVWPIWUJOGIUAPVWRIWUUK"),
        (Affine("5,8"), "Affine Cipher", "Ihhwvc Swfrcp"),
        (Columnar("ZEBRAS"), "WEAREDISCOVEREDFLEEATONCE", "EVLNACDTESEAROFODEECWIREE"),
        (Columnar("zebras"), "We are discovered!", "Ev acd eserodewir!"),
        (Enigma("AAA"), "AAAAA", "BDZGO"),
        (Enigma("AAA", rings="BBB"), "aaa aa", "ewt yx"),
    ],
)
def test_known_vectors(cipher, message, expected):
    assert cipher.encode(message) == expected
    assert cipher.decode(expected) == message


@given(keyed, messages)
def test_decode_undoes_encode(cipher, message):
    assert cipher.decode(cipher.encode(message)) == message
    assert cipher.encode(cipher.decode(message)) == message


#: Messages that were sent, or printed, with the real machine: the example of the instruction manual
#: of 1930, and the first part of one of July 1941, after the attack on the Soviet Union.
MANUAL = (
    Enigma("ABL", "II I III", "A", "XMV", "AM FI NV PS TU WZ"),
    "GCDSEAHUGWTQGRKVLFGXUCALXVYMIGMMNMFDXTGNVHVRMMEVOUYFZSLRHDRRXFJWCFHUHMUNZEFRDISIKBGPMYVXUZ",
    "FEINDLIQEINFANTERIEKOLONNEBEOBAQTETXANFANGSUEDAUSGANGBAERWALDEXENDEDREIKMOSTWAERTSNEUSTADT",
)
OF_1941 = (
    Enigma("BLA", "II IV V", "B", "BUL", "AV BS CG DL FU HZ IN KM OW RX"),
    "EDPUDNRGYSZRCXNUYTPOMRMBOFKTBZREZKMLXLVEFGUEYSIOZVEQMIKUBPMMYLKLTTDEISMDICAGYKUACTCDOMOHWXMU"
    "UIAUBSTSLRNBZSZWNRFXWFYSSXJZVIJHIDISHPRKLKAYUPADTXQSPINQMATLPIFSVKDASCTACDPBOPVHJK",
    "AUFKLXABTEILUNGXVONXKURTINOWAXKURTINOWAXNORDWESTLXSEBEZXSEBEZXUAFFLIEGERSTRASZERIQTUNGXDUBRO"
    "WKIXDUBROWKIXOPOTSCHKAXOPOTSCHKAXUMXEINSAQTDREINULLXUHRANGETRETENXANGRIFFXINFXRGTX",
)


@pytest.mark.parametrize(("machine", "cipher", "message"), [MANUAL, OF_1941])
def test_the_enigma_reads_what_was_sent(machine, cipher, message):
    assert machine.decode(cipher) == message
    assert machine.encode(message) == cipher


def test_the_middle_rotor_steps_twice():
    """From ADU by ADV and AEW to BFX: in the windows, as every description has it."""
    machine = Enigma("ADU")
    shown = machine.shown(machine.key_row[np.newaxis], 3)[0]
    assert [word(row) for row in shown] == ["ADV", "AEW", "BFX"]


@pytest.mark.parametrize(
    ("option", "value", "should"),
    [
        ("rotors", "I II", "three different ones of I II III IV V"),
        ("rotors", "I II II", "three different ones"),
        ("rotors", "I II VI", "three different ones"),
        ("rotors", 3, "three different ones"),
        ("reflector", "D", "one of A B C"),
        ("rings", "AA", "three of the letters"),
        ("rings", "A1A", "three of the letters"),
        ("plugboard", "AB BC", "pairs of letters, each letter once"),
        ("plugboard", "ABC", "pairs of letters"),
        ("plugboard", "A1", "pairs of letters"),
        ("plugboard", "AA", "pairs of letters"),
    ],
)
def test_an_enigma_that_cannot_be_built_is_refused(option, value, should):
    with pytest.raises(InvalidKeyError, match=f"^enigma: .*{value!r}, but it should be {should}"):
        make_cipher("enigma", "AAA", **{option: value})


def test_an_option_of_another_cipher_is_refused():
    with pytest.raises(InvalidKeyError, match=r"caesar cipher has no such option; .* none"):
        make_cipher("caesar", "5", rings="AAA")


@pytest.mark.parametrize("name", CIPHERS)
def test_random_keys_make_ciphers(name):
    """Rows with keys of their own are what the ciphers with these keys make of them."""
    kind = CIPHERS[name]
    rng = np.random.default_rng(0)
    most = kind.key_letters[1] or 6
    keys = kind.random_keys(rng, 60, most)
    assert keys.shape == (60, most)
    lengths = (keys != END).sum(axis=1)
    assert set(lengths) == set(range(kind.key_letters[0], most + 1))
    assert len(set(map(bytes, keys))) > (20 if name == "caesar" else 50)
    rows = rng.integers(0, 26, (60, 30), np.int8)
    rows[np.arange(30) >= rng.integers(0, 31, (60, 1))] = END
    together = make_cipher(name)
    encoded = together.encode_rows(keys, rows)
    assert np.array_equal(encoded == END, rows == END)
    for key, row, code in zip(keys, rows, encoded, strict=True):
        alone = kind(kind.written(key))
        assert word(alone.key_row) == word(key)
        assert alone.encode(word(row)) == word(code)
    assert np.array_equal(together.decode_rows(keys, encoded), rows)


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
        ("affine", "2,3", "the first odd and not 13"),
        ("affine", "13,3", "the first odd and not 13"),
        ("affine", "5,26", "both from 0 to 25"),
        ("affine", "5", "two numbers"),
        ("affine", 5, "two numbers"),
        ("columnar", "", "letters A to Z"),
        ("enigma", "AB", "three of the letters A to Z"),
        ("enigma", "ABCD", "three of the letters A to Z"),
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
