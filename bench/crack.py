"""How often, and how fast, ``fastrnn cipher crack`` reads texts without their key.

    python -m bench.crack sentences TEXT ... [--count 200] [--letters 150]
    python -m bench.crack lengths TEXT ... --out docs/figures/cracking.csv [--seconds 600]
    python -m bench.crack certainty docs/figures/cracking.csv

The texts are UTF-8 files that the model was not trained on, see bench/README.md. A text is read if
every letter of it is right.

`sentences`: runs of sentences under random Vigenère keys of 3 to 8 letters. The cipher is not told.
`lengths`: texts of many lengths under keys of many lengths, in random order until the time is up;
each is a row of the file. Rows are added to a file that is there. `--cipher enigma` adds texts that
cannot be read, from which `certainty` learns what such a reading looks like.
`certainty`: fits the numbers in `fastrnn.cipher.cracking.certainty` to one half of the rows, and
shows for the other half what share of the readings is right, by how sure they are.
"""

import argparse
import csv
import platform
import re
import time
from pathlib import Path

import numpy as np

from fastrnn.cipher import Cracker, make_cipher
from fastrnn.cipher.ciphers import CIPHERS
from fastrnn.cipher.cracking.certainty import Evidence, probability
from fastrnn.cipher.cracking.language import letters_of

FIELDS = ("cipher", "key_letters", "letters", "right", "margin", "bits", "own_bits", "seconds")

#: Letters of keys and of texts in `lengths`.
WORDS = (3, 5, 8, 12)
KEYS = {
    "caesar": (1,),
    "vigenere": WORDS,
    "autokey": WORDS,
    "substitution": (26,),
    "enigma": (3,),
}
TEXTS = {
    "caesar": (10, 15, 20, 30, 40),
    "vigenere": (10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100, 150),
    "autokey": (10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100, 150),
    "substitution": (60, 80, 100, 150, 200, 300, 400),
    "enigma": (20, 40, 80, 150, 300, 500),
}


def sentences_of(paths):
    """Return each file's text on one line, with the places where sentences begin."""
    found = []
    for path in paths:
        text = " ".join(path.read_text(encoding="utf-8").split())
        begins = [match.end() for match in re.finditer(r"[.!?][”’\"']* (?=[A-Z“‘\"'])", text)]
        found.append((text, begins))
    return found


def piece(rng, texts, letters):
    """Return a run of sentences from one of the files, cut after so many letters."""
    while True:
        text, begins = texts[rng.integers(len(texts))]
        part = text[begins[rng.integers(len(begins))] :][: 4 * letters + 100]
        places = [i for i, each in enumerate(part) if each.isascii() and each.isalpha()]
        if len(places) >= letters:
            return part[: places[letters - 1] + 1]


def random_key(rng, name, letters):
    """Return a cipher with a random key."""
    kind = CIPHERS[name]
    if name in ("vigenere", "autokey"):
        key = rng.integers(0, 26, letters).astype(np.int8)
    else:
        key = kind.random_keys(rng, 1, letters)[0]
    return make_cipher(name, kind.written(key))


def sentences(arguments):
    rng = np.random.default_rng(arguments.seed)
    texts = sentences_of(arguments.texts)
    start = time.process_time()
    cracker = Cracker()
    cracker.model.tables  # noqa: B018 - made when first used
    print(f"reading the model, and making its tables: {time.process_time() - start:.2f} s")
    right, seconds = 0, []
    for number in range(arguments.count):
        text = piece(rng, texts, arguments.letters)
        cipher = random_key(rng, "vigenere", int(rng.integers(3, 9)))
        start = time.process_time()
        reading = cracker.crack(cipher.encode(text))
        seconds.append(time.process_time() - start)
        right += reading.text == text
        if reading.text != text:
            print(f"not read: key {cipher.key}, found {reading.cipher} {reading.key}: {text}")
        elif number % 20 == 0:
            print(
                f"{number:3d}  {reading.key:8}  {100 * reading.sure:5.1f}%  {text[:60]}", flush=True
            )
    print(
        f"read: {right} of {arguments.count}; processor seconds each: "
        f"mean {np.mean(seconds):.2f}, most {max(seconds):.2f}"
    )


def lengths(arguments):
    rng = np.random.default_rng(arguments.seed)
    texts = sentences_of(arguments.texts)
    cracker = Cracker()
    is_new = not arguments.out.exists()
    names = arguments.cipher or ["caesar", *4 * ["vigenere"], *4 * ["autokey"], "substitution"]
    end = time.monotonic() + arguments.seconds
    with arguments.out.open("a", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if is_new:
            rows.writeheader()
        while time.monotonic() < end:
            name = names[rng.integers(len(names))]
            key_letters = int(rng.choice(KEYS[name]))
            count = int(rng.choice(TEXTS[name]))
            text = piece(rng, texts, count)
            cipher = random_key(rng, name, key_letters)
            start = time.process_time()
            reading = cracker.crack(cipher.encode(text), None if name == "enigma" else name)
            spent = time.process_time() - start
            own = cracker.model.bits(letters_of(text)[np.newaxis]).mean()
            rows.writerow(
                dict(
                    zip(
                        FIELDS,
                        (
                            name,
                            key_letters,
                            count,
                            int(reading.text == text),
                            f"{reading.margin:.2f}",
                            f"{reading.bits:.3f}",
                            f"{own:.3f}",
                            f"{spent:.2f}",
                        ),
                        strict=True,
                    )
                )
            )
            file.flush()


def certainty(arguments):
    with arguments.rows.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    evidence = [Evidence(float(r["margin"]), float(r["bits"]), int(r["letters"])) for r in rows]
    right = np.array([int(r["right"]) for r in rows])
    x = np.array([each.features() for each in evidence])
    fit, check = np.arange(len(rows)) % 2 == 0, np.arange(len(rows)) % 2 == 1
    weights = np.zeros(x.shape[1])
    for _ in range(50):  # Newton's steps, with a little weight decay
        p = 1 / (1 + np.exp(-x[fit] @ weights))
        slope = x[fit].T @ (right[fit] - p) - 0.01 * weights
        curve = (x[fit] * (p * (1 - p))[:, np.newaxis]).T @ x[fit] + 0.01 * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    print("WEIGHTS =", tuple(round(float(weight), 2) for weight in weights))
    new = 1 / (1 + np.exp(-x @ weights))
    now = np.array([probability(each) for each in evidence])
    for title, sure in (("fitted", new), ("as they are", now)):
        print(f"{title}:  sure    readings  mean of sure  right")
        for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 1.01)):
            some = check & (sure >= low) & (sure < high)
            if some.any():
                share = f"{sure[some].mean():.3f}         {right[some].mean():.3f}"
                print(f"  {low:4.0%} to {min(high, 1):4.0%}  {some.sum():6d}    {share}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("sentences")
    one.add_argument("texts", nargs="+", type=Path)
    one.add_argument("--count", type=int, default=200)
    one.add_argument("--letters", type=int, default=150)
    one.set_defaults(run=sentences)
    two = commands.add_parser("lengths")
    two.add_argument("texts", nargs="+", type=Path)
    two.add_argument("--out", type=Path, required=True)
    two.add_argument("--cipher", nargs="*", choices=KEYS, metavar="NAME")
    two.add_argument("--seconds", type=float, default=600)
    two.set_defaults(run=lengths)
    for command in (one, two):
        command.add_argument("--seed", type=int, default=0)
    three = commands.add_parser("certainty")
    three.add_argument("rows", type=Path)
    three.set_defaults(run=certainty)
    arguments = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    arguments.run(arguments)


if __name__ == "__main__":
    main()
