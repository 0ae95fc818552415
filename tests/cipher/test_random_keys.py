"""Runs whose samples each have a key of their own: what is drawn, held out, learned and resumed."""

from dataclasses import asdict
from itertools import pairwise

import numpy as np
import pytest

import fastrnn
from fastrnn.cipher import (
    CIPHERS,
    Decipherer,
    RunDirectory,
    Settings,
    Training,
    lesson as lesson_module,
    make_cipher,
    network,
)
from fastrnn.cipher.ciphers.base import ALPHABET, END, word
from fastrnn.cipher.errors import CorpusError, RunError, SettingsError
from fastrnn.cipher.evaluation import evaluate, files_of, held_out_of
from fastrnn.cipher.keyed import Drawn, is_held_out, key_row
from fastrnn.cipher.lesson import Lesson
from tests.cipher.conftest import SMALL
from tests.cipher.test_training import Kill, Killed, state

RANDOM = {"cipher": "vigenere", "key": "random"}
LETTERS = {**RANDOM, "text": "random", "text_length": 7, "key_length": 3}
#: As many of them as of sentences are held out, and all are whole from the start.
FIFTH = {"validation_split": 0.2, "curriculum": 0.0}


def prepared(**settings):
    return Lesson.prepare(Settings(**{**SMALL, **RANDOM, **FIFTH, **settings}))


def read(lesson, x, y, weights=None):
    """Return keys, ciphers and messages of what goes into a model and what should come out."""
    config = lesson.config
    keys = config.key_length
    y = y[0] if isinstance(y, list) else y  # in front of what windows show
    return [
        (config.source.text(a[:keys]), config.source.text(a[keys:]), config.target.text(b[:, 0]))
        for a, b in zip(x, y, strict=True)
    ]


@pytest.mark.parametrize("name", [name for name in CIPHERS if name != "caesar"])
@pytest.mark.parametrize("text", ["corpus", "random"])
def test_samples_are_messages_behind_their_keys(name, text):
    lesson = prepared(cipher=name, text=text)
    config, kind = lesson.config, CIPHERS[name]
    assert config.key_length == (kind.key_letters[1] or 6)
    samples = read(lesson, *lesson.training.batch(np.arange(len(lesson.training))))
    assert len(samples) == 96
    for key, cipher, message in samples:
        row = np.array(["abcdefghijklmnopqrstuvwxyz".index(c) for c in key], np.int8)
        own = make_cipher(name, kind.written(row))
        assert own.encode(message.upper()).lower() == cipher
    if text == "random":
        assert {len(message) for _, _, message in samples} == {20}
    x, y = lesson.arrays(lesson.held_out)
    assert x.shape == (24, config.length)
    assert y.shape == (24, config.length, 1)
    assert not y[:, : config.key_length].any()


def test_every_epoch_draws_others_and_the_same_ones_again():
    lesson = prepared(**LETTERS)
    drawn = lesson.training
    all_of_them = np.arange(len(drawn))
    epochs = []
    for epoch in (0, 1, 2):
        drawn.on_epoch_begin(epoch)
        epochs.append(drawn.batch(all_of_them)[0])
    first, second, third = ({tuple(row) for row in x} for x in epochs)
    assert len(first) == len(drawn)
    assert not first & second
    assert not second & third
    # A sample does not depend on which others are asked for, or were before.
    again = prepared(**LETTERS).training
    again.on_epoch_begin(1)
    for indices in ([95], [3, 70, 2], range(60, 70)):
        assert np.array_equal(again.batch(np.array(indices))[0], epochs[1][list(indices)])
    other = prepared(**LETTERS, seed=1).training
    assert not {tuple(row) for row in other.batch(all_of_them)[0]} & first


def test_keys_and_messages_held_out_are_never_trained_on():
    lesson = prepared(**LETTERS, sentences=400)
    trained_keys, trained_messages = set(), set()
    for epoch in range(8):
        lesson.training.on_epoch_begin(epoch)
        samples = read(lesson, *lesson.training.batch(np.arange(len(lesson.training))))
        trained_keys |= {key for key, _, _ in samples}
        trained_messages |= {message for _, _, message in samples}
    held_out = read(lesson, *lesson.arrays(lesson.held_out))
    assert len(trained_keys) > 1000
    assert not trained_keys & {key for key, _, _ in held_out}
    assert not trained_messages & {message for _, _, message in held_out}
    # Every key that is held out is one that a training could have drawn but for that.
    assert {len(key) for key, _, _ in held_out} == {1, 2, 3}


