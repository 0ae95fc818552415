"""Plotting the layers of a model."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from fastrnn.construction import with_older_names


@with_older_names
def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int | None = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> None:
    """Draw the layers of a model and their connections.

    Parameters
    ----------
    model : Model or Sequential
        It must be built.
    to_file : str or path, default "model.png"
        ``.png``, ``.svg`` or ``.pdf``.
    show_shapes, show_dtype, show_layer_names : bool, default False
        What to show in addition to the class of a layer.
    rankdir : {"TB", "LR"}, default "TB"
        Direction of the graph: top to bottom, or left to right.
    expand_nested : bool, default False
        Whether to draw the layers of a model inside the model, in place of one box.
    dpi : int, default 200
        Dots per inch.
    show_layer_activations, show_trainable : bool, default False
        What to show as well.

    Raises
    ------
    ImportError
        If neither Graphviz nor Matplotlib (the extra ``plot``) is installed.
    ValueError
        If an option is unknown.

    Notes
    -----
    Graphviz's ``dot`` draws where it is installed, and Matplotlib otherwise.

    Examples
    --------
    >>> plot_model(model, "model.svg", show_shapes=True)  # doctest: +SKIP
    """
    shown = _Shown(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable
    )
    _drawing(model, shown, rankdir, expand_nested, dpi).write(to_file)


@with_older_names
def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int | None = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Drawing:
    """Return the drawing of :func:`plot_model`, for notebooks.

    Parameters
    ----------
    model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi :
        As of :func:`plot_model`.
    show_layer_activations, show_trainable :
        As of :func:`plot_model`.

    Returns
    -------
    Drawing
        ``create(format="svg")`` returns the picture as bytes, ``write(path)`` writes it, and
        ``to_string()`` returns the graph in Graphviz's language.  A notebook shows the picture.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Input
    >>> from fastrnn.models import Sequential
    >>> print(model_to_dot(Sequential([Input((5, 3)), GRU(4)])).to_string().splitlines()[-2])
    0 -> 1
    """
    shown = _Shown(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable
    )
    return _drawing(model, shown, rankdir, expand_nested, dpi)


class Drawing:
    """The layers of a model as labels of boxes, and the arrows between them.

    It has the methods of pydot's graphs that notebooks call.
    """

    def __init__(
        self, labels: list[str], arrows: list[tuple[int, int]], rankdir: str, dpi: int | None
    ) -> None:
        self._labels, self._arrows, self._rankdir, self._dpi = labels, arrows, rankdir, dpi

    def to_string(self) -> str:
        """Return the graph in Graphviz's language."""
        return _dot(self._labels, self._arrows, self._rankdir)

    def create(self, prog: Any = None, format: str = "png") -> bytes:
        """Return the picture in a format; `prog`, the program that draws, is ignored."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"model.{format}")
            self.write(path)
            return path.read_bytes()

    def write(
        self, path: str | os.PathLike[str], prog: Any = None, format: str | None = None
    ) -> bool:
        """Write the picture to a file in a format, that of its ending if left out."""
        target = Path(path)
        ending = (target.suffix[1:] if format is None else format).lower()
        if ending not in ("png", "svg", "pdf"):
            raise ValueError(
                f"to_file is {os.fspath(path)!r}; it should end in .png, .svg or .pdf"
                if format is None
                else f"format is {format!r}; it should be png, svg or pdf"
            )
        program = shutil.which("dot")
        if program is None:
            _draw(self._labels, self._arrows, target, ending, self._rankdir == "LR", self._dpi)
            return True
        size = [f"-Gdpi={self._dpi}"] if self._dpi else []
        command = [program, f"-T{ending}", *size, "-o", os.fspath(target)]
        subprocess.run(command, input=self.to_string(), text=True, check=True)
        return True

    create_png = functools.partialmethod(create, format="png")
    create_svg = functools.partialmethod(create, format="svg")
    create_pdf = functools.partialmethod(create, format="pdf")
    write_png = functools.partialmethod(write, format="png")
    write_svg = functools.partialmethod(write, format="svg")
    write_pdf = functools.partialmethod(write, format="pdf")

    def _repr_svg_(self) -> str:
        return self.create(format="svg").decode("utf-8")


class _Shown(NamedTuple):
    """What the box of a layer shows."""

    shapes: bool
    dtype: bool
    names: bool
    activations: bool
    trainable: bool

    def label(self, node: Any) -> str:
        layer = node.layer
        lines = [type(layer).__name__]
        if self.names:
            lines.insert(0, layer.name)
        activation = getattr(layer, "activation", None)
        if self.activations and activation is not None:
            lines.append(f"activation {getattr(activation, 'name', type(activation).__name__)}")
        if self.shapes:
            lines.append("output " + ", ".join(str(tensor.shape) for tensor in node.outputs))
        if self.dtype:
            lines.append(layer.dtype.name)
        if self.trainable:
            lines.append("trainable" if layer.trainable else "not trainable")
        return "\n".join(lines)


def _drawing(
    model: Any, shown: _Shown, rankdir: str, expand_nested: bool, dpi: int | None
) -> Drawing:
    if rankdir not in ("TB", "LR"):
        raise ValueError(f'rankdir is {rankdir!r}; it should be "TB" or "LR"')
    labels: list[str] = []
    arrows: list[tuple[int, int]] = []

    def draw(graph: Any, sources: list[int]) -> list[int]:
        """Draw a graph whose inputs come from some boxes; return the boxes of its outputs."""
        places = dict(zip(graph.inputs, sources, strict=False))
        for node in graph.nodes:
            read = [places[tensor] for tensor in node.inputs]
            if not read and all(tensor in places for tensor in node.outputs):
                continue  # an input of a model inside another: the box before it stands for it
            if expand_nested and hasattr(node.layer, "graph"):
                ends = draw(node.layer.graph, read)
            else:
                ends = [len(labels)] * len(node.outputs)
                arrows.extend((place, len(labels)) for place in read)
                labels.append(shown.label(node))
            places.update(zip(node.outputs, ends, strict=True))
        return [places[tensor] for tensor in graph.outputs]

    draw(model._graph, [])
    return Drawing(labels, arrows, rankdir, dpi)


def _dot(labels: list[str], arrows: list[tuple[int, int]], rankdir: str) -> str:
    """Return the graph in Graphviz's language."""

    def quoted(text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'

    boxes = [f"{place} [label={quoted(label)}]" for place, label in enumerate(labels)]
    lines = [f"{first} -> {second}" for first, second in arrows]
    head = f"rankdir={rankdir}\nnode [shape=box fontname=Helvetica]"
    return "\n".join(["digraph model {", head, *boxes, *lines, "}"])


def _draw(
    labels: list[str],
    arrows: list[tuple[int, int]],
    path: Path,
    ending: str,
    sideways: bool,
    dpi: int | None,
) -> None:
    """Draw the graph with Matplotlib, with each layer at the depth of its longest path."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            "plot_model needs Graphviz, or Matplotlib: pip install 'fastrnn[plot]'"
        ) from None
    depth = [0] * len(labels)
    for first, second in sorted(arrows, key=lambda arrow: arrow[1]):
        depth[second] = max(depth[second], depth[first] + 1)
    rows: list[list[int]] = [[] for _ in range(max(depth, default=0) + 1)]
    for place, row in enumerate(depth):
        rows[row].append(place)
    spread = max(map(len, rows))
    at = {}
    for down, row_places in enumerate(rows):
        for number, place in enumerate(row_places):
            across = number - (len(row_places) - 1) / 2
            at[place] = (down, across) if sideways else (across, -down)
    width, height = (len(rows), spread) if sideways else (spread, len(rows))
    figure = Figure(figsize=(2.6 * width, 1.1 * height), dpi=dpi or 100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for first, second in arrows:
        look = {"arrowstyle": "-|>", "shrinkA": 14, "shrinkB": 14}
        axes.annotate("", at[second], at[first], arrowprops=look)
    for place, label in enumerate(labels):
        across, up = at[place]
        box = {"boxstyle": "square,pad=0.5", "facecolor": "white"}
        axes.text(across, up, label, ha="center", va="center", fontsize=8, bbox=box)
    xs, ys = zip(*at.values(), strict=True)
    axes.set_xlim(min(xs) - 0.6, max(xs) + 0.6)
    axes.set_ylim(min(ys) - 0.6, max(ys) + 0.6)
    figure.savefig(path, format=ending)
