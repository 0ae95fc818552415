"""Words and numbers of a vocabulary as places in it, and back: before the model, on arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.construction import Constructible, Harmless
from fastrnn.layers.symbolic import SymbolicTensor
from fastrnn.settings import boolean, integer

Array = NDArray[Any]
#: What may come out: places, or a row for every sample with one number for each term.
OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count")


class Lookup(metaclass=Constructible):
    """A vocabulary; see :class:`StringLookup`."""

    harmless: ClassVar[Harmless] = {
        "pad_to_max_tokens": ((False,), "rows are as long as the vocabulary"),
        "sparse": ((False,), "arrays are dense"),
        "ragged": ((False,), "rows are padded with zeros"),
        "encoding": (("utf-8",), "strings are Python's"),
        "idf_weights": ((None,), "there is no output mode tf_idf"),
        "oov_method": (("floormod",), "it decides between several places for unknown values"),
        "salt": ((None,), "it decides between several places for unknown values"),
        "vocabulary_dtype": (("int64", "int32"), "places are int64"),
        "name": ((None, str), "it is no part of a model"),
        "dtype": ((None, str), "places are int64"),
        "trainable": ((True, False), "it has no weights"),
    }

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        invert: bool,
        output_mode: str,
    ) -> None:
        self.max_tokens = None if max_tokens is None else integer("max_tokens", max_tokens, least=2)
        if num_oov_indices not in (0, 1):
            raise ValueError(f"num_oov_indices is {num_oov_indices!r}; it should be 0 or 1")
        if output_mode not in OUTPUT_MODES:
            raise ValueError(f"output_mode is {output_mode!r}; it should be one of {OUTPUT_MODES}")
        self.num_oov_indices, self.output_mode = num_oov_indices, output_mode
        self.mask_token = mask_token if output_mode == "int" else None
        self.oov_token, self.invert = oov_token, boolean("invert", invert)
        self._terms: list[Any] | None = None
        self._places: dict[Any, int] = {}
        if vocabulary is not None:
            self.set_vocabulary(vocabulary)

    def _special(self) -> list[Any]:
        mask = [] if self.mask_token is None else [self.mask_token]
        return mask + [self.oov_token] * self.num_oov_indices

    def set_vocabulary(self, vocabulary: Any) -> None:
        """Take terms in their order, of a sequence or of a text file with one in each line."""
        if isinstance(vocabulary, (str, Path)):
            text = Path(vocabulary).read_text(encoding="utf-8")
            vocabulary = [self._read(line) for line in text.splitlines()]
        terms = [self._read(term) for term in np.asarray(vocabulary, object).reshape(-1)]
        special = self._special()
        if terms[: len(special)] == special:
            terms = terms[len(special) :]
        twice = [term for term, count in Counter([*special, *terms]).items() if count > 1]
        if twice:
            raise ValueError(f"vocabulary has {twice[0]!r} twice")
        if self.max_tokens is not None and len(terms) + len(special) > self.max_tokens:
            raise ValueError(f"vocabulary has {len(terms)} terms; max_tokens is {self.max_tokens}")
        self._terms = terms
        self._places = {term: place for place, term in enumerate([*special, *terms])}

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Make the vocabulary of what is in `data`: the most frequent terms first.

        Of terms that are equally frequent the one that comes later in the alphabet stands first, as
        in Keras.

        Parameters
        ----------
        data : array_like of terms, or iterable of such arrays
        batch_size, steps :
            Taken for the sake of Keras.
        """
        special = self._special()
        counts = Counter(term for term in self._every(data) if term not in special)
        ordered = sorted(counts, key=lambda term: (counts[term], term), reverse=True)
        room = None if self.max_tokens is None else self.max_tokens - len(special)
        self.set_vocabulary(ordered[:room])

    def _every(self, data: Any) -> Iterable[Any]:
        """Yield all terms in some data."""
        return (self._read(term) for array in _arrays(data) for term in array.reshape(-1))

    def _read(self, term: Any) -> Any:
        raise NotImplementedError

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the terms by their places."""
        return (self._special() if include_special_tokens else []) + (self._terms or [])

    def vocabulary_size(self) -> int:
        """Return how many there are, those for padding and unknown ones included."""
        return len(self.get_vocabulary())

    def __call__(self, inputs: Any) -> Array:
        """Return the places of terms, or with ``invert`` the terms at places, in the same shape."""
        self._refuse_tensors(inputs)
        if self._terms is None:
            raise ValueError(f"{type(self).__name__} has no vocabulary; call adapt(data) first")
        array = np.asarray(inputs, None if self.invert else object)
        if self.invert:
            return self._inverted(array)
        found = [self._place(self._read(term)) for term in array.reshape(-1)]
        return self._encoded(np.array(found, np.int64).reshape(array.shape))

    def _inverted(self, places: Array) -> Array:
        if places.dtype.kind not in "iu":
            raise TypeError(f"inputs are of type {places.dtype}; places should be integers")
        terms = self.get_vocabulary()
        found = [terms[p] if 0 <= p < len(terms) else self.oov_token for p in places.reshape(-1)]
        return np.array(found).reshape(places.shape)

    def _place(self, term: Any) -> int:
        found = self._places.get(term)
        if found is not None:
            return found
        if not self.num_oov_indices:
            raise ValueError(f"{term!r} is not in the vocabulary, and num_oov_indices is 0")
        return self._places[self.oov_token]

    def _encoded(self, places: Array) -> Array:
        """Return places as the output mode wants them."""
        if self.output_mode == "int":
            return places
        size = self.vocabulary_size()
        rows = np.eye(size, dtype=np.float32)[places]
        if self.output_mode == "one_hot":
            return rows
        total = rows.sum(axis=-2) if rows.ndim > 1 else rows
        return np.asarray(total if self.output_mode == "count" else np.minimum(total, 1))

    def _refuse_tensors(self, inputs: Any) -> None:
        if isinstance(inputs, SymbolicTensor):
            raise TypeError(
                f"{type(self).__name__} was called on a tensor of a model, which holds numbers; "
                "call it on the data, and give the model Input((steps,), dtype='int32')"
            )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this object."""
        given = (
            "max_tokens",
            "num_oov_indices",
            "mask_token",
            "oov_token",
            "invert",
            "output_mode",
        )
        vocabulary = None if self._terms is None else list(self._terms)
        return {**{name: getattr(self, name) for name in given}, "vocabulary": vocabulary}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Lookup:
        """Return a new object from what :meth:`get_config` returned."""
        return cls(**config)