def test_a_fifth_of_all_keys_is_held_out():
    rows = np.stack(np.meshgrid(*[np.arange(26, dtype=np.int8)] * 3), axis=-1).reshape(-1, 3)
    for share in (0.05, 0.2, 0.5):
        assert is_held_out(rows, share).mean() == pytest.approx(share, abs=0.01)
    assert not is_held_out(rows, 0.0).any()
    # The end of a row is not part of it.
    longer = np.pad(rows, ((0, 0), (0, 2)), constant_values=END)
    assert np.array_equal(is_held_out(longer, 0.2), is_held_out(rows, 0.2))
    # No letter at any place tells which part a key is of.
    held_out = is_held_out(rows, 0.2)
    for place in range(3):
        shares = np.bincount(rows[held_out, place], minlength=26) / 676
        assert 0.12 < shares.min() <= shares.max() < 0.28


def test_sentences_held_out_are_none_of_those_trained_on(tmp_path):
    file = tmp_path / "plain.txt"
    file.write_text("ONE TWO THREE ONE FOUR TWO FIVE ONE  SIX".replace(" ", "\n"))
    lesson = prepared(plaintext=str(file), sentences=None, validation_split=0.5)
    assert list(lesson.held_out.plaintexts) == ["FIVE", "SIX"]
    file.write_text("\n".join(["ONE ."] * 10))
    with pytest.raises(CorpusError, match="all sentences to hold out are among those to train on"):
        prepared(plaintext=str(file), sentences=None)


def test_a_curriculum_begins_with_short_messages_and_keys_of_all_lengths():
    lesson = prepared(**{**LETTERS, "key_length": 6, "text_length": 20}, curriculum=0.5, epochs=20)
    lengths, keys = [], []
    for epoch in (0, 4, 9, 10, 19):
        lesson.training.on_epoch_begin(epoch)
        samples = read(lesson, *lesson.training.batch(np.arange(64)))
        lengths.append({len(text) for _, _, text in samples})
        keys.append({len(key) for key, _, _ in samples})
    assert lengths == [{6}, {12}, {19}, {20}, {20}]
    assert keys == [{1, 2, 3, 4, 5, 6}] * 5


def test_a_network_that_learns_an_enigma_is_told_what_its_windows_show():
    lesson = prepared(cipher="enigma", readout=4, sentences=60)
    config = lesson.config
    x, (y, *windows), (weights, *where) = lesson.weighted(lesson.held_out)
    assert [window.shape for window in windows] == 3 * [(*y.shape[:2], 1)]
    assert np.array_equal(weights, y[..., 0] > 0)
    seen = 0
    for row in range(len(x)):
        key = config.source.text(x[row, :3]).upper()
        text = lesson.held_out.ciphertexts[row]
        machine = make_cipher("enigma", key)
        letters = [i + 3 for i, character in enumerate(text) if character.isalpha()]
        # Neither the key nor what is no letter turns the rotors.
        for steps in where:
            assert np.flatnonzero(steps[row]).tolist() == letters
        shown = [word(np.array([w[row, i, 0] for w in windows], np.int8)) for i in letters]
        for i, (before, after) in enumerate(pairwise([key, *shown])):
            # A machine set to what the windows showed goes on as the first one did.
            one = make_cipher("enigma", before).encode(text[letters[i] - 3])
            assert one == machine.encode(text)[letters[i] - 3]
            assert after[2] == ALPHABET[(ALPHABET.index(before[2]) + 1) % 26]
        seen += len(letters)
    assert seen > 200
    # A batch that is drawn has the same parts, whichever samples are asked for.
    drawn = lesson.training
    whole, some = drawn.batch(np.arange(40)), drawn.batch(np.array([3, 39]))
    for part, few in zip(whole[1:], some[1:], strict=True):
        assert len(part) == 4
        for array, rows in zip(part, few, strict=True):
            assert np.array_equal(array[[3, 39]], rows)


