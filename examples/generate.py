"""Write text: a character language model that carries its state from window to window.

The text is cut into a few long strips that are read side by side, a window of each a step. With
``stateful=True`` a window starts in the state in which the one before ended, so the network sees
text without end while gradients go back through one window only: truncated backpropagation through
time. Afterwards a stream of one character at a time writes on its own.
"""

import numpy as np

import fastrnn
from fastrnn.cipher.grammar import generate
from fastrnn.layers import GRU, Dense, Embedding, Input
from fastrnn.models import Sequential
from fastrnn.optimizers import Adam

STRIPS, WINDOW, EPOCHS = 32, 64, 6


def main() -> None:
    fastrnn.set_seed(1)
    text = "\n".join(generate(3_000))
    alphabet = sorted(set(text))
    ids = np.array([alphabet.index(character) for character in text], np.int32)

    # (strips, windows, WINDOW): the next window of a strip goes on where the last one ended.
    windows = (len(ids) - 1) // (STRIPS * WINDOW)
    x, y = (
        ids[shift:][: STRIPS * windows * WINDOW].reshape(STRIPS, windows, WINDOW)
        for shift in (0, 1)
    )

    def in_turn(a: np.ndarray) -> np.ndarray:
        return a.swapaxes(0, 1).reshape(windows * STRIPS, WINDOW)

    model = Sequential(
        [
            Input(batch_shape=(STRIPS, None), dtype="int32"),
            Embedding(len(alphabet), 24),
            GRU(128, return_sequences=True, stateful=True),
            Dense(len(alphabet), activation="softmax"),
        ]
    )
    model.compile(Adam(0.004, global_clipnorm=1.0), "sparse_categorical_crossentropy", ["accuracy"])
    for epoch in range(EPOCHS):
        model.reset_states()
        history = model.fit(in_turn(x), in_turn(y), batch_size=STRIPS, shuffle=False, verbose=0)
        loss, accuracy = history.history["loss"][0], history.history["accuracy"][0]
        print(
            f"epoch {epoch + 1:2d}: {loss / np.log(2):.2f} bits a character, {accuracy:.1%} right"
        )

    print()
    rng = np.random.default_rng(1)
    stream = model.stream()
    character = alphabet.index("\n")
    written = []
    while len(written) < 600:
        probabilities = stream(character).astype(float) ** 1.4  # rather sure
        character = rng.choice(len(alphabet), p=probabilities / probabilities.sum())
        written.append(alphabet[character])
    print("".join(written).strip())


if __name__ == "__main__":
    main()
