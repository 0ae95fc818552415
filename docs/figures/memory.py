"""Draw what a network with random keys keeps, and where it is right: docs/figures/memory-NAME.svg.

usage: python docs/figures/memory.py RUN NAME

RUN is the directory of a run with random keys; NAME is such as vigenere.
"""

import sys

import matplotlib.pyplot as plt
from style import save

from fastrnn.cipher import Decipherer, RunDirectory, evaluate
from fastrnn.cipher.evaluation import held_out_of
from fastrnn.cipher.memory import example_of, remembered
from fastrnn.cipher.plot import by_key_length, by_position
from fastrnn.cipher.strips import strips_of


def main(run: str, name: str) -> None:
    directory = RunDirectory(run)
    decipherer, corpus = Decipherer.load(directory), held_out_of(directory)
    found = evaluate(decipherer, corpus)
    strips = strips_of(remembered(decipherer, *example_of(decipherer, corpus)))
    plt.rcParams["axes.titlesize"] = 10
    heights = [3, *(strip.height for strip in strips)]
    figure = plt.figure(figsize=(9, sum(heights)), layout="constrained")
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    if found.by_key_length is not None and len(found.by_key_length.lengths) > 1:
        by_position(figure.add_subplot(grid[0, 0]), found)
        by_key_length(figure.add_subplot(grid[0, 1]), found)
    else:
        by_position(figure.add_subplot(grid[0, :]), found)
    for row, strip in enumerate(strips, start=1):
        strip.draw(figure, figure.add_subplot(grid[row, :]))
    save(figure, f"memory-{name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