@pytest.mark.parametrize("name", [name for name in CIPHERS if name not in ("caesar", "enigma")])
def test_other_ciphers_have_no_windows(name):
    settings = Settings(**{**LETTERS, "cipher": name, "key_length": None}, readout=4)
    assert settings.windows == 0
    assert settings.with_key().shown(np.zeros((2, 6), np.int8), 5).shape == (2, 5, 0)


def test_a_curriculum_begins_with_the_beginning_of_sentences(tmp_path):
    file = tmp_path / "plain.txt"
    file.write_text("\n".join(f"SENTENCE {'ABCDEFGHIJ'[i % 10] * (i + 1)}" for i in range(40)))
    lesson = prepared(
        plaintext=str(file), sentences=None, curriculum=0.5, epochs=10, validation_split=0
    )
    samples = read(lesson, *lesson.training.batch(np.arange(32)))
    assert {text.upper() for _, _, text in samples} == {"SENTEN"}
    lesson.training.on_epoch_begin(5)
    samples = read(lesson, *lesson.training.batch(np.arange(32)))
    assert len({text for _, _, text in samples}) > 10


def test_what_is_too_large_for_memory_counts_the_same_steps(monkeypatch):
    in_memory = prepared(**LETTERS)
    x, y, weights = in_memory.data(in_memory.held_out)
    monkeypatch.setattr(lesson_module, "IN_MEMORY", 0)
    read_later = in_memory.data(in_memory.held_out).batch(np.arange(len(x)))
    for array, wanted in zip(read_later, (x, y, weights), strict=True):
        assert np.array_equal(array, wanted)


def test_a_run_learns_evaluates_and_deciphers(start):
    """Random keys of one letter, all of them trained on, of the plainest of the ciphers."""
    training = start(
        cipher="beaufort",
        key="random",
        key_length=1,
        text="random",
        text_length=3,
        sentences=6400,
        validation_split=0.0,
        units=64,
        epochs=20,
        batch_size=64,
        learning_rate=0.01,
        schedule="cosine",
        input="one-hot",
    )
    training.run()
    assert training.epochs[-1].accuracy > 0.9
    assert training.model.optimizer.learning_rate < 1e-6
    decipherer = Decipherer.load(training.directory)
    cipher = make_cipher("beaufort", "q")
    keys = key_row(cipher, 1)[np.newaxis]
    assert decipherer.decipher([cipher.encode("Fox")], keys) == ["Fox"]


def test_a_model_of_random_keys_must_be_shown_one(start):
    training = start(**LETTERS, **FIFTH)
    training.run()
    decipherer = Decipherer.load(training.directory)
    with pytest.raises(RunError, match="should be shown a key for each text"):
        decipherer.decipher(["ABC"])
    with pytest.raises(CorpusError, match=r"has 8 characters, but the longest .* had 7"):
        decipherer.decipher(["ABCDEFGH"], key_row(make_cipher("vigenere", "A"), 3)[np.newaxis])
    with pytest.raises(CorpusError, match=r"LEMON has 5 letters, but the longest .* had 3"):
        key_row(make_cipher("vigenere", "LEMON"), 3)
    found = evaluate(decipherer, held_out_of(training.directory))
    assert found.total == 24 * 7
    assert found.accuracy == pytest.approx(min(training.epochs, key=lambda e: e.score).val_accuracy)


def test_other_sentences_get_keys_that_are_held_out(tmp_path):
    file = tmp_path / "plain.txt"
    file.write_text("\n".join(["ONE .", "TWO .", "THREE ."] * 10))
    settings = Settings(**SMALL, **RANDOM)
    corpus = files_of(settings, str(file), None, None)
    assert len(corpus) == 30
    assert is_held_out(corpus.keys, 0.2).all()
    for message, cipher, key in zip(
        corpus.plaintexts, corpus.ciphertexts, corpus.keys, strict=True
    ):
        assert make_cipher("vigenere", word(key)).encode(message) == cipher
    with pytest.raises(SettingsError, match="nothing says which key"):
        files_of(settings, str(file), str(file), None)


def killed_and_resumed(start, at_end, **options):
    """Return the state of a run that was killed in its second epoch, or at the end of it."""
    broken = start("broken", **options)
    broken.save_steps = 1
    with pytest.raises(Killed):
        broken.run([Kill(2, at_end)])
    resumed = Training.resume(RunDirectory(broken.directory.path))
    resumed.run()
    return state(resumed)


