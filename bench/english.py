"""Train the model of a language that ``fastrnn cipher crack`` judges texts with.

    python bench/english.py TEXT ... --out english.safetensors [--held-out TEXT ...]

The texts are UTF-8 files. Only their letters A to Z count, and accents are left out, so any
language with the Latin alphabet will do. ``fastrnn cipher crack --model english.safetensors`` uses
the model.
"""

import argparse
import time
from pathlib import Path

from fastrnn.cipher.cracking.language import LanguageModel, letters_of, train

#: Letters of a piece of held-out text.
PIECE = 150


def measured(model: LanguageModel, text: str) -> float:
    """Return the bits a letter of a text, in pieces of 150 letters that are judged alone."""
    letters = letters_of(text)
    pieces = letters[: len(letters) // PIECE * PIECE].reshape(-1, PIECE)[
        :: max(1, len(letters) // 75_000)
    ]
    return float(model.bits(pieces).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", nargs="+", type=Path, metavar="TEXT")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--held-out", nargs="*", type=Path, default=[], metavar="TEXT")
    parser.add_argument("--units", type=int, default=160)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    held = {path.stem: path.read_text(encoding="utf-8") for path in arguments.held_out}
    start = time.perf_counter()

    def report(model: LanguageModel, epoch: int, bits: float) -> None:
        model.model.save(arguments.out, include_optimizer=False)
        others = "  ".join(
            f"{name[:16]} {measured(model, text):.3f}" for name, text in held.items()
        )
        seconds = time.perf_counter() - start
        print(f"epoch {epoch}  {seconds:5.0f} s  bits a letter: {bits:.3f}  {others}", flush=True)

    texts = [path.read_text(encoding="utf-8") for path in sorted(arguments.texts)]
    train(
        texts,
        units=arguments.units,
        epochs=arguments.epochs,
        seed=arguments.seed,
        report=report,
    )


if __name__ == "__main__":
    main()
