"""A character-level RNN in plain NumPy style, as min-char-rnn made it known, on the functional API.

The loop over the steps is one call forward and one back. Text is read 25 characters at a time, and
the state goes from one piece to the next; Adagrad updates the parameters in place.
"""

import numpy as np

from fastrnn import (
    cross_entropy,
    cross_entropy_backward,
    rnn_backward,
    rnn_cell_forward,
    rnn_forward,
    set_num_threads,
)
from fastrnn.cipher.grammar import generate

UNITS, STEPS, UPDATES, LEARNING_RATE = 100, 25, 20_000, 0.1

text = "\n".join(generate(400)).lower()
alphabet = sorted(set(text))
ids = np.array([alphabet.index(character) for character in text])
n = len(alphabet)
one_hot = np.eye(n)
rng = np.random.default_rng(1)

shapes = {"Wx": (UNITS, n), "Ws": (UNITS, UNITS), "Wy": (n, UNITS)}
parameters = {name: 0.01 * rng.standard_normal(shape) for name, shape in shapes.items()}
parameters |= {"bs": np.zeros((UNITS, 1)), "by": np.zeros((n, 1))}
squares = {name: np.zeros_like(array) for name, array in parameters.items()}


def sample(s: np.ndarray, character: int, length: int) -> str:
    """Write text from a state and a character on, a step a call."""
    written = []
    for _ in range(length):
        s, y, _ = rnn_cell_forward(one_hot[:, [character]], s, parameters)
        probabilities = y[:, 0] ** 2  # rather sure
        character = rng.choice(n, p=probabilities / probabilities.sum())
        written.append(alphabet[character])
    return "".join(written)


def main() -> None:
    set_num_threads(1)  # a batch of one
    smooth = np.log(n) * STEPS
    position, s = 0, np.zeros((UNITS, 1))
    for update in range(UPDATES):
        if position + STEPS + 1 > len(ids):
            position, s = 0, np.zeros((UNITS, 1))
        inputs, targets = ids[position:][:STEPS], ids[position + 1 :][:STEPS]
        X, labels = one_hot[:, inputs][:, np.newaxis, :], targets[np.newaxis]

        S, y_pred, caches = rnn_forward(X, s, parameters)
        loss = cross_entropy(y_pred, labels, reduction="sum")
        output = cross_entropy_backward(y_pred, labels, S, parameters, reduction="sum")
        gradients = rnn_backward(output.pop("ds"), caches) | output

        for name, array in parameters.items():
            gradient = np.clip(gradients[f"d{name}"], -5, 5)
            squares[name] += gradient**2
            array -= LEARNING_RATE * gradient / np.sqrt(squares[name] + 1e-8)
        position, s = position + STEPS, S[:, :, -1]
        smooth = 0.999 * smooth + 0.001 * loss
        if (update + 1) % 5_000 == 0:
            bits = smooth / STEPS / np.log(2)
            print(f"update {update + 1:6d}: {bits:.2f} bits a character")

    print()
    print(sample(np.zeros((UNITS, 1)), alphabet.index("\n"), 300))


if __name__ == "__main__":
    main()
