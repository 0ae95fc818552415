"""Layers that can be trained."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from fastrnn.construction import with_older_names
from fastrnn.files import path_text
from fastrnn.formats import CheckpointError, Choice, Description
from fastrnn.layers import SymbolicTensor
from fastrnn.layers.building import building
from fastrnn.layers.shapes import Shape
from fastrnn.models import exporting, saving, state, streaming, subclassed
from fastrnn.models.data import (
    positive_integer,
)
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
        Results of :func:`fastrnn.layers.Input`, or of a layer: what came before it is data then.
    outputs : SymbolicTensor or sequence of them
        Results of the last layers.
    name : str, default "model"

    Raises
    ------
    ValueError
        If `outputs` does not follow from `inputs`, if a layer stands in the chain twice, or two
        layers were given one name.
    TypeError
        If one of them is not a symbolic tensor.

    Notes
    -----
    Arrays are (batch, time, features) or (batch, features), and (batch, time) for tokens.  Where
    there are several inputs or outputs, ``x``, ``y`` and ``sample_weight`` are lists, or dicts by
    the names of the layers, and answers are lists.

    Where a mask reaches an output (of `Masking`, `Embedding` with ``mask_zero``, or ``mask=`` in a
    layer's call), loss and metrics count only the steps that it leaves, and the answers at the
    others are zero.

    Data of a wider type are rounded to the model's: a finite number beyond its range becomes
    infinite, as in NumPy and Keras.  A weight that would is refused.

    Any number of threads may call :meth:`predict` and :meth:`evaluate` at once.  Training, and all
    use of a model with stateful layers, is for one thread at a time; a second one gets a
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

    #: A class of one's own defines it: it is called on tensors, and calls layers on them.
    call: Any = None
    #: The type of what `call` is called on, where it is another than that of new layers.
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
        """Return the model as something that runs on as its input comes.

        Parameters
        ----------
        streams : int, optional
            How many streams run side by side, each with a state of its own; their arrays then
            have an axis for them in front.  One, without that axis, if left out.

        Returns
        -------
        Stream
            Call it with the next step, or block of steps; it answers as :meth:`predict` does to
            the whole sequence so far, to the bit.  Its states begin as zeros, and
            ``stream.reset()`` takes them there again; ``stream.state`` is to be kept and set.

        Raises
        ------
        ValueError
            If the model is no plain row of layers, if a layer needs the whole sequence at once
            (`Bidirectional`, ``go_backwards``), or `streams` is below 1.

        Notes
        -----
        The stream keeps the weights as they are now: after a training, make another.  Streams are
        independent of each other and of the model; each is for one thread at a time.

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
        """Write the whole model: layers, weights, how it was compiled, state of its optimizer.

        While a training runs, also where it is: what :meth:`fit` needs to ``resume`` it.

        Parameters
        ----------
        filepath : str or path
            Missing folders are made.  The ending says in which format; safetensors if it is none
            that is known.
        include_optimizer : bool, default True
            False leaves out how it was compiled and the state of its optimizer.

        Raises
        ------
        CheckpointError
            If the format cannot hold the model; nothing is written then.
        OSError
            If the file cannot be written; one that was there before is as it was.

        See Also
        --------
        fastrnn.models.load_model : Reads the file.
        """
        path = path_text("filepath", filepath)
        whole = boolean("include_optimizer", include_optimizer)
        saving.save(path, self._description() if whole else self._weights_description())

    @with_older_names
    def save_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights and the chain, nothing of the training; else as :meth:`save`."""
        path = path_text("filepath", filepath)
        saving.save_weights(path, self._weights_description())

    def export(self, filepath: str | os.PathLike[str], **options: Any) -> None:
        """Write the model for another program, as the ending of the file says.

        Parameters
        ----------
        filepath : str or path
        **options :
            Of the format.  With ``check=True``, of ``.onnx`` and ``.json``, the file is read again
            and compared with the model on random inputs; one of ONNX by ``onnx.reference`` too.

        Raises
        ------
        ValueError
            If the ending is of no format that can be exported.
        CheckpointError
            If the format cannot hold the model; nothing is written then.  With `check`, if what was
            written does not answer as the model.
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
        """Replace the weights by those of a file of :meth:`save` or :meth:`save_weights`.

        Parameters
        ----------
        filepath : str or path
        skip_mismatch : bool, default False
            Leave layers as they are, with a warning, whose weights in the file have other shapes,
            or are more or fewer.
        by_name : bool, default False
            Take only the layers that the file has under the same name, and leave the others as they
            are; what the file has beside them does not matter.

        Raises
        ------
        CheckpointError
            If it is no such file, is damaged, or does not fit; the model is as it was then.  With
            `by_name` also for a file that has no names of layers: ``.keras`` and ``.weights.h5``.

        Warns
        -----
        UserWarning
            About the layers that `skip_mismatch` leaves, or if `by_name` finds no layer at all.
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
        """Return layers and weights, as files have them."""
        return Description(self.get_config(), None, state.weight_tensors(self))

    def _description(self) -> Description:
        """Return all that files have of the model, and of the training that runs."""
        found = self._weights_description()
        tensors = dict(found.tensors)
        setup = self._setup
        training, optimizer = setup.training, setup.optimizer
        if training is not None:
            # With what it began with, whatever the model was compiled with since.
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