@pytest.mark.parametrize("at_end", [False, True])
def test_a_resumed_run_ends_bit_identical(start, at_end):
    options = {**LETTERS, "schedule": "cosine", "curriculum": 0.5}
    whole = start("whole", **options)
    whole.run()
    assert killed_and_resumed(start, at_end, **options) == state(whole)


def test_more_epochs_than_a_schedule_has(start, tmp_path):
    start(**LETTERS, schedule="cosine").run()
    with pytest.raises(RunError, match=r"4, but the learning rate .* has come to its end"):
        Training.resume(RunDirectory(tmp_path / "run"), {"epochs": 4})


def test_any_number_of_threads_gives_the_same_bits(start):
    states = []
    for threads in (1, 2):
        before = fastrnn.get_num_threads()
        fastrnn.set_num_threads(threads)
        try:
            training = start(f"of-{threads}", **LETTERS)
            training.run()
        finally:
            fastrnn.set_num_threads(before)
        states.append(state(training))
    assert states[0] == states[1]


def test_an_epoch_is_shared_out_among_processes():
    """Each asks for its rows of a batch, whichever those are."""
    drawn = prepared(**LETTERS).training
    assert isinstance(drawn, Drawn)
    x, y, weights = drawn.batch(np.arange(16, 32))
    assert np.array_equal(weights, y[..., 0] > 0)
    for rows in (slice(0, 5), slice(5, 16)):
        part = drawn.batch(np.arange(16, 32)[rows])
        assert np.array_equal(part[0], x[rows])
        assert np.array_equal(part[1], y[rows])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"key_length": 3}, r"key_length\b.*should come with --key random"),
        ({"text": "random"}, r"text\b.*should come with --key random"),
        ({"text_length": 9}, "text_length.*should come with --key random"),
        ({"curriculum": 0.5}, "curriculum.*should come with --key random"),
        ({**RANDOM, "text": "letters"}, "'letters', but it should be one of corpus, random"),
        ({**RANDOM, "text_length": 9}, "text_length.*should come with --text random"),
        ({**RANDOM, "key_length": 0}, "key_length.*0, but it should be a whole number"),
        ({**LETTERS, "text_length": 0}, "text_length.*0, but it should be a whole number"),
        ({**LETTERS, "plaintext": "p"}, "plaintext.*text.*do not go together"),
        ({**RANDOM, "curriculum": 1.0}, "curriculum.*1.0, but it should be .* less than 1"),
        ({**RANDOM, "cipher": "enigma", "key_length": 4}, "a key of this cipher has 3 letters"),
        ({"cipher": "caesar", "key": "random"}, "so few keys there are"),
        ({**RANDOM, "key_length": 1}, "so few keys there are"),
        ({"schedule": "step"}, "'step', but it should be one of constant, cosine"),
        ({"warmup_steps": 5}, r"warmup_steps\b.*should come with --schedule cosine"),
        ({"schedule": "cosine", "warmup_steps": -1}, "warmup_steps: -1, but it should be"),
        ({**LETTERS, "sentences": 1}, "1 random texts are too few .* 0.04; ask for 2 or more"),
        (
            {**LETTERS, "sentences": 3, "validation_split": 0.9},
            "3 random texts .* 0.9; ask for 16 or more",
        ),
        ({"key": "random", "ciphertext": "c", "plaintext": "p"}, "enciphered already"),
        ({"key": "random", "cipher": ["enigma"]}, "cipher.*but it should be a text"),
    ],
)
def test_settings_that_do_not_go_together(settings, message):
    with pytest.raises(SettingsError, match=message):
        Settings(**settings)


