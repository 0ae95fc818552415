"""The terms of a vocabulary by their indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.construction import Constructible, Harmless
from fastrnn.settings import boolean, integer

Array = NDArray[Any]


class Terms(metaclass=Constructible):
    """A vocabulary and its construction; see :class:`StringLookup`."""

    harmless: ClassVar[Harmless] = {
        "sparse": ((False,), "arrays are dense"),
        "ragged": ((False,), "rows are padded with zeros"),
        "encoding": (("utf-8",), "strings are Python's"),
        "oov_method": (("floormod",), "it decides between several places for unknown values"),
        "salt": ((None,), "it decides between several places for unknown values"),
        "vocabulary_dtype": (("int64", "int32"), "places are int64"),
        "name": ((None, str), "it is no part of a model"),
        "dtype": ((None, str), "places are int64"),
        "trainable": ((True, False), "it has no weights"),
    }
    #: Arguments in :meth:`get_config` besides the vocabulary.
    arguments: ClassVar[tuple[str, ...]]
    num_oov_indices: int = 1
    mask_token: Any = None
    oov_token: Any = None
    output_mode: str = "int"

    def __init__(self, max_tokens: int | None, pad_to_max_tokens: bool) -> None:
        self.max_tokens = None if max_tokens is None else integer("max_tokens", max_tokens, least=2)
        self.pad_to_max_tokens = boolean("pad_to_max_tokens", pad_to_max_tokens)
        if self.pad_to_max_tokens and max_tokens is None:
            raise ValueError("pad_to_max_tokens is True; max_tokens should be given too")
        self._terms: list[Any] | None = None
        self._places: dict[Any, int] = {}
        #: Weights of the terms in tf-idf, including padding and unknown terms.
        self.idf_weights: Array | None = None

    def _read(self, term: Any) -> Any:
        raise NotImplementedError

    def _documents(self, data: Any) -> Iterable[Sequence[Any]]:
        """Yield the terms of each document of some data."""
        raise NotImplementedError

    def _special(self) -> list[Any]:
        mask = [] if self.mask_token is None else [self.mask_token]
        return mask + [self.oov_token] * self.num_oov_indices

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the vocabulary from a sequence or from a text file with a term in each line.

        With ``output_mode="tf_idf"`` also the weights; unknown terms get the mean weight.
        """
        if isinstance(vocabulary, (str, Path)):
            text = Path(vocabulary).read_text(encoding="utf-8")
            vocabulary = [self._read(line) for line in text.splitlines()]
        terms = [self._read(term) for term in np.asarray(vocabulary, object).reshape(-1)]
        special = self._special()
        weights = self._weights(idf_weights, len(terms))
        if terms[: len(special)] == special:
            terms = terms[len(special) :]
        elif weights is not None:
            weights = np.concatenate((np.full(len(special), weights.mean()), weights))
        twice = [term for term, count in Counter([*special, *terms]).items() if count > 1]
        if twice:
            raise ValueError(f"vocabulary has {twice[0]!r} twice")
        if self.max_tokens is not None and len(terms) + len(special) > self.max_tokens:
            raise ValueError(f"vocabulary has {len(terms)} terms; max_tokens is {self.max_tokens}")
        self._terms, self.idf_weights = terms, weights
        self._places = {term: place for place, term in enumerate([*special, *terms])}

    def _weights(self, given: Any, count: int) -> Array | None:
        if (given is None) == (self.output_mode == "tf_idf"):
            wanted = "should be given" if given is None else "are only for tf_idf"
            raise ValueError(f"output_mode is {self.output_mode!r}; idf_weights {wanted}")
        weights = None if given is None else np.array(given, np.float32)
        if weights is not None and weights.shape != (count,):
            raise ValueError(f"idf_weights has shape {weights.shape}; it should be ({count},)")
        return weights

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Create the vocabulary from data, with the most frequent terms first.

        As in Keras, equally frequent terms are in reverse alphabetical order.  In tf-idf a term
        weighs log(1 + n / (1 + k)), where k of n documents have it.

        Parameters
        ----------
        data : array_like of terms, or iterable of such arrays
        batch_size, steps :
            Accepted for compatibility with Keras.
        """
        special = self._special()
        counts: Counter[Any] = Counter()
        having: Counter[Any] = Counter()
        documents = 0
        for documents, terms in enumerate(self._documents(data), 1):  # noqa: B007
            counts.update(terms)
            having.update(set(terms))
        ordered = sorted(counts, key=lambda term: (counts[term], term), reverse=True)
        room = None if self.max_tokens is None else self.max_tokens - len(special)
        kept = [term for term in ordered if term not in special][:room]
        weights = None
        if self.output_mode == "tf_idf":
            weights = np.log1p([documents / (1 + having[term]) for term in kept])
        self.set_vocabulary(kept, weights)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the terms in the order of their indices."""
        return (self._special() if include_special_tokens else []) + (self._terms or [])

    def vocabulary_size(self) -> int:
        """Return the size of the vocabulary, including padding and unknown terms."""
        return len(self.get_vocabulary())

    def place_of(self, term: Any) -> int:
        """Return the index of a term, or that of unknown terms."""
        found = self._places.get(term)
        if found is not None:
            return found
        if not self.num_oov_indices:
            raise ValueError(f"{term!r} is not in the vocabulary, and num_oov_indices is 0")
        return self._places[self.oov_token]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this object."""
        config = {name: getattr(self, name) for name in self.arguments}
        terms, weights = self._terms, self.idf_weights
        if weights is not None:
            terms = self.get_vocabulary()
            config["idf_weights"] = weights.tolist()
        return {**config, "vocabulary": None if terms is None else list(terms)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a new object from what :meth:`get_config` returned."""
        return cls(**config)


def arrays_of(data: Any) -> Iterable[Array]:
    """Yield the arrays of some data: one, or those of an iterable that is not a sequence."""
    if isinstance(data, (str, bytes, Sequence, np.ndarray)):
        yield np.asarray(data, object)
    else:
        for batch in data:
            yield np.asarray(batch, object)
