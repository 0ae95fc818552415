"""What a training minimises and what it reports: losses and metrics of a model's outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from fastrnn import losses
from fastrnn.losses import Loss
from fastrnn.losses.loss import Head
from fastrnn.metrics import Metric, get as get_metrics
from fastrnn.settings import number
from fastrnn.workspace import Signal

Array = NDArray[Any]
#: The sum of what was measured, and of the weights of all that it was measured at.
Counted = tuple[float, float]
#: Returns how many positions count in the whole batch, of what counts here for each loss, and
#: whether masks decide it.
CountAll = Callable[[Sequence[float], bool], Sequence[float]]


@dataclass
class Target:
    """What one output is measured by.

    Attributes
    ----------
    index : int
        Which output.
    name : str
        That of the layer that makes it, for the names of what is reported.
    loss : Loss
    weight : float
        Of this loss in the sum of all.
    metrics : list of Metric
    """

    index: int
    name: str
    loss: Loss
    weight: float = 1.0
    metrics: list[Metric] = field(default_factory=list)


class Objective:
    """The losses and metrics of all outputs that have any.

    Parameters
    ----------
    targets : sequence of Target
    is_single : bool
        Whether the model has one output, and names are plain: ``loss`` and the metrics.  With
        several they begin with the name of theirs; with several losses, ``loss`` is the weighted
        sum.

    Attributes
    ----------
    names : list of str
        Of what is reported, in Keras's order: the whole loss, those of the outputs, the metrics;
        with several outputs these are sorted by name.
    """

    def __init__(self, targets: Sequence[Target], is_single: bool) -> None:
        self.targets = list(targets)
        self._is_one = len(self.targets) == 1
        self._parts: list[str] = []
        for target in self.targets:
            stem = "" if is_single else f"{target.name}_"
            self._parts.append("loss" if self._is_one else f"{stem}loss")
            self._parts += [stem + metric.name for metric in target.metrics]
        #: How many values :meth:`Measure.run` returns.
        self.measured = len(self._parts)
        of_losses = ["loss"]
        if not self._is_one:
            of_losses += [f"{target.name}_loss" for target in self.targets]
        of_metrics = [name for name in self._parts if name not in of_losses]
        self.names = of_losses + (of_metrics if is_single else sorted(of_metrics))
        self._sorted = sorted(self.names)

    def measure(self, outputs: Sequence[Signal]) -> Measure:
        """Return what measures at these outputs of the last workspaces."""
        return Measure(self.targets, outputs)

    def get_config(self, outputs: int) -> dict[str, Any]:
        """Return the arguments of :func:`objective_of` for so many outputs, as JSON can hold them.

        Metrics that are functions of one's own are left out.
        """
        loss: list[Any] = [None] * outputs
        shares: list[Any] = [None] * outputs
        plain: list[list[str]] = [[] for _ in range(outputs)]
        weighted: list[list[str]] = [[] for _ in range(outputs)]
        for target in self.targets:
            loss[target.index] = losses.serialize(target.loss)
            shares[target.index] = target.weight
            for metric in target.metrics:
                if metric.is_named:
                    names = weighted if metric.is_weighted else plain
                    names[target.index].append(metric.stem)
        single = outputs == 1
        config = {"loss": loss[0] if single else loss, "metrics": plain[0] if single else plain}
        # Only what is used: earlier versions read files that use nothing new.
        if any(weighted):
            config["weighted_metrics"] = weighted[0] if single else weighted
        if any(target.weight != 1 for target in self.targets):
            config["loss_weights"] = shares
        return config

    def report(self, totals: Iterable[Counted], prefix: str = "") -> dict[str, float]:
        """Return the means by name, sorted by it as in Keras, of sums as of :meth:`Measure.run`."""
        means = [total / count if count else 0.0 for total, count in totals]
        named = dict(zip(self._parts, means, strict=True))
        if not self._is_one:
            place, whole = 0, 0.0
            for target in self.targets:
                whole += target.weight * means[place]
                place += 1 + len(target.metrics)
            named["loss"] = whole
        return {prefix + name: named[name] for name in self._sorted}

    def in_order(self, found: Mapping[str, float]) -> list[float]:
        """Return what :meth:`report` returned in the order of `names`."""
        return [found[name] for name in self.names]


class Measure:
    """Computes an objective in the memory of one shape of batch."""

    def __init__(self, targets: Sequence[Target], outputs: Sequence[Signal]) -> None:
        self._heads: list[Head] = []
        self._metrics = []
        for target in targets:
            head = target.loss.head(outputs[target.index])
            head.loss_weight = target.weight
            self._heads.append(head)
            self._metrics.append([metric.bind(target.loss, head) for metric in target.metrics])

    def load(self, y: Sequence[Array], weights: Sequence[Array | None] | None) -> None:
        """Take in the targets of a batch, and a weight a sample or position, or None for one."""
        for index, (head, array) in enumerate(zip(self._heads, y, strict=True)):
            head.load(array)
            head.load_weights(None if weights is None else weights[index])

    def run(self, training: bool, count_all: CountAll | None = None) -> list[Counted]:
        """Return what was found: for each output its loss, then its metrics.

        In a training also write the gradients of the losses, of their means over this batch, or
        over a larger one of which it is a part and whose positions `count_all` counts.
        """
        for head in self._heads:
            head.count()
        if count_all is not None:
            is_masked = any(head.mask is not None for head in self._heads)
            counts = count_all([head.counted for head in self._heads], is_masked)
            for head, count in zip(self._heads, counts, strict=True):
                head.divisor = count
        found: list[Counted] = []
        for head, metrics in zip(self._heads, self._metrics, strict=True):
            found.append((head.run(training and head.gradient is not None), head.counted))
            found += [metric() for metric in metrics]
        return found


class Means:
    """Means over the batches so far of what an objective measures."""

    def __init__(self, objective: Objective, totals: list[Counted] | None = None) -> None:
        self.objective = objective
        known = [(0.0, 0.0)] * objective.measured if totals is None else totals
        self._totals = [total for total, _ in known]
        self._counts = [count for _, count in known]

    @property
    def totals(self) -> list[Counted]:
        """What was added up so far."""
        return list(zip(self._totals, self._counts, strict=True))

    def add(self, found: Sequence[Counted]) -> None:
        """Take in a batch."""
        for index, (total, count) in enumerate(found):
            self._totals[index] += total
            self._counts[index] += count

    def replaced(self, totals: list[Counted]) -> Means:
        """Return means of the same objective with other sums."""
        return Means(self.objective, totals)

    def logs(self, prefix: str = "") -> dict[str, float]:
        """Return the means by name."""
        return self.objective.report(zip(self._totals, self._counts, strict=True), prefix)


def objective_of(
    names: Sequence[str],
    loss: Any,
    metrics: Any = None,
    loss_weights: Any = None,
    weighted_metrics: Any = None,
) -> Objective:
    """Return what the arguments of ``compile`` ask for.

    Parameters
    ----------
    names : sequence of str
        Of the outputs.
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
        targets.append(
            Target(
                index,
                names[index],
                losses.get(chosen[index]),
                share,
                get_metrics(plain[index], weighted[index]),
            )
        )
    return Objective(targets, is_single=len(names) == 1)


def _one_each(names: Sequence[str], given: Any, argument: str, shared: bool) -> list[Any]:
    """Return one entry an output, of a list, a dict by name, or, if `shared`, one for all."""
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
    """Return the metrics of each output; a plain list is meant for the only one with a loss."""
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
    raise ValueError(
        f"{argument} is {given!r}; with several outputs it should be a dict by the name of "
        "the output, or a list with an entry for each: a metric, a list of them, or None"
    )
