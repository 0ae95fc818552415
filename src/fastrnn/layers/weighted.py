"""The weights of a layer: creation, access, freezing, regularizers and constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import constraints, initializers, regularizers
from fastrnn.construction import with_older_names
from fastrnn.guarded import missing
from fastrnn.layers.checks import positive
from fastrnn.layers.composing import held_layers
from fastrnn.layers.computed import Computed
from fastrnn.layers.contract import Contract
from fastrnn.layers.naming import check_name
from fastrnn.layers.parameter import Freezing, Parameter, assign
from fastrnn.layers.variables import Variables
from fastrnn.regularizers import Regularizer
from fastrnn.settings import boolean

Array = NDArray[Any]

#: What can be attached to weights, with the modules that read the arguments.
ATTACHED: dict[str, Any] = {"regularizer": regularizers, "constraint": constraints}


class Weighted(Variables, Computed):
    """The part of :class:`~fastrnn.layers.Layer` that holds its weights.

    Parameters
    ----------
    weights : array_like or list of array_like, optional
        The values that the weights have once they are built.
    trainable : bool
        Whether training changes the weights.
    **attached :
        `kernel_regularizer`, `kernel_constraint` and so on; see `keywords`.
    """

    #: Arguments of constructors for regularizers and constraints.
    keywords: ClassVar[tuple[str, ...]] = (
        "activity_regularizer",
        *(f"{what}_{kind}" for kind in ATTACHED for what in regularizers.REGULARIZED),
    )

    #: Weights whose arguments have another name, such as ``depthwise_regularizer``: the weight.
    attached_to: ClassVar[Mapping[str, str]] = {}

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
        """The penalty on the outputs of the layer."""
        found: Regularizer | None = self.attached.get("activity_regularizer")
        return found

    @activity_regularizer.setter
    def activity_regularizer(self, value: Any) -> None:
        self.attached["activity_regularizer"] = regularizers.get(value)

    def attach(self) -> None:
        """Set the regularizers and constraints of the weights, once they are built.

        Raises
        ------
        ValueError
            If the layer has no such weight.
        """
        for argument, thing in self.attached.items():
            what, _, kind = argument.rpartition("_")
            if what == "activity":
                continue
            what = self.attached_to.get(what, what)
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
        """The layers inside a wrapper, whose weights are among its own.

        For a custom layer: its attributes that are layers, also in lists and dicts.
        """
        return held_layers(self)

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights; can be set at any time.

        False freezes them, and those of layers inside this one.  A change takes effect at the next
        step, even of a running training, without compiling the model again.  While a weight is
        frozen, the optimizer keeps its slots (such as moments); a weight that was never trained
        starts with slots of zero.
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
        """The weights that training changes."""
        if not self.trainable:
            return []
        if self.inner_layers:
            return [weight for layer in self.inner_layers for weight in layer.trainable_weights]
        return [parameter for parameter in self.parameters if parameter.trainable]

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The weights that training does not change."""
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
        """Create a weight, with random numbers from the layer's generator.

        `gates` and `trainable` are those of :class:`~fastrnn.layers.parameter.Parameter`.  A user's
        custom initializer returns the gates in Keras's order, and they are reordered; the
        initializers of this package treat all gates alike, so their values need no reordering.
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
        initializer: initializers.Identifier | None = "glorot_uniform",
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
            None is the default.
        trainable : bool, default True
            False for weights that :meth:`update` changes, and not gradients.
        name : str, optional
            Its name in files; ``weight_0``, ``weight_1``... if left out.
        regularizer, constraint : optional
            See :func:`fastrnn.regularizers.get` and :func:`fastrnn.constraints.get`.

        Returns
        -------
        Parameter
            NumPy's operations accept it as an array; `backward` writes its ``gradient``.
        """
        name = f"weight_{len(self.parameters)}" if name is None else check_name(name)
        if name in self.weight_names:
            raise ValueError(f"{self.name} has a weight {name!r} already")
        extents: Any = (shape,) if isinstance(shape, (int, np.integer)) else shape
        sizes = tuple(positive(self, "shape", extent) for extent in extents)
        drawn_by = initializers.get("glorot_uniform" if initializer is None else initializer)
        made = self.add_parameter(name, sizes, drawn_by, trainable=trainable)
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
        """The names of the weights in files, unique within the layer."""
        return [parameter.name for parameter in self.parameters]

    def count_params(self) -> int:
        """Return the total size of the weights."""
        if not self.built:
            raise ValueError(f"{self.name} has no weights yet: call it on an input first")
        return sum(parameter.value.size for parameter in self.parameters)

    def get_weights(self) -> list[Array]:
        """Return copies of the weights in Keras's format: order, shapes and gates.

        The list can be passed to the same layer of Keras, and vice versa: kernel, recurrent kernel,
        bias; the columns of a GRU in the order z, r, h, those of an LSTM in the order i, f, c, o;
        the forward direction of a `Bidirectional` first.
        """
        return [parameter.to_keras(parameter.value) for parameter in self.parameters]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all weights, or none if one does not fit.

        Parameters
        ----------
        weights : sequence of array_like
            In the format of :meth:`get_weights`, of this package or of Keras.  They are copied.

        Raises
        ------
        ValueError
            If their number or one of the shapes does not fit.
        TypeError
            If one does not hold real numbers.
        """
        assign(self.parameters, weights, [f"{self.name}/{name}" for name in self.weight_names])


if not TYPE_CHECKING:

    def _weight(self: Weighted, name: str) -> Any:
        """Return a weight by its name, such as ``layer.kernel``, or what is attached to it."""
        if hasattr(type(self), name):
            return object.__getattribute__(self, name)  # a property that failed: raise its error
        for parameter in self.__dict__.get("parameters", ()):
            if parameter.name == name:
                return parameter
        if name in type(self).keywords:
            return self.__dict__.get("attached", {}).get(name)
        raise AttributeError(missing(type(self), name))

    Weighted.__getattr__ = _weight
