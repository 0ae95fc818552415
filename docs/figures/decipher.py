"""Draw what a network makes of a cipher while it learns: docs/figures/decipher.svg.

A wrong character is red, and a dot where it is a blank.

usage: python docs/figures/decipher.py
"""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path

from fastrnn.callbacks import Callback
from fastrnn.cipher import Decipherer, RunDirectory, Settings, Training
from fastrnn.cipher.lesson import Lesson
from fastrnn.cipher.network import build

CIPHER = "YMJ LNWQ BNYM YMJ WJI HFSTJ UFNSYX YMJ MFWGTW ."
TRUTH = "THE GIRL WITH THE RED CANOE PAINTS THE HARBOR ."

#: After how many steps of 32 sentences the network is asked.
STEPS = (25, 75, 125, 150, 175, 250)

#: Points: of a row, of a character, and the margins.
ROW, CHARACTER, LEFT, TOP = 24, 9.6, 140, 32


class Asked(Callback):
    """Asks the model what it reads, after some steps of the training."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.answers: list[tuple[int, str]] = []
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Decipher the sentence with the weights of this moment."""
        self.steps += 1
        if self.steps in STEPS:
            config = self.training.lesson.config
            settings = config.settings
            sizes = len(config.source), len(config.target)
            model = build(settings.cell, settings.units, None, *sizes, settings.input)
            model.set_weights(self.training.model.get_weights())
            (answer,) = Decipherer(model, config).decipher([CIPHER])
            self.answers.append((self.steps, answer))


def answers() -> list[tuple[int, str]]:
    """Train the network of the README's first command, and return what it read meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        lesson = Lesson.prepare(Settings(epochs=1))
        training = Training.start(lesson, RunDirectory.fresh(str(Path(folder) / "run")))
        asked = Asked(training)
        training.run([asked])
    return asked.answers


def row(y: float, label: str, text: str, right: str | None = None) -> str:
    """Return a line of the picture; characters that differ from `right` are red."""
    parts = [f'<text class="label" x="{LEFT - 14}" y="{y}">{escape(label)}</text>']
    for place, character in enumerate(text):
        is_wrong = right is not None and character != right[place]
        if character != " " or is_wrong:
            character = "\N{MIDDLE DOT}" if character == " " else character
            kind = ' class="wrong"' if is_wrong else ""
            x = LEFT + CHARACTER * place
            parts.append(f'<text{kind} x="{x:.1f}" y="{y}">{escape(character)}</text>')
    return "".join(parts)


def picture(rows: list[tuple[int, str]]) -> str:
    """Return the picture as SVG."""
    width, height = LEFT + CHARACTER * len(CIPHER) + 20, TOP + ROW * (len(rows) + 1) + 8
    lines = [row(TOP, "cipher", CIPHER)]
    for number, (steps, answer) in enumerate(rows, start=1):
        lines.append(row(TOP + ROW * number, f"{steps} steps", answer, TRUTH))
    style = (
        "text{font:15px ui-monospace,Menlo,Consolas,monospace;fill:#1f6f43}"
        ".label{text-anchor:end;fill:#57606a;font-size:13px}.wrong{fill:#c0392b;opacity:.75}"
    )
    title = "What a GRU of 64 units reads in a cipher after more and more training steps"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" role="img"><title>{title}</title>'
        f'<style>{style}</style><rect width="100%" height="100%" rx="6" fill="#f6f8fa"/>'
        + "\n".join(lines)
        + "</svg>\n"
    )


if __name__ == "__main__":
    target = Path(__file__).with_suffix(".svg")
    target.write_text(picture(answers()), encoding="utf-8")