class StringLookup(Lookup):
    """Strings as their places in a vocabulary: a function of arrays, to be called before a model.

    Parameters
    ----------
    max_tokens : int, optional
        The most terms that :meth:`adapt` keeps, the special ones included.
    num_oov_indices : {1, 0}
        Whether there is a place for unknown strings; they are an error without.
    mask_token : str, optional
        The string whose place is 0.
    oov_token : str, default "[UNK]"
        What stands for unknown strings.
    vocabulary : sequence of str or path, optional
        In place of :meth:`adapt`.
    invert : bool, default False
        Whether to turn places into strings.
    output_mode : {"int", "one_hot", "multi_hot", "count"}

    Examples
    --------
    >>> lookup = StringLookup(vocabulary=["a", "b"])
    >>> lookup([["b", "c", "a"]])
    array([[2, 0, 1]])
    >>> StringLookup(vocabulary=["a", "b"], invert=True)([2, 1])
    array(['b', 'a'], dtype='<U1')
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        invert: bool = False,
        output_mode: str = "int",
    ) -> None:
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, invert, output_mode
        )

    def _read(self, term: Any) -> str:
        if isinstance(term, bytes):
            return term.decode()
        if not isinstance(term, str):
            raise TypeError(f"{term!r} is a {type(term).__name__}; it should be a string")
        return str(term)


class IntegerLookup(Lookup):
    """Integers as their places in a vocabulary: a function of arrays, to be called before a model.

    Parameters
    ----------
    max_tokens, num_oov_indices :
        As of :class:`StringLookup`.
    mask_token : int, optional
        The integer whose place is 0.
    oov_token : int, default -1
        What stands for unknown integers.
    vocabulary, invert, output_mode :
        Likewise.

    Examples
    --------
    >>> lookup = IntegerLookup(vocabulary=[10, 20, 30])
    >>> lookup([[10, 30, 99]])
    array([[1, 3, 0]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        invert: bool = False,
        output_mode: str = "int",
    ) -> None:
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, invert, output_mode
        )

    def _read(self, term: Any) -> int:
        if isinstance(term, str):
            term = int(term)
        return integer("an entry of the data or the vocabulary", term)


def _arrays(data: Any) -> Iterable[Array]:
    """Yield the arrays of some data: one, or those of an iterable that is no sequence."""
    if isinstance(data, (str, bytes, Sequence, np.ndarray)):
        yield np.asarray(data, object)
    else:
        for batch in data:
            yield np.asarray(batch, object)
