"""Classify sentences: many-to-one, words as input, sentences of any length.

Reviews of a meal, of three to fifteen words. Which way one points depends on the order of its
words: "not bad" praises, and what comes after "but" outweighs what came before. A bag of words
cannot know that; an LSTM that reads the sentence can.
"""

import random

import numpy as np

import fastrnn
from fastrnn.layers import LSTM, Bidirectional, Dense, Embedding, Input
from fastrnn.models import Sequential
from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.text import Tokenizer

GOOD = "good fresh lovely crisp tender generous warm excellent".split()
BAD = "bad stale dreadful soggy tough meagre cold awful".split()
DISHES = "soup bread fish stew salad cake tart pie".split()
HEDGES = ["", "really ", "quite ", "rather ", "so "]


def clause(praise: bool, rng: random.Random) -> str:
    """Return a clause that praises or does not."""
    negated = rng.random() < 0.5
    word = rng.choice(GOOD if praise != negated else BAD)
    verb = "was not" if negated else "was"
    return f"the {rng.choice(DISHES)} {verb} {rng.choice(HEDGES)}{word}"


def review(rng: random.Random) -> tuple[str, int]:
    """Return a review, and 1 if it recommends the place."""
    praise = rng.random() < 0.5
    form = rng.randrange(3)
    if form == 0:
        return clause(praise, rng), int(praise)
    if form == 1:
        return f"{clause(praise, rng)} and {clause(praise, rng)}", int(praise)
    return f"{clause(not praise, rng)} but {clause(praise, rng)}", int(praise)


def main() -> None:
    fastrnn.set_seed(1)
    rng = random.Random(1)
    texts, labels = zip(*(review(rng) for _ in range(6_000)), strict=True)
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(texts)
    x = pad_sequences(tokenizer.texts_to_sequences(texts), padding="post")
    y = np.array(labels)[:, np.newaxis]

    words = len(tokenizer.word_index) + 1  # 0 is padding
    model = Sequential(
        [
            Input((None,), dtype="int32"),
            Embedding(words, 16, mask_zero=True),
            Bidirectional(LSTM(16)),
            Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    model.fit(x, y, epochs=6, validation_split=0.2)

    asked = [
        "the soup was not bad",
        "the soup was not good",
        "the bread was stale but the cake was lovely",
        "the cake was lovely but the bread was stale",
        "the tart was really crisp and the fish was not tough",
    ]
    ids = pad_sequences(tokenizer.texts_to_sequences(asked), padding="post")
    print()
    for text, probability in zip(asked, model.predict(ids)[:, 0], strict=True):
        print(f"{probability:4.0%} recommend   {text}")


if __name__ == "__main__":
    main()
