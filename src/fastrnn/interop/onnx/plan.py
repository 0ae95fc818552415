"""The execution plan of a session: the nodes of a graph in order, prepared as far as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.proto import outside_names, title_of
from fastrnn.formats.onnx.recurrent import GATES, described
from fastrnn.interop.onnx.evaluator import Evaluator
from fastrnn.interop.onnx.growing import Growth
from fastrnn.interop.onnx.nodes import Recurrent
from fastrnn.interop.onnx.quick import VIEWS, Known, quick

if TYPE_CHECKING:
    from onnx import NodeProto

Array = NDArray[Any]
Values = list[Any]
Step = Callable[[Values], None]

#: Maximum number of bytes of constants that are computed before the first run.
MOST_FOLDED = 1 << 26


#: Number of idle plans to keep for the same outputs.
MOST_IDLE = 16


class Plans:
    """A pool of plans for the same outputs; concurrent runs need one each.

    Parameters
    ----------
    make : callable
        Returns a new plan.
    """

    def __init__(self, make: Callable[[], Plan]) -> None:
        self._make, self._idle = make, [make()]

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs, as new arrays."""
        try:
            plan = self._idle.pop()
        except IndexError:  # other threads are using them
            plan = self._make()
        try:
            return plan.run(inputs)
        finally:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(plan)


