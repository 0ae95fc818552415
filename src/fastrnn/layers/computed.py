"""The defaults of layers that define `call`: shapes, workspace, and stage in a stream."""

from __future__ import annotations

from typing import Any

from fastrnn._core.stage import Stage
from fastrnn.layers import calling
from fastrnn.layers.contract import Contract
from fastrnn.layers.penalized import Penalized
from fastrnn.layers.shapes import one_or_all
from fastrnn.workspace import Signal, Workspace


class Computed(Contract):
    """The defaults that call a layer: :class:`Contract` describes them."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__.startswith("fastrnn.") or cls.workspace is Computed.workspace:
            return
        for name in {"call", "backward"} & set(vars(cls)):
            base = next(one for one in cls.__mro__ if "workspace" in vars(one))
            if base is not cls:
                raise TypeError(
                    f"class {cls.__name__} defines {name}, and {base.__name__}, which is compiled, "
                    f"would not call it; derive it from Layer, make the {base.__name__} an "
                    f"attribute, and call that in {name}"
                )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape that `call` makes of ones; a list if there are several outputs."""
        shapes = input_shape if self.takes_several else [input_shape]
        return one_or_all([(None, *shape[1:]) for shape in calling.probed_shapes(self, shapes)])

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for `call` and `backward` on batches of the shape of ``source.output``."""
        return calling.CallWorkspace(self, [source, *others], training)

    def stages_of(self, sources: list[Stage]) -> list[Stage]:
        """Return what computes the layer in a stream, on all that it is called on."""
        if not self.takes_several:
            return self.stages(sources[0])
        if self.is_per_step:
            return [calling.merging_stage(self, sources)]
        raise ValueError(f"{self.name} cannot run in a stream: it needs the whole sequence at once")

    def stages(self, source: Stage) -> list[Stage]:
        """Return `call` on each step, of a layer that computes each step by itself."""
        if self.is_per_step and type(self).call is not Contract.call:
            return [calling.stage(self, source)]
        raise ValueError(f"{self.name} cannot run in a stream: it needs the whole sequence at once")

    def penalized_workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return :meth:`workspace`, with the penalty of an `activity_regularizer`."""
        if self.activity_regularizer is None:
            return self.workspace(source, training, *others)
        return Penalized(self, source, training, others)
