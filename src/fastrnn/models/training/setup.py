"""The compile options of a model, and its trainer."""

from __future__ import annotations

from typing import Any

from fastrnn import optimizers
from fastrnn.models.network import Network
from fastrnn.models.objective import Means, Objective
from fastrnn.models.training.trainer import Trainer
from fastrnn.optimizers import Optimizer


class Setup:
    """The part of a model that :meth:`~fastrnn.models.Model.compile` fills.

    Attributes
    ----------
    optimizer : Optimizer or None
    objective : Objective or None
    check_gradients : bool
    training : Training or None
        The running training; see :mod:`fastrnn.models.training.fitting`.
    figures : Means or None
        Means of ``train_on_batch`` and ``test_on_batch`` since ``reset_metrics``.
    """

    def __init__(self) -> None:
        self.optimizer: Optimizer | None = None
        self.objective: Objective | None = None
        self.check_gradients = True
        self.training: Any = None
        self.figures: Means | None = None
        self._outputs = 0
        self._trainer: Trainer | None = None

    def compile(
        self, optimizer: Optimizer, objective: Objective, outputs: int, check_gradients: bool
    ) -> None:
        """Set the compile options, for a model with these outputs."""
        self.optimizer, self.objective = optimizer, objective
        self.check_gradients, self._outputs = check_gradients, outputs
        self._trainer = self.figures = None

    def compiled(self) -> Objective:
        """Return the objective; an error if the model was not compiled."""
        if self.objective is None:
            raise RuntimeError("the model was not compiled; call model.compile(optimizer, loss)")
        return self.objective

    def trainer(self, network: Network) -> Trainer:
        """Return the trainer for the current state of a model."""
        objective, optimizer, trainer = self.compiled(), self.optimizer, self._trainer
        assert optimizer is not None
        if (
            trainer is None
            or trainer.graph is not network._graph
            or trainer.optimizer is not optimizer
            or trainer.objective is not objective
        ):
            trainer = Trainer(
                network._graph, lambda: network.trainable_weights, optimizer, objective
            )
            self._trainer = trainer
        trainer.check_gradients = self.check_gradients
        trainer.look()
        return trainer

    def get_config(self) -> dict[str, Any]:
        """Return the compile options, JSON-serializable."""
        assert self.optimizer is not None
        return {
            "optimizer": optimizers.serialize(self.optimizer),
            **self.compiled().get_config(self._outputs),
            "check_gradients": self.check_gradients,
        }

    def __getstate__(self) -> dict[str, Any]:
        # Only options and the state of the optimizer: a copy allocates its own memory for its own
        # weights.
        return {**self.__dict__, "_trainer": None, "training": None}