class Plan:
    """Some outputs of a graph, from inputs and constants.

    Parameters
    ----------
    evaluator : Evaluator
        The evaluator of the graph.
    constants : mapping of str to ndarray
        Initializers that no run replaces.
    inputs : sequence of str
        Names of the inputs of a run, in order.
    outputs : sequence of str
        Names of the outputs.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        constants: Mapping[str, Array],
        inputs: Sequence[str],
        outputs: Sequence[str],
    ) -> None:
        self._evaluator = evaluator
        self._constants: dict[str, Any] = dict(constants)
        self._places: dict[str, int] = {"": 0}
        self._roots: dict[str, set[str]] = {}
        self._growth = Growth()
        self._titles: list[str] = []
        self._steps: list[Step] = []
        self._input_places = [self._place(name) for name in inputs]
        self._compile(inputs, outputs)
        self._template: Values = [None] * len(self._places)
        for name, place in self._places.items():
            if name in self._constants:
                self._template[place] = self._constants[name]
        self._outputs = [(self._place(name), self._is_shared(name, outputs)) for name in outputs]

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the outputs, as new arrays."""
        values = self._template.copy()
        for place, value in zip(self._input_places, inputs):  # noqa: B905
            values[place] = value
        if self._growth.is_watched:
            self._growth.begin()
        step = None
        try:
            for step in self._steps:
                step(values)
        except (CheckpointError, KeyboardInterrupt):
            raise
        except Exception as error:
            which = next((i for i, one in enumerate(self._steps) if one is step), 0)
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{self._titles[which]} cannot be computed: {error}") from error
        return [
            _copied(values[place]) if is_shared else values[place]
            for place, is_shared in self._outputs
        ]

    # Construction
    # ----------------------------------------------------------------------------------

    def _place(self, name: str) -> int:
        return self._places.setdefault(name, len(self._places))

    def _compile(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        nodes = _needed(self._evaluator.nodes, outputs)
        self._read = {name for _, node in nodes for name in outside_names(node)} | set(outputs)
        for name in (*inputs, *self._constants):
            self._roots[name] = {name}
        self._outside = {*inputs, *self._constants}
        folded = 0
        for index, node in nodes:
            if folded < MOST_FOLDED and self._can_fold(node):
                folded += self._fold(index, node)
            else:
                self._titles.append(title_of(node))
                self._steps.append(self._step(index, node))

    def _can_fold(self, node: NodeProto) -> bool:
        names = outside_names(node)
        return (
            names <= set(self._constants)
            and not node.op_type.startswith(("Random", "Multinomial", "Bernoulli"))
            and not (node.op_type == "Dropout" and len(node.input) > 2)
            and not any(attribute.HasField("g") for attribute in node.attribute)
        )

    def _fold(self, index: int, node: NodeProto) -> int:
        """Compute a node of constants now; return how many bytes it made."""
        values: Values = [None] * (len(self._places) + len(node.input) + len(node.output))
        for name in node.input:
            values[self._place(name)] = self._constants.get(name)
        for name in node.output:
            self._place(name)
        try:
            self._reference_step(index, node)(values)
        except CheckpointError:
            raise
        except Exception as error:
            raise CheckpointError(f"{title_of(node)} cannot be computed: {error}") from error
        made = 0
        for name in node.output:
            value = values[self._place(name)]
            if name:
                self._constants[name] = value
                self._roots[name] = {name}
                self._outside.add(name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
                made += value.nbytes
        return made

    def _step(self, index: int, node: NodeProto) -> Step:
        if node.op_type in GATES and node.domain == "":
            for name in node.output:
                self._roots[name] = {name}
            return self._recurrent_step(node)
        types = self._evaluator.types
        found = None
        if node.domain == "":
            attributes = self._evaluator.attributes(index)
            if attributes is not None:
                known = Known(
                    tuple(node.input), attributes, self._constants, types.ranks, types.floats
                )
                found = quick(node.op_type, known)
        if found is not None:
            function, names = found
            (output, *_) = node.output
            is_view = node.op_type in VIEWS
            self._roots[output] = self._roots[names[0]] if is_view else {output}
            return _called(function, [self._place(name) for name in names], self._place(output))
        # it may return an input, or a part of one
        roots = set().union(*(self._roots.get(name, {name}) for name in outside_names(node)))
        for name in node.output:
            self._roots[name] = {*roots, name}
        return self._reference_step(index, node)

    def _reference_step(self, index: int, node: NodeProto) -> Step:
        runner, growth = self._evaluator.runners[index], self._growth.of(node)
        ins = [self._place(name) for name in node.input]
        outs = [(place, self._place(name)) for place, name in enumerate(node.output) if name]
        if runner.need_context():
            inner = {name: self._place(name) for name in outside_names(node)}

            def step(values: Values) -> None:
                context = {name: values[place] for name, place in inner.items()} | {"": None}
                answers = runner.run(*(values[place] for place in ins), context=context)
                for which, place in outs:
                    values[place] = answers[which]

            return step

        def plain(values: Values) -> None:
            given = [values[place] for place in ins]
            if growth is not None:
                growth(given)
            answers = runner.run(*given)
            for which, place in outs:
                values[place] = answers[which]

        return plain

    def _recurrent_step(self, node: NodeProto) -> Step:
        about = described(node)
        names = [*node.input, *[""] * (8 - len(node.input))]
        x, *weights, lengths, h, c, peepholes = names
        kept = [*weights, peepholes]
        x_place, rest = self._place(x), [self._place(name) for name in (lengths, h, c)]
        outputs = [name if name in self._read else "" for name in node.output]
        outs = [(place, self._place(name)) for place, name in enumerate(outputs) if name]
        if all(not name or name in self._constants for name in kept):
            W, R, B, P = (self._constants.get(name) for name in kept)
            if W is None or R is None:
                raise CheckpointError(f"{about.title} lacks W or R")
            wanted = [bool(name) for name in (*outputs, "", "", "")[:3]]
            run = Recurrent(about, W, R, B, P, wanted).stepper()
            return _recurrence(run, x_place, rest, outs)
        places = [self._place(name) for name in kept]

        def step(values: Values) -> None:
            weights_now = [values[place] for place in places]
            now = Recurrent(about, *weights_now).run
            _recurrence(now, x_place, rest, outs)(values)

        return step

    def _is_shared(self, name: str, outputs: Iterable[str]) -> bool:
        """Return whether an output may share memory with an input, a constant or another output."""
        roots = self._roots.get(name, {name})
        others = [other for other in outputs if other != name]
        taken = self._outside.union(*(self._roots.get(other, {other}) for other in others))
        return bool(roots & taken) or list(outputs).count(name) > 1


def _needed(nodes: Sequence[NodeProto], outputs: Iterable[str]) -> list[tuple[int, NodeProto]]:
    """Return the nodes that some outputs need, with their indices, in order."""
    wanted = set(outputs)
    found: list[tuple[int, NodeProto]] = []
    for index in range(len(nodes) - 1, -1, -1):
        if wanted & set(nodes[index].output):
            found.append((index, nodes[index]))
            wanted |= outside_names(nodes[index])
    return found[::-1]


def _called(function: Callable[..., Any], ins: Sequence[int], out: int) -> Step:
    """Return a step that reads values by their indices and writes one."""
    if len(ins) == 1:
        (only,) = ins

        def one(values: Values) -> None:
            values[out] = function(values[only])

        return one
    if len(ins) == 2:
        left, right = ins

        def two(values: Values) -> None:
            values[out] = function(values[left], values[right])

        return two

    def many(values: Values) -> None:
        values[out] = function(*[values[place] for place in ins])

    return many


def _recurrence(
    run: Callable[..., tuple[Array, ...]],
    x: int,
    rest: Sequence[int],
    outs: Sequence[tuple[int, int]],
) -> Step:
    lengths, h, c = rest

    if len(outs) == 1:
        ((which, place),) = outs

        def step(values: Values) -> None:
            values[place] = run(values[x], values[lengths], values[h], values[c])[which]

        return step

    def step_of_many(values: Values) -> None:
        answers = run(values[x], values[lengths], values[h], values[c])
        for which, place in outs:
            values[place] = answers[which]

    return step_of_many


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
