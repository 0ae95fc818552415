"""How well each cell learns each cipher: accuracy on held-out sentences, epochs, seconds.

    python bench/ciphers.py [--plaintext FILE] [--cipher NAME ...] [--cell NAME ...]

Every run ends after the first epoch in which the share of held-out characters that are right, as
``fastrnn cipher evaluate`` counts them, reaches the cipher's goal, or after its last epoch. The
seconds are those of the training, with its validation.
"""

import argparse
import platform
import tempfile
from dataclasses import dataclass

import fastrnn
from fastrnn.callbacks import Callback
from fastrnn.cipher import Decipherer, Evaluation, RunDirectory, Settings, Training, evaluate
from fastrnn.cipher.lesson import Lesson

SIMPLE = {"units": 64, "epochs": 3, "batch_size": 16}
#: What a run is told beside cipher and cell, and the accuracy that is enough.
RECIPES = {
    "caesar": (SIMPLE, 1.0),
    "substitution": (SIMPLE, 1.0),
    "vigenere": ({"units": 128, "epochs": 12, "clip_norm": 1.0}, 0.998),
    "autokey": (
        {"units": 256, "epochs": 12, "clip_norm": 1.0, "learning_rate": 0.002},
        0.995,
    ),
}
CELLS = ("rnn", "gru", "lstm")


class Goal(Callback):
    """Ends a training when it is good enough.

    It goes by the model as it is, which after its best epoch so far is also the one in the file.
    """

    def __init__(self, training: Training, goal: float) -> None:
        self.training, self.goal = training, goal
        self.found: Evaluation | None = None

    def on_epoch_end(self, epoch, logs=None):
        """Compare."""
        self.found = evaluate(
            Decipherer(self.training.model, self.training.lesson.config),
            self.training.lesson.held_out,
        )
        if self.found.accuracy >= self.goal:
            self.training.model.stop_training = True


@dataclass
class Row:
    """A line of the table."""

    cipher: str
    cell: str
    settings: Settings
    found: Evaluation
    epochs: int
    seconds: float

    def __str__(self) -> str:
        told = self.settings
        cells = [self.cipher, self.cell, told.units, told.learning_rate, told.batch_size]
        cells += [f"{self.found.accuracy:.3%}", f"{self.found.sentence_accuracy:.1%}"]
        return _line(*cells, self.epochs, f"{self.seconds:.1f}")


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def run(cipher: str, cell: str, plaintext: str | None) -> Row:
    """Train one model."""
    told, goal = RECIPES[cipher]
    settings = Settings(plaintext=plaintext, cipher=cipher, cell=cell, input="one-hot", **told)
    with tempfile.TemporaryDirectory() as folder:
        training = Training.start(Lesson.prepare(settings), RunDirectory.fresh(folder))
        watch = Goal(training, goal)
        training.run([watch])
    seconds = sum(epoch.seconds for epoch in training.epochs)
    return Row(cipher, cell, settings, watch.found, len(training.epochs), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plaintext", metavar="FILE", help="in place of the built-in corpus")
    parser.add_argument("--cipher", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--cell", nargs="+", choices=CELLS, default=CELLS)
    arguments = parser.parse_args()
    print(
        f"One-hot input, Adam; {platform.machine()}, "
        f"{fastrnn.get_num_threads()} threads, fastrnn {fastrnn.__version__}.\n"
    )
    head = ("cipher", "cell", "units", "learning rate", "batch")
    head += ("characters", "sentences", "epochs", "seconds")
    print(_line(*head))
    print(_line("---", "---", *["---:"] * (len(head) - 2)), flush=True)
    for cipher in arguments.cipher:
        for cell in arguments.cell:
            print(run(cipher, cell, arguments.plaintext), flush=True)


if __name__ == "__main__":
    main()
