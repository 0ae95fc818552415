"""Compilation of models, and steps on single batches."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from numpy.typing import NDArray

from fastrnn import losses, optimizers
from fastrnn.construction import with_older_names
from fastrnn.layers.shapes import one_or_all
from fastrnn.metrics import Metric
from fastrnn.models.batch import Batches
from fastrnn.models.claim import Claim
from fastrnn.models.network import Network
from fastrnn.models.objective import Means, Objective, objective_of
from fastrnn.models.reading import BOTH_WEIGHTS, Reader
from fastrnn.models.training.setup import Setup
from fastrnn.settings import boolean

Array = NDArray[Any]


class CompiledNetwork(Network):
    """The part of a model that learns from single batches; see :class:`Model`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._setup = Setup()
        self._claim = Claim()
        self._loss: losses.Loss | list[losses.Loss | None] | None = None
        self._metrics: list[Metric] = []

    # What to train with ------------------------------------------------------------------------

    @property
    def optimizer(self) -> optimizers.Optimizer | None:
        """The optimizer; another one may be set between trainings."""
        return self._setup.optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        self._setup.optimizer = optimizers.get(value)

    @property
    def check_gradients(self) -> bool:
        """Whether an infinite or NaN gradient ends a training; see `compile`."""
        return self._setup.check_gradients

    @check_gradients.setter
    def check_gradients(self, value: bool) -> None:
        self._setup.check_gradients = boolean("check_gradients", value)

    @property
    def loss(self) -> losses.Loss | list[losses.Loss | None] | None:
        """The loss; a list for several outputs, None for outputs without one; see `compile`."""
        return self._loss

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, in the order in which they are reported; see `compile`."""
        return list(self._metrics)

    @property
    def metrics_names(self) -> list[str]:
        """The names of the numbers that :meth:`evaluate` returns, in their order.

        The loss comes first; with several outputs those of the outputs follow, then all metrics,
        sorted by name.  (Keras 3 returns its numbers in this order too, but lists
        ``compile_metrics`` here instead of the names of the metrics.)
        """
        objective = self._setup.objective
        return [] if objective is None else list(objective.names)

    @with_older_names
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        *,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
        check_gradients: bool = True,
    ) -> None:
        """Set the optimizer, the loss and the metrics.

        Parameters
        ----------
        optimizer : str, Optimizer, or class of one
            ``"adam"``, ``"sgd"``, or an object of :mod:`fastrnn.optimizers`; ``"rmsprop"`` if left
            out, as in Keras.
        loss : str, function or Loss
            One of :mod:`fastrnn.losses`, by name, as the function or as an object.  With several
            outputs a list, with None for outputs without a loss, or a dict by the names of the
            output layers; a single one applies to all outputs.
        metrics : list, optional
            ``"accuracy"``, names or functions; see :func:`fastrnn.metrics.get`.  With several
            losses a dict, or a list with a list for each output.
        loss_weights : list or dict of float, optional
            Factors of the losses in their sum, 1 if left out.
        weighted_metrics : list, optional
            As `metrics`, for metrics that use ``sample_weight``.
        check_gradients : bool, default True
            Whether a gradient that is infinite or NaN ends the training with a
            :class:`NonFiniteGradientError` that says where, before any weight changes (or without
            an error, with :class:`fastrnn.callbacks.TerminateOnNaN`).  With False, training
            continues, as in Keras.

        Raises
        ------
        ValueError, TypeError
            If one of them is unknown; nothing is changed then.
        """
        check_gradients = boolean("check_gradients", check_gradients)
        names = self._output_names()
        objective = objective_of(names, loss, metrics, loss_weights, weighted_metrics)
        self._setup.compile(optimizers.get(optimizer), objective, len(names), check_gradients)
        found: list[losses.Loss | None] = [None] * len(names)
        for target in objective.targets:
            found[target.index] = target.loss
        self._loss = found[0] if len(names) == 1 else found
        self._metrics = [one.metric for target in objective.targets for one in target.metrics]

    def _output_names(self) -> list[str]:
        outputs = self._graph.outputs
        return [
            tensor.layer.name if tensor.index == 0 else f"{tensor.layer.name}_{tensor.index}"
            for tensor in outputs
        ]

    # Single batches ----------------------------------------------------------------------------

    @with_older_names
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        reset_metrics: bool = True,
        return_dict: bool = False,
    ) -> Any:
        """Make one training step on all of `x`; return loss and metrics from before the step.

        Parameters
        ----------
        x, y, sample_weight, class_weight :
            As for :meth:`fit`.
        reset_metrics : bool, default True
            False: the figures are means over all batches since :meth:`reset_metrics`.
        return_dict : bool, default False

        Returns
        -------
        float, list of float, or dict
            The loss; with metrics a list, loss first; with `return_dict` by name.

        Raises
        ------
        NonFiniteGradientError
            As :meth:`fit`.
        """
        objective = self._setup.compiled()
        if sample_weight is not None and class_weight is not None:
            raise ValueError(BOTH_WEIGHTS)
        reset, return_dict = _switches(reset_metrics, return_dict)
        reader = Reader(self, objective)
        data = reader.batch_to_learn(reader.arrays(x, y, sample_weight), class_weight)
        with self._claim.taken("train_on_batch"):
            found = self._setup.trainer(self).step(data)
            return self._report(self._figures(objective, reset), found, return_dict)

    @with_older_names
    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        reset_metrics: bool = True,
        return_dict: bool = False,
    ) -> Any:
        """Return loss and metrics on all of `x` as one batch.

        The arguments are those of :meth:`train_on_batch`.
        """
        objective = self._setup.compiled()
        reset, return_dict = _switches(reset_metrics, return_dict)
        data = Reader(self, objective).arrays(x, y, sample_weight)
        batch = Batches(self._graph, objective).for_data(data.x)
        batch.load(data.x, data.y, data.weights)
        with self._alone("test_on_batch", not reset):
            batch.forward(False)
            found = batch.measure(False)
            return self._report(self._figures(objective, reset), found, return_dict)

    def reset_metrics(self) -> None:
        """Reset the means that ``train_on_batch(reset_metrics=False)`` reports."""
        self._setup.figures = None

    def compute_gradients(self, x: Any, y: Any, sample_weight: Any = None) -> list[Array]:
        """Return the gradients of the loss on all of `x`.

        The weights are not changed.

        Returns
        -------
        list of ndarray
            One for each array of :meth:`get_weights`, frozen weights included, with the same shape
            and order of gates: :meth:`set_weights` takes ``w - rate * g``.
        """
        reader, trainer = Reader(self, self._setup.compiled()), self._setup.trainer
        arrays = reader.arrays(x, y, sample_weight)
        with self._claim.taken("compute_gradients"):
            trainer(self).penalized_gradients(arrays)
            vector = trainer(self).vector
            gradients = dict(zip(vector.parameters, vector.all_gradients(), strict=True))
            return [parameter.to_keras(gradients[parameter]) for parameter in self.weights]

    def _alone(self, method: str, wanted: bool = False) -> AbstractContextManager[None]:
        """Return a context for one thread at a time, if `wanted` or if layers are stateful."""
        if wanted or any(node.layer.stateful for node in self._graph.nodes):
            return self._claim.taken(method)
        return nullcontext()

    def _figures(self, objective: Objective, reset: bool) -> Means:
        setup, means = self._setup, Means(objective)
        if reset:
            setup.figures = None
            return means
        setup.figures = setup.figures or means
        return setup.figures

    @staticmethod
    def _report(means: Means, found: Any, return_dict: bool) -> Any:
        means.add(found)
        logs = means.logs()
        return logs if return_dict else one_or_all(means.objective.in_order(logs))


def _switches(reset_metrics: Any, return_dict: Any) -> tuple[bool, bool]:
    return boolean("reset_metrics", reset_metrics), boolean("return_dict", return_dict)


def setup_of(model: CompiledNetwork) -> Setup:
    """Return the setup of a model, for the module that loads models."""
    return model._setup