def test_random_keys_choose_what_learns_them():
    """Where the user says nothing; what is said stays, and nothing changes for one key."""
    letters = Settings(**LETTERS)
    names = "cell units forget_bias epochs batch_size learning_rate schedule warmup_steps"
    names = [*names.split(), "clip_norm", "sentences", "validation_split", "curriculum"]
    found = [getattr(letters, name) for name in names]
    assert found == ["lstm", 256, 3.0, 40, 128, 0.004, "cosine", 0, 1.0, 100_000, 0.04, 0.1]
    found = [getattr(Settings(**RANDOM), name) for name in names]
    assert found == ["lstm", 256, 3.0, 200, 128, 0.004, "cosine", 0, 1.0, None, 0.2, 0.0]
    names = [*names, "readout"]
    found = [getattr(Settings(**{**LETTERS, "cipher": "enigma"}), name) for name in names]
    wanted = ["lstm", 256, 3.0, 16, 128, 0.003, "cosine", 100, 1.0, 100_000, 0.04, 0.0, 512]
    assert found == wanted
    found = [getattr(Settings(**{**RANDOM, "cipher": "enigma"}), name) for name in names]
    wanted[names.index("epochs")] = 200
    wanted[names.index("sentences")], wanted[names.index("validation_split")] = None, 0.2
    assert found == wanted
    steady = Settings(**{**LETTERS, "cipher": "enigma"}, schedule="constant")
    assert steady.warmup_steps == 0
    said = {"cell": "gru", "units": 7, "schedule": "constant", "sentences": 300, "clip_norm": 2.0}
    given = Settings(**LETTERS, **said)
    assert {name: getattr(given, name) for name in said} == said
    assert (given.forget_bias, given.warmup_steps) == (None, 0)
    assert Settings(**LETTERS, cell="rnn").forget_bias is None
    assert Settings(**LETTERS, forget_bias=1).forget_bias == 1
    assert letters.title == "lstm of 256 units, on random letters, vigenere with random keys"
    # Filled in, they say the same again.
    assert Settings(**asdict(letters)) == letters
    assert Settings(**asdict(given)) == given


def test_the_learning_rate_rises_first(start):
    options = {**LETTERS, "learning_rate": 0.01, "clip_norm": 1.0}
    model = start(**options, warmup_steps=4).model
    rates = [model.optimizer.schedule(step) for step in range(24)]
    assert rates[:5] == pytest.approx([0.0025, 0.004375, 0.00625, 0.008125, 0.01])
    assert rates[4] == max(rates)
    assert rates[-1] == pytest.approx(0.01 * (1 + np.cos(np.pi * 19 / 20)) / 2)
    # More steps than there are: it rises until the last.
    longer = start("longer", **options, warmup_steps=1000)
    longer.run()
    assert np.isfinite(longer.epochs[-1].loss)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"text_length": 1, "validation_split": 1e-3, "sentences": 5000}, "texts"),
        ({"key_length": 2, "validation_split": 1e-5, "sentences": 200_000}, "keys"),
        ({"cipher": "affine", "key_length": None, "validation_split": 1e-3}, "keys"),
    ],
)
def test_so_few_keys_or_texts_that_none_are_held_out(settings, what):
    """Drawing one would never end."""
    with pytest.raises(SettingsError, match=f"holds out none of 10,000 random {what}"):
        Lesson.prepare(Settings(**{**LETTERS, **settings}))


def test_more_random_texts_than_the_built_in_corpus_has():
    assert Settings(**LETTERS, sentences=300_000).drawn_samples == (288_000, 12_000)


def test_the_word_random_is_a_key_too():
    assert Settings(cipher="vigenere", key="RANDOM").key == "RANDOM"
    assert not Settings(cipher="vigenere", key="RANDOM").has_random_keys


@pytest.mark.parametrize("input", ["one-hot", "scalar", "embedding"])
def test_a_readout_multiplies_what_the_states_say_with_the_character(input):
    model = network.build("lstm", 5, None, 7, 6, input, readout=4)
    shapes = network.weight_shapes("lstm", 5, 7, 6, input, 4)
    weights = model.get_weights()
    assert [array.shape for array in weights] == shapes
    assert network.states_of(model).output_shape == (None, None, 5)
    # Nothing but the products of all projections gets to the answer.
    states = [i for i, shape in enumerate(shapes) if shape == (5, 4)]
    characters = states[0] + 2  # behind a kernel and its bias
    assert len(states) == network.STAGES
    x = network.encoded(np.array([[1, 2, 3]], np.int32), input)
    assert np.ptp(model.predict(x, verbose=0), axis=-1).min() > 1e-5
    for silent in (*states, characters):
        changed = [array.copy() for array in weights]
        for i in (silent, silent + 1):
            changed[i][...] = 0
        model.set_weights(changed)
        assert np.ptp(model.predict(x, verbose=0), axis=-1) == pytest.approx(np.zeros((1, 3)))


