"""Layers that can be trained."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from numpy.typing import NDArray

from fastrnn.construction import with_older_names
from fastrnn.files import path_text
from fastrnn.formats import CheckpointError, Choice, Description
from fastrnn.guarded import INSTEAD
from fastrnn.layers import Layer, SymbolicTensor
from fastrnn.layers.building import building
from fastrnn.layers.composing import layers_within
from fastrnn.layers.shapes import Shape
from fastrnn.models import exporting, saving, state, streaming, subclassed
from fastrnn.models.data import (
    positive_integer,
)
from fastrnn.models.network import unwrapped
from fastrnn.models.older import OlderMethods
from fastrnn.models.stream import Stream
from fastrnn.models.tracing import trace
from fastrnn.naming import snake_case
from fastrnn.settings import boolean

Array = NDArray[Any]


class Model(OlderMethods):
    """Layers from an input to an output, or from several to several.

    Parameters
    ----------
    inputs : SymbolicTensor or sequence of them
        Results of :func:`fastrnn.layers.Input`, or outputs of a layer, which are then the model's
        inputs.
    outputs : SymbolicTensor or sequence of them
        Results of the last layers.
    name : str, default "model"

    Raises
    ------
    ValueError
        If `outputs` cannot be computed from `inputs`, or two layers were given the same name.
    TypeError
        If an element is not a symbolic tensor.

    Notes
    -----
    Arrays are (batch, time, features) or (batch, features), and (batch, time) for tokens.  Where
    there are several inputs or outputs, ``x``, ``y`` and ``sample_weight`` are lists, or dicts by
    the names of the layers, and predictions are lists.

    Where a mask reaches an output (of `Masking`, `Embedding` with ``mask_zero``, or ``mask=`` in a
    layer's call), loss and metrics include only the unmasked steps, and predictions at masked steps
    are zero.

    Data of a wider type are converted to the model's dtype: a finite number beyond its range
    becomes infinite, as in NumPy and Keras.  Weights beyond its range are refused.

    Any number of threads may call :meth:`predict` and :meth:`evaluate` at once.  Training, and any
    use of a model with stateful layers, is limited to one thread at a time; a second thread gets a
    ``RuntimeError``.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Activation, Dense, Input, TimeDistributed
    >>> x = Input((101, 1))
    >>> states = GRU(64, return_sequences=True)(x)
    >>> logits = TimeDistributed(Dense(32))(states)
    >>> model = Model(x, Activation("softmax")(logits))
    >>> model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])

    A class of one's own makes its layers in its constructor and calls them in `call`:

    >>> class Tagger(Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.states, self.logits = GRU(64, return_sequences=True), Dense(32)
    ...
    ...     def call(self, x):
    ...         return self.logits(self.states(x))
    >>> Tagger().predict(np.ones((2, 5, 1))).shape
    (2, 5, 32)
    """

    def __init__(
        self,
        inputs: SymbolicTensor | Sequence[SymbolicTensor] | None = None,
        outputs: SymbolicTensor | Sequence[SymbolicTensor] | None = None,
        name: str | None = None,
    ) -> None:
        own = inputs is None and outputs is None and self.call is not None
        super().__init__(name or (snake_case(type(self).__name__) if own else "model"))
        if own:
            return
        if inputs is None or outputs is None:
            raise TypeError("Model takes inputs and outputs; or a class of your own defines call")
        self._known_graph = trace(inputs, outputs)

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse methods of Keras that would never be called."""
        super().__init_subclass__(**options)
        for name in vars(cls).keys() & INSTEAD.keys():
            raise TypeError(
                f"{cls.__name__} defines {name}, which is never called: {INSTEAD[name]}"
            )

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        """Return a new model from what :meth:`get_config` returned, with new weights.

        Parameters
        ----------
        config : dict
        custom_objects : dict of str to class or function, optional
            As of :func:`fastrnn.models.load_model`.
        """
        return cls._read(config, custom_objects=custom_objects)

    #: :func:`fastrnn.models.from_config`, which needs this class and is set by its module.
    _read: ClassVar[Callable[..., Any]]

    #: A subclass defines it: it takes symbolic tensors, and calls layers on them.
    call: Any = None
    #: The dtype of the inputs of `call`, if it differs from the dtype of new layers.
    _starts_in: Any = None

    def build(self, input_shape: Any) -> None:
        """Create the weights of a model with `call`.

        Parameters
        ----------
        input_shape : tuple of int, or list or dict of them
            Batch first: (None, time, features).
        """
        with building:
            if self._is_known or self.call is None:
                return
            graph = subclassed.traced(self, input_shape)
            if self._setup.objective is not None and len(graph.outputs) > 1:
                raise ValueError(
                    f"{self.name} has {len(graph.outputs)} outputs; call build(input_shape) before "
                    "compile, which wants to know how many there are"
                )
            self._known_graph = graph

    @property
    def layers(self) -> list[Layer]:
        """The layers in Keras's order; those that are attributes where `call` was not asked yet."""
        if self._is_known or self.call is None:
            return super().layers
        held = [value for name, value in vars(self).items() if name not in ("_layer", "_owner")]
        found: Any = list(dict.fromkeys(layers_within(held)))
        return unwrapped(found)

    def _build_for(self, shape: Shape) -> None:
        """Build the model for an input of `shape`, unless its shapes are known already."""
        self.build(shape)

    def _build_for_data(self, x: Any) -> None:
        """Create the weights for data like `x`, where `call` does not say its shape."""
        self.build(subclassed.shapes_of(x))

    def _output_names(self) -> list[str]:
        is_open = not self._is_known and self.call is not None
        return ["output"] if is_open else super()._output_names()

    def stream(self, streams: int | None = None) -> Stream:
        """Return the model as a stream, which computes step by step as inputs arrive.

        Parameters
        ----------
        streams : int, optional
            Number of independent streams, each with its own state; arrays then have a leading axis
            for the streams.  One stream without that axis if left out.

        Returns
        -------
        Stream
            Call it with the next step or block of steps.  It returns the same bits as
            :meth:`predict` for these steps of the whole sequence.  Its states are initially zero;
            ``stream.reset()`` resets them, and ``stream.state`` can be saved and set.

        Raises
        ------
        ValueError
            If the model has several inputs or outputs, if a layer needs the whole sequence
            (`Bidirectional`, ``go_backwards``), or `streams` is below 1.

        Notes
        -----
        The stream copies the current weights: after training, make a new one.  Streams are
        independent of each other and of the model; each can be used by one thread at a time.

        Examples
        --------
        >>> from fastrnn.layers import GRU, Dense, Input
        >>> from fastrnn.models import Sequential
        >>> model = Sequential([Input((None, 2)), GRU(8, return_sequences=True), Dense(1)])
        >>> x = np.random.default_rng(0).random((1, 6, 2), np.float32)
        >>> stream = model.stream()
        >>> first, rest = stream(x[0, 0]), stream(x[0, 1:])  # a step, then a block of five
        >>> bool((np.vstack([first, rest]) == model.predict(x)[0]).all())
        True
        """
        if streams is not None:
            streams = positive_integer("streams", streams)
        return streaming.stream(self._graph, streams)

    @with_older_names
    def save(self, filepath: str | os.PathLike[str], *, include_optimizer: bool = True) -> None:
        """Save the whole model: layers, weights, compile options and optimizer state.

        During a training, the file also holds what :meth:`fit` needs to ``resume`` it.

        Parameters
        ----------
        filepath : str or path
            Missing folders are created.  The file extension chooses the format: ``.safetensors``
            is fastrnn's own, ``.keras``, ``.h5`` and ``.hdf5`` are Keras's.  Unknown extensions
            give safetensors.
        include_optimizer : bool, default True
            Whether to include the compile options and the optimizer state.

        Raises
        ------
        ValueError
            If the file extension is that of a format which other functions write, such as
            ``.onnx`` and ``.h`` (:meth:`export`) or ``.pt`` (PyTorch).
        CheckpointError
            If the format cannot hold the model; nothing is written then.
        OSError
            If the file cannot be written; an existing file is then unchanged.

        See Also
        --------
        fastrnn.models.load_model : Reads the file.
        export : Writes files for other programs.
        """
        path = path_text("filepath", filepath)
        whole = boolean("include_optimizer", include_optimizer)
        saving.save(path, self._description() if whole else self._weights_description())

    @with_older_names
    def save_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Save layers and weights as :meth:`save` does, without compile options and optimizer."""
        path = path_text("filepath", filepath)
        saving.save_weights(path, self._weights_description())

    def export(self, filepath: str | os.PathLike[str], **options: Any) -> None:
        """Write the model for another program, in the format of the file extension.

        Parameters
        ----------
        filepath : str or path
        **options :
            Options of the format.  For ``.onnx`` and ``.json``, ``check=True`` reads the file again
            and compares it with the model on random inputs; ONNX files are also run in
            ``onnx.reference``.

        Raises
        ------
        ValueError
            If no format with this file extension can be exported.
        CheckpointError
            If the format cannot hold the model; nothing is written then.  With `check`, if the
            outputs of the file differ from the model's.
        """
        path = path_text("filepath", filepath)
        exporting.export(self, path, self._weights_description(), options)

    @with_older_names
    def load_weights(
        self,
        filepath: str | os.PathLike[str],
        skip_mismatch: bool = False,
        by_name: bool = False,
    ) -> None:
        """Load weights from a file that :meth:`save` or :meth:`save_weights` wrote.

        Parameters
        ----------
        filepath : str or path
        skip_mismatch : bool, default False
            Skip layers, with a warning, if the shapes or the number of their weights in the file
            differ.
        by_name : bool, default False
            Load only layers that the file has under the same name; other layers, in the model and
            in the file, are ignored.

        Raises
        ------
        CheckpointError
            If it is not such a file, is damaged, or does not fit; the model is then unchanged.
            With `by_name` also for files without names of layers: ``.keras`` and ``.weights.h5``.

        Warns
        -----
        UserWarning
            About layers that `skip_mismatch` skips, or if `by_name` finds no layer.
        """
        path = path_text("filepath", filepath)
        skipped: list[str] | None = [] if boolean("skip_mismatch", skip_mismatch) else None
        choice = Choice(boolean("by_name", by_name), skipped)
        tensors = saving.read_weights(path, self._weights_description(), choice)
        try:
            found = state.fitting_weights(self, tensors, choice)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None
        state.take_weights(self, found)
        if skipped:
            warnings.warn(f"{path}: left as they are: {'; '.join(skipped)}", stacklevel=2)
        elif not found and self.weights:
            warnings.warn(f"{path} has none of the layers of {self.name}", stacklevel=2)

    def _weights_description(self) -> Description:
        """Return the description of the layers and weights, for a file."""
        found = Description(self.get_config(), None, state.weight_tensors(self))
        found.own = state.own_classes(self)
        names = zip(found.tensors, self.weights, strict=True)
        found.untrained = frozenset(name for name, weight in names if not weight.trainable)
        return found

    def _description(self) -> Description:
        """Return the description of the whole model, and of the current training, for a file."""
        found = self._weights_description()
        tensors = dict(found.tensors)
        setup = self._setup
        training, optimizer = setup.training, setup.optimizer
        if training is not None:
            # The training's own options, even if the model has been compiled again since.
            optimizer, found.training = training.trainer.optimizer, training.compiled()
            found.run, kept = training.record()
            tensors.update(kept)
        elif setup.objective is not None:
            found.training = setup.get_config()
        if found.training is not None:
            assert optimizer is not None
            found.training["iterations"] = optimizer.iterations
            tensors.update(state.slot_tensors(self, optimizer))
        found.tensors = tensors
        return found
