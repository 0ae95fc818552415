"""The objective of a training: losses and metrics of a model's outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import losses
from fastrnn.callbacks.logged import Logged
from fastrnn.layers.building import building
from fastrnn.losses import Loss
from fastrnn.losses.head import Head
from fastrnn.losses.repeated import Repeated
from fastrnn.metrics import reported
from fastrnn.metrics.binding import Reported
from fastrnn.settings import number
from fastrnn.workspace import Signal

Array = NDArray[Any]
#: Sums over the batches: for each loss a numerator and a denominator, then the sums of the metrics
#: of its output.
Sums = Sequence[float] | NDArray[Any]
#: Takes the number of positions that count for each loss in this process, and whether it depends on
#: the data; returns the numbers for the whole batch.
CountAll = Callable[[Sequence[float], bool], Sequence[float]]


@dataclass
class Target:
    """The loss and the metrics of an output.

    Attributes
    ----------
    index : int
        Index of the output.
    name : str
        Name of its layer, for the names of losses and metrics.
    loss : Loss
    weight : float
        Weight of this loss in the total loss.
    metrics : list of Reported
    """

    index: int
    name: str
    loss: Loss
    weight: float = 1.0
    metrics: list[Reported] = field(default_factory=list)


class Objective:
    """The losses and metrics of all outputs that have any.

    Parameters
    ----------
    targets : sequence of Target
    is_single : bool
        Whether the model has one output, so that names have no prefix.  With several outputs, names
        begin with that of the output; ``loss`` is the weighted sum of all losses.

    Attributes
    ----------
    names : list of str
        Names of the reported values in Keras's order: total loss, losses of the outputs, metrics;
        with several outputs, the metrics are sorted by name.
    """

    def __init__(self, targets: Sequence[Target], is_single: bool) -> None:
        self.targets = list(targets)
        self._is_one = len(self.targets) == 1
        #: The reported values, in the order of the sums; None for a loss.
        self._parts: list[tuple[str, Reported | None]] = []
        for target in self.targets:
            stem = "" if is_single else f"{target.name}_"
            self._parts.append(("loss" if self._is_one else f"{stem}loss", None))
            self._parts += [(stem + one.name, one) for one in target.metrics]
        of_losses = ["loss"]
        if not self._is_one:
            of_losses += [f"{target.name}_loss" for target in self.targets]
        of_metrics = [name for name, metric in self._parts if metric is not None]
        self.names = of_losses + (of_metrics if is_single else sorted(of_metrics))
        self._sorted = sorted(self.names)
        #: Number of sums of each loss and metric, set by `build`.
        self.sizes: list[int] = []

    def build(self, features: Sequence[int], is_penalized: bool = False) -> None:
        """Prepare for outputs with these numbers of features, and for a penalty after them.

        The penalty has two sums as well, and is part of the total loss.
        """
        sizes = []
        with building:  # metrics allocate their sums
            for target in self.targets:
                sizes += [2, *(one.build(features[target.index]) for one in target.metrics)]
        self.sizes = sizes + [2] * is_penalized

    @property
    def measured(self) -> int:
        """Number of sums that :meth:`Measure.run` returns."""
        return sum(self.sizes)

    def parted(self, sums: Sums) -> list[list[float]]:
        """Return the sums, split by loss and metric."""
        found, start = [], 0
        for size in self.sizes:
            found.append([float(number) for number in sums[start : start + size]])
            start += size
        return found

    def measure(self, outputs: Sequence[Signal]) -> Measure:
        """Return a `Measure` for these outputs of the last workspaces."""
        return Measure(self.targets, outputs)

    def get_config(self, outputs: int) -> dict[str, Any]:
        """Return the arguments of :func:`objective_of` for so many outputs, JSON-serializable.

        Custom losses and metrics are given by name.
        """
        loss: list[Any] = [None] * outputs
        shares: list[Any] = [None] * outputs
        plain: list[list[Any]] = [[] for _ in range(outputs)]
        weighted: list[list[Any]] = [[] for _ in range(outputs)]
        for target in self.targets:
            loss[target.index] = losses.serialize(target.loss)
            shares[target.index] = target.weight
            for metric in target.metrics:
                metrics = weighted if metric.is_weighted else plain
                metrics[target.index].append(metric.written)
        single = outputs == 1
        config = {"loss": loss[0] if single else loss, "metrics": plain[0] if single else plain}
        # Only options that are used, so that earlier versions can read the files.
        if any(weighted):
            config["weighted_metrics"] = weighted[0] if single else weighted
        if any(target.weight != 1 for target in self.targets):
            config["loss_weights"] = shares
        return config

    def report(self, sums: Sums, prefix: str = "") -> dict[str, Any]:
        """Return losses and metrics from sums of :meth:`Measure.run`, sorted by name.

        Values are numbers, or arrays for metrics with several values.
        """
        named: dict[str, Any] = {}
        losses: list[float] = []
        parted = self.parted(sums)
        penalty, samples = parted.pop() if len(parted) > len(self._parts) else (0.0, 0.0)
        for (name, metric), piece in zip(self._parts, parted, strict=True):
            if metric is not None:
                named[name] = metric.report(piece)
            else:
                losses.append(piece[0] / piece[1] if piece[1] else 0.0)
                if not self._is_one:
                    named[name] = losses[-1]
        named["loss"] = 0.0
        for target, loss in zip(self.targets, losses, strict=True):
            named["loss"] += target.weight * loss
        if samples:
            named["loss"] += penalty / samples
        return {prefix + name: named[name] for name in self._sorted}

    def in_order(self, found: Mapping[str, float]) -> list[float]:
        """Return the values of :meth:`report` in the order of `names`."""
        return [found[name] for name in self.names]


class Measure:
    """Computes an objective for batches of one shape."""

    def __init__(self, targets: Sequence[Target], outputs: Sequence[Signal]) -> None:
        self._targets = targets
        self._outputs = [outputs[target.index] for target in targets]
        self._heads: list[Head] = []
        self._metrics: list[list[Any]] = []
        #: Outputs of one feature with several targets, by the places of the targets.
        self._repeated: dict[int, Repeated] = {}
        for target, output in zip(targets, self._outputs, strict=True):
            head, metrics = _bound(target, output)
            self._heads.append(head)
            self._metrics.append(metrics)

    def load(self, y: Sequence[Array], weights: Sequence[Array | None] | None) -> None:
        """Take in the targets of a batch, and a weight a sample or position, or None for one."""
        for index, array in enumerate(y):
            self._fit(index, array)
            self._heads[index].load(array)
            self._heads[index].load_weights(None if weights is None else weights[index])

    def _fit(self, index: int, y: Array) -> None:
        """See to it that an output of one feature is there for each of several targets."""
        target, output = self._targets[index], self._outputs[index]
        if not target.loss.broadcasts or output.features != 1:
            return
        if y.shape[-1] != self._heads[index].features:
            wide = self._repeated[index] = Repeated(output, y.shape[-1])
            self._heads[index], self._metrics[index] = _bound(target, wide)

    def run(self, training: bool, count_all: CountAll | None = None) -> list[float]:
        """Return the sums of the batch: for each output those of the loss, then of the metrics.

        In training also write the gradients of the mean loss, over this batch, or over the larger
        batch that it is part of, whose positions `count_all` returns.
        """
        for repeated in self._repeated.values():
            repeated.show()
        for head in self._heads:
            head.count()
        if count_all is not None:
            varies = any(head.counts_vary for head in self._heads)
            counts = count_all([head.basis for head in self._heads], varies)
            for head, count in zip(self._heads, counts, strict=True):
                head.divisor = count
        sums: list[float] = []
        for head, metrics in zip(self._heads, self._metrics, strict=True):
            sums += head.found(head.run(training and head.gradient is not None))
            for metric in metrics:
                sums += metric()
        if training:
            for repeated in self._repeated.values():
                repeated.hand_back()
        return sums


def _bound(target: Target, output: Signal) -> tuple[Head, list[Any]]:
    """Return the loss and the metrics of a target behind an output."""
    head = target.loss.head(output)
    head.loss_weight, head.reduction = target.weight, target.loss.reduction
    return head, [metric.bind(head) for metric in target.metrics]


class Means:
    """The sums of an objective over the batches so far."""

    def __init__(self, objective: Objective, sums: Sums | None = None) -> None:
        self.objective = objective
        self._sums = None if sums is None else np.array(sums, np.float64)

    @property
    def sums(self) -> Array:
        """What was added up so far."""
        if self._sums is None:
            self._sums = np.zeros(self.objective.measured)
        return self._sums

    @property
    def totals(self) -> list[list[float]]:
        """The same, split by loss and metric, for a file."""
        return self.objective.parted(self.sums)

    def add(self, found: Sums) -> None:
        """Add the sums of a batch."""
        sums = self.sums
        sums += found

    def replaced(self, sums: Sums) -> Means:
        """Return means of the same objective for other sums."""
        return Means(self.objective, sums)

    def logs(self, prefix: str = "") -> dict[str, float]:
        """Return losses and metrics by name."""
        return Logged(self.objective.report(self.sums, prefix))


def objective_of(
    names: Sequence[str],
    loss: Any,
    metrics: Any = None,
    loss_weights: Any = None,
    weighted_metrics: Any = None,
) -> Objective:
    """Return the objective for the arguments of ``compile``.

    Parameters
    ----------
    names : sequence of str
        Names of the outputs.
    loss, metrics, loss_weights, weighted_metrics :
        See :meth:`fastrnn.models.Model.compile`.

    Raises
    ------
    ValueError, TypeError
        If one is unknown, or does not fit the outputs.
    """
    chosen = _one_each(names, loss, "loss", shared=True)
    if all(one is None for one in chosen):
        raise ValueError("loss is None; compile needs one, such as 'mse'")
    with_loss = [index for index, one in enumerate(chosen) if one is not None]
    plain = _metrics_each(names, with_loss, metrics, "metrics")
    weighted = _metrics_each(names, with_loss, weighted_metrics, "weighted_metrics")
    shares = _one_each(names, loss_weights, "loss_weights", shared=False)
    targets = []
    for index in with_loss:
        share = 1.0 if shares[index] is None else shares[index]
        share = number(f"loss_weights of {names[index]}", share)
        loss = losses.get(chosen[index])
        if loss.reduction is None:
            raise ValueError(
                f"reduction of the loss {loss.name} is None; a training needs a number: "
                "'sum_over_batch_size' or 'sum'"
            )
        metrics_of = reported(plain[index], weighted[index])
        targets.append(Target(index, names[index], loss, share, metrics_of))
    return Objective(targets, is_single=len(names) == 1)


def _one_each(names: Sequence[str], given: Any, argument: str, shared: bool) -> list[Any]:
    """Return an entry for each output, from a list, a dict by name or, if `shared`, one value."""
    if isinstance(given, Mapping) and "class_name" not in given:
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ValueError(
                f"{argument} names {', '.join(map(repr, unknown))}; "
                f"the outputs are {', '.join(map(repr, names))}"
            )
        return [given.get(name) for name in names]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                f"{argument} holds {len(given)} entries; it should hold {len(names)}, "
                "one for each output, None where there is none"
            )
        return list(given)
    if given is None or (not shared and len(names) > 1):
        if given is not None:
            raise TypeError(f"{argument} is {given!r}; it should be a list or a dict")
        return [None] * len(names)
    return [given] * len(names)


def _metrics_each(
    names: Sequence[str], with_loss: Sequence[int], given: Any, argument: str
) -> list[Any]:
    """Return the metrics of each output; a flat list is for the only output with a loss."""
    found = _metrics_by_output(names, with_loss, given, argument)
    for index, metrics in enumerate(found):
        if metrics and index not in with_loss:
            raise ValueError(
                f"{argument} holds {metrics!r} for {names[index]}, which has no loss; "
                "only outputs with a loss are measured"
            )
    return found


def _metrics_by_output(
    names: Sequence[str], with_loss: Sequence[int], given: Any, argument: str
) -> list[Any]:
    if isinstance(given, Mapping):
        return _one_each(names, given, argument, shared=False)
    if given is None:
        return [None] * len(names)
    entries = list(given) if isinstance(given, (list, tuple)) else [given]
    if entries and all(entry is None or isinstance(entry, (list, tuple)) for entry in entries):
        return _one_each(names, entries, argument, shared=False)
    if len(with_loss) == 1:
        return [entries if index == with_loss[0] else None for index in range(len(names))]
    if len(entries) == len(names):
        return entries
    if entries and all(isinstance(entry, str) for entry in entries):
        # Keras 1 and 2 apply such a list to all outputs; Keras 3 refuses it.
        return [entries if index in with_loss else None for index in range(len(names))]
    raise ValueError(
        f"{argument} is {given!r}; with several outputs it should be a dict by the name of "
        "the output, or a list with an entry for each: a metric, a list of them, or None; a "
        "list of other length may hold names of metrics, for all outputs alike"
    )
