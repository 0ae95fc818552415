"""The weights of a layer: how they are made, found, exchanged, frozen, regularized and limited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import constraints, initializers, regularizers
from fastrnn.construction import with_older_names
from fastrnn.layers.checks import positive
from fastrnn.layers.composing import held_layers
from fastrnn.layers.computed import Computed
from fastrnn.layers.contract import Contract
from fastrnn.layers.naming import check_name
from fastrnn.layers.parameter import Freezing, Parameter, assign
from fastrnn.regularizers import Regularizer
from fastrnn.settings import boolean

Array = NDArray[Any]

#: What a weight may have, and the modules that know what an argument means.
ATTACHED: dict[str, Any] = {"regularizer": regularizers, "constraint": constraints}


class Weighted(Computed):
    """The half of :class:`~fastrnn.layers.Layer` that holds its weights.

    Parameters
    ----------
    weights : array_like or list of array_like, optional
        The values that the weights have once they are built.
    trainable : bool
        Whether trainings change the weights.
    **attached :
        `kernel_regularizer`, `kernel_constraint` and so on; see `keywords`.
    """

    #: Arguments of constructors: what weights have, and the penalty on what the layer puts out.
    keywords: ClassVar[tuple[str, ...]] = (
        "activity_regularizer",
        *(f"{what}_{kind}" for kind in ATTACHED for what in regularizers.REGULARIZED),
    )

    def __init__(
        self,
        weights: Sequence[ArrayLike] | None,
        trainable: bool,
        **attached: Any,
    ) -> None:
        #: Regularizers and constraints, by the names of the arguments.
        self.attached: dict[str, Any] = {}
        for argument, value in attached.items():
            found = ATTACHED[argument.rpartition("_")[2]].get(value)
            if found is not None:
                self.attached[argument] = found
        if weights is not None:
            self._first_weights = list(weights) if isinstance(weights, (list, tuple)) else [weights]
        self.parameters: list[Parameter] = []
        self._trainable = boolean("trainable", trainable)

    @property
    def activity_regularizer(self) -> Regularizer | None:
        """The penalty on what the layer puts out."""
        found: Regularizer | None = self.attached.get("activity_regularizer")
        return found

    @activity_regularizer.setter
    def activity_regularizer(self, value: Any) -> None:
        self.attached["activity_regularizer"] = regularizers.get(value)

    def attach(self) -> None:
        """Give the weights what the constructor was given for them; called once they are built.

        Raises
        ------
        ValueError
            If the layer has no such weight.
        """
        for argument, thing in self.attached.items():
            what, _, kind = argument.rpartition("_")
            if what == "activity":
                continue
            names = (what, f"{what}_kernel", f"recurrent_{what}")
            found = [
                one for one in self.parameters if one.name in names[: 3 if what == "bias" else 2]
            ]
            if not found and what != "bias":
                raise ValueError(f"{self.name} has no {what}; leave out {argument}")
            for parameter in found:
                setattr(parameter, kind, thing)

    @property
    def inner_layers(self) -> tuple[Contract, ...]:
        """The layers that a wrapper is made of; their weights are among its own.

        Of a layer of one's own those that are its attributes, also in lists and dicts.
        """
        return held_layers(self)

    @property
    def trainable(self) -> bool:
        """Whether trainings change its weights; may be set at any time.

        False freezes them, and those of layers inside this one.  A change takes effect at the next
        step, even of a training that is running: the model need not be compiled again.  The
        optimizer keeps its slots (such as moments) of a weight while the weight is frozen; a weight
        that it has never trained begins with slots of zero.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = boolean("trainable", value)
        Freezing.version = object()
        for layer in self.inner_layers:
            layer.trainable = self._trainable

    @property
    def weights(self) -> list[Parameter]:
        """All weights, in the order of :meth:`get_weights`."""
        return list(self.parameters)

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The weights that trainings change."""
        if not self.trainable:
            return []
        if self.inner_layers:
            return [weight for layer in self.inner_layers for weight in layer.trainable_weights]
        return [parameter for parameter in self.parameters if parameter.trainable]

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The weights that trainings leave as they are."""
        trained = {parameter.key for parameter in self.trainable_weights}
        return [parameter for parameter in self.parameters if parameter.key not in trained]

    def add_parameter(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: initializers.Initializer,
        gates: tuple[int, ...] | None = None,
        trainable: bool = True,
    ) -> Parameter:
        """Create a weight, drawn from the layer's own generator.

        `gates` and `trainable` are those of :class:`~fastrnn.layers.parameter.Parameter`.  A user's
        own initializer returns the gates in Keras's order, and they are reordered; the initializers
        of this package treat all gates alike, so their values are taken as they come.
        """
        if self.stored is not None:
            value = self.stored(name, shape)
        else:
            value = initializers.drawn(initializer, shape, self.dtype, self._rng)
        if value.shape != shape:
            raise ValueError(
                f"{self.name}/{name} starts with shape {value.shape}; it should be {shape}"
            )
        parameter = Parameter(name, value, gates, trainable)
        if self.stored is None and not initializers.is_even(initializer):
            parameter.value[...] = parameter.from_keras(value)
        self.parameters.append(parameter)
        return parameter

    @with_older_names
    def add_weight(
        self,
        shape: Any = (),
        initializer: initializers.Identifier = "glorot_uniform",
        *,
        trainable: bool = True,
        name: str | None = None,
        regularizer: Any = None,
        constraint: Any = None,
    ) -> Parameter:
        """Create a weight in :meth:`build`, as Keras's layers do.

        Parameters
        ----------
        shape : tuple of int
        initializer : default "glorot_uniform"
        trainable : bool, default True
            False for what :meth:`update` changes, and no gradient.
        name : str, optional
            What files call it; ``weight_0``, ``weight_1``... if left out.
        regularizer, constraint : optional
            See :func:`fastrnn.regularizers.get` and :func:`fastrnn.constraints.get`.

        Returns
        -------
        Parameter
            It can stand for its array in NumPy's operations; `backward` fills its ``gradient``.
        """
        name = f"weight_{len(self.parameters)}" if name is None else check_name(name)
        if name in self.weight_names:
            raise ValueError(f"{self.name} has a weight {name!r} already")
        extents: Any = (shape,) if isinstance(shape, (int, np.integer)) else shape
        sizes = tuple(positive(self, "shape", extent) for extent in extents)
        made = self.add_parameter(name, sizes, initializers.get(initializer), trainable=trainable)
        made.regularizer = regularizers.get(regularizer)
        made.constraint = constraints.get(constraint)
        return made

    def parameter(self, name: str) -> Parameter:
        """Return the weight called `name`."""
        for candidate in self.parameters:
            if candidate.name == name:
                return candidate
        raise KeyError(f"{self.name} has no weight {name!r}")

    @property
    def weight_names(self) -> list[str]:
        """What files call the weights; unique within the layer."""
        return [parameter.name for parameter in self.parameters]

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        if not self.built:
            raise ValueError(f"{self.name} has no weights yet: call it on an input first")
        return sum(parameter.value.size for parameter in self.parameters)

    def get_weights(self) -> list[Array]:
        """Return copies of the weights as Keras has them: its order, its shapes, its gates.

        A list goes from a layer of Keras into the same layer here, and back: kernel, recurrent
        kernel, bias; a GRU's columns in the order z, r, h, an LSTM's i, f, c, o; of a
        `Bidirectional` first those of the forward direction.
        """
        return [parameter.to_keras(parameter.value) for parameter in self.parameters]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all weights, or none if one does not fit.

        Parameters
        ----------
        weights : sequence of array_like
            As :meth:`get_weights` returns them, here or in Keras.  They are copied.

        Raises
        ------
        ValueError
            If there are too few or too many, or a shape is not the weight's.
        TypeError
            If one does not hold real numbers.
        """
        assign(self.parameters, weights, [f"{self.name}/{name}" for name in self.weight_names])


if not TYPE_CHECKING:

    def _weight(self: Weighted, name: str) -> Parameter:
        """Return a weight by its name, such as ``layer.kernel``."""
        if hasattr(type(self), name):
            return object.__getattribute__(self, name)  # which raises its own error
        for parameter in self.__dict__.get("parameters", ()):
            if parameter.name == name:
                return parameter
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    Weighted.__getattr__ = _weight
