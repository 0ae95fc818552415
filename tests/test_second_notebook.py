"""The seed document's second notebook: its imports, its steps, and the figures that it printed.

The cells are written anew here; names, arguments, shapes and figures are the notebook's.
"""

import numpy as np
import pytest

from fastrnn import seeding
from fastrnn.callbacks import ModelCheckpoint
from fastrnn.layers import GRU, Activation, Dense, Input, TimeDistributed
from fastrnn.losses import sparse_categorical_crossentropy
from fastrnn.models import Model, load_model
from fastrnn.optimizers import Adam
from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.text import Tokenizer

# What the notebook writes: its escapes are doubled, so it holds letters; characters ignore it.
FILTERS = "!\"#$%&()*+,-./:;<=>?@[\\\\]^_`{|}~\\t\\n'"
VAL_LOSS_OF_THE_SEED = [0.95687, 0.56940, 0.36154, 0.24660, 0.17632]
FIRST_SENTENCE = "the lime is her least liked fruit , but the banana is my least liked ."


def tokens_of(lines):
    tokenizer = Tokenizer(lower=True, split=" ", char_level=True, filters=FILTERS)
    tokenizer.fit_on_texts(lines)
    return tokenizer.texts_to_sequences(lines), tokenizer


def text_of(scores, tokenizer):
    characters = {0: "<PAD>", **tokenizer.index_word}
    return "".join(characters[index] for index in scores.argmax(axis=1))


@pytest.mark.slow
def test_the_second_notebook(decipher_data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    codes, plain = (
        (decipher_data / name).read_text(encoding="utf-8").split("\n")
        for name in ("cipher.txt", "plaintext.txt")
    )
    code_tokens, _ = tokens_of(codes)
    plain_tokens, tokenizer = tokens_of(plain)
    labels = pad_sequences(plain_tokens, maxlen=101, padding="post")[..., np.newaxis]
    x = pad_sequences(code_tokens, maxlen=101, padding="post").reshape(-1, 101, 1)
    assert plain[0].lower() == FIRST_SENTENCE
    assert x.shape == labels.shape == (10001, 101, 1)

    # What a program has that sets no seed.  Most seeds get one to three rare letters of the first
    # sentence wrong; this one gets them all, with a margin that no rounding takes away.
    seeding.set_seed(seeding.DEFAULT_SEED)
    start = Input(x.shape[1:])
    states = GRU(units=64, return_sequences=True)(start)
    logits = TimeDistributed(Dense(len(tokenizer.word_index) + 1))(states)
    model = Model(start, Activation("softmax")(logits))
    assert [layer.count_params() for layer in model.layers] == [0, 12_672, 2_080, 0]
    assert model.count_params() == 14_752

    model.compile(loss=sparse_categorical_crossentropy, optimizer=Adam(1e-3), metrics=["accuracy"])
    path = "./saved model/weights.best.deciphering.hdf5"
    best = ModelCheckpoint(filepath=path, verbose=1, save_best_only=True)
    history = model.fit(
        x,
        labels,
        batch_size=32,
        epochs=5,
        validation_split=0.2,
        callbacks=[best],
        verbose=1,
    ).history
    printed = capsys.readouterr().out
    assert "Train on 8000 samples, validate on 2001 samples\nEpoch 1/5\n" in printed
    first = history["val_loss"][0]
    assert f"Epoch 00001: val_loss improved from inf to {first:.5f}, saving model to {path}" in (
        printed
    )
    # Single runs vary on the way; at the end, this one is no worse than the notebook's.
    np.testing.assert_array_less(history["val_loss"], 1.2 * np.array(VAL_LOSS_OF_THE_SEED))
    assert history["val_loss"][-1] <= VAL_LOSS_OF_THE_SEED[-1]
    assert history["val_accuracy"][-1] > 0.95

    text = text_of(model.predict(x[:1])[0], tokenizer)
    assert text == FIRST_SENTENCE + "<PAD>" * (101 - len(FIRST_SENTENCE))
    np.testing.assert_array_equal(load_model(path).predict(x[:9]), model.predict(x[:9]))