def test_a_readout_with_windows_is_given_what_they_show():
    model = network.build("lstm", 5, None, 7, 6, "one-hot", readout=4, windows=3)
    shapes = network.weight_shapes("lstm", 5, 7, 6, "one-hot", 4, 3)
    assert [array.shape for array in model.get_weights()] == shapes
    # Nothing but these probabilities connects the states with the answer.
    assert shapes.count((5, network.LETTERS)) == 3
    assert shapes.count((3 * network.LETTERS, 4)) == network.STAGES
    assert (5, 4) not in shapes
    x = np.array([[1, 2, 3]], np.int32)
    answer, *windows = model.predict(x, verbose=0)
    for shown in windows:
        assert shown.sum(axis=-1) == pytest.approx(np.ones((1, 3)))
    alone = network.answering(model)
    assert np.array_equal(alone.predict(x, verbose=0), answer)
    assert network.states_of(alone).output_shape == (None, None, 5)


@pytest.mark.parametrize(("cipher", "outputs"), [("enigma", 4), ("vigenere", 1)])
def test_a_run_with_a_readout_is_resumed_and_deciphers(start, cipher, outputs):
    options = {**LETTERS, **FIFTH, "cipher": cipher, "readout": 6, "key_length": 3}
    training = start("whole", **options, epochs=2)
    training.run()
    assert len(training.model.outputs) == outputs
    decipherer = Decipherer.load(training.directory)
    assert [array.shape for array in decipherer.model.get_weights()] == (
        decipherer.config.weight_shapes
    )
    keys = key_row(make_cipher(cipher, "AAA"), 3)[np.newaxis]
    assert len(decipherer.decipher(["ABCDEFG"], keys)[0]) == 7
    found = evaluate(decipherer, held_out_of(training.directory))
    assert found.total == 24 * 7
    # The figures of the run are those of the answers alone.
    assert found.accuracy == pytest.approx(min(training.epochs, key=lambda e: e.score).val_accuracy)
    # By chance, a letter costs log(26) at each of 7 of 10 steps.
    assert all(1.5 < row.loss < 3 and 1.5 < row.val_loss < 3 for row in training.epochs)
    assert killed_and_resumed(start, False, **options, epochs=2) == state(training)


def test_an_enigma_shows_the_network_where_its_rotors_stand(start):
    training = start(
        **{**LETTERS, "cipher": "enigma", "text_length": 2, "sentences": 8_000},
        validation_split=0.05,
        units=48,
        readout=8,
        epochs=3,
        batch_size=64,
        learning_rate=0.01,
    )
    training.run()
    x, (_, *windows), _ = training.lesson.weighted(training.lesson.held_out)
    _, *shown = training.model.predict(x, verbose=0)
    for window, probabilities in zip(windows, shown, strict=True):
        right = probabilities.argmax(axis=-1) == window[..., 0]
        assert right[:, 3:].mean() > 0.1  # by chance 0.04


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"cipher": "affine", "validation_split": 0.9999}, "keys"),
        ({"text_length": 1, "validation_split": 0.999}, "texts"),
    ],
)
def test_some_keys_and_texts_are_left_to_train_on(options, what):
    with pytest.raises(SettingsError, match=rf"validation_split.*leaves none of .* random {what}"):
        prepared(**{**LETTERS, "key_length": None, "sentences": 20_000, **options})


@pytest.mark.parametrize("readout", [-1, 1.5, "4", True])
def test_a_readout_has_a_whole_number_of_units(readout):
    with pytest.raises(SettingsError, match=r"readout.*whole number of at least 0"):
        Settings(readout=readout)


def test_no_readout_is_needed(start):
    """Not even for an Enigma, of which the network is told no windows then."""
    training = start(**{**LETTERS, **FIFTH, "cipher": "enigma"}, readout=0)
    training.run()
    assert len(training.model.get_weights()) == 5
    assert training.lesson.config.settings.windows == 0
    found = evaluate(Decipherer.load(training.directory), held_out_of(training.directory))
    assert found.total == 24 * 7
