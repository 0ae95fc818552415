"""Tokenization of text to lists of integers, and back."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastrnn._names import names_of
from fastrnn.arguments import as_array, fitting
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible
from fastrnn.representation import constructor_like
from fastrnn.settings import boolean, integer

__all__ = [
    "Tokenizer",
    "hashing_trick",
    "one_hot",
    "text_to_word_sequence",
    "tokenizer_from_json",
]

#: Default separators of words, which are dropped: ASCII punctuation except the apostrophe, tabs and
#: line ends.
FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

Text = str | Sequence[str]


def text_to_word_sequence(
    text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Split a text into words.

    Parameters
    ----------
    text : str
    filters : str
        Every character in it counts as a separator.
    lower : bool
        Whether to put the text into lower case first.
    split : str
        The separator.

    Returns
    -------
    list of str
        Without empty words.

    Examples
    --------
    >>> text_to_word_sequence("The cat, the dog!")
    ['the', 'cat', 'the', 'dog']
    """
    if boolean("lower", lower):
        text = text.lower()
    text = text.translate({ord(character): split for character in filters})
    return [word for word in text.split(split) if word]


def hashing_trick(
    text: str,
    n: int,
    hash_function: Callable[[str], int] | Literal["md5"] | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
) -> list[int]:
    """Convert a text to integers from 1 to `n` - 1 by hashing the words, without a vocabulary.

    Different words may get the same integer.

    Parameters
    ----------
    text : str
    n : int
        Number of rows for an `Embedding`; 0 is not used for words.
    hash_function : callable or "md5", optional
        Returns an int for a word.  Python's :func:`hash` if left out, which differs between
        processes; "md5" does not.
    filters, lower, split
        As in :func:`text_to_word_sequence`.

    Returns
    -------
    list of int

    Examples
    --------
    >>> hashing_trick("a cat, a hat", 100, "md5")
    [92, 3, 92, 24]
    """
    size = integer("n", n, least=2)
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        hash_function = _md5
    words = text_to_word_sequence(text, filters, lower, split)
    return [hash_function(word) % (size - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def one_hot(
    input_text: str, n: int, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[int]:
    """Convert a text to integers by :func:`hashing_trick`, with Python's hash.

    The name is Keras's; the result is not one-hot encoded.

    Examples
    --------
    >>> len(one_hot("The cat, the dog!", 50))
    4
    """
    return hashing_trick(input_text, n, None, filters, lower, split)


def _indices(sequence: Iterable[int], number: int) -> list[int]:
    """Return a sequence of indices as integers; raise an error for other values."""
    given = list(sequence) if not hasattr(type(sequence), "__array__") else sequence
    if isinstance(given, list) and all(type(index) is int for index in given):
        return given
    title = f"sequences[{number}]"
    array = as_array(title, given)
    if array.ndim != 1:
        raise ValueError(f"{title} has shape {array.shape}; it should be a list of indices")
    indices: list[int] = fitting(array, np.dtype(np.int64), title).astype(np.int64).tolist()
    return indices


class Tokenizer(metaclass=Constructible):
    """A vocabulary of words or characters, numbered as Keras numbers them.

    The most frequent token has index 1; of tokens that are equally frequent, the one that appeared
    first comes first.  Index 0 is reserved for padding.

    Parameters
    ----------
    num_words : int, optional
        Use only indices below this one when converting texts.  The vocabulary itself is not
        limited.
    filters : str
        Characters that separate words and are dropped.  As in Keras they apply to words only:
        with ``char_level=True`` every character is a token.
    lower : bool, default True
        Whether to put texts into lower case.
    split : str, default " "
        What separates words.
    char_level : bool, default False
        Whether the tokens are characters instead of words.
    oov_token : str, optional
        Replaces every token outside the vocabulary (and outside `num_words`); it has index 1.
        Without it, such tokens are left out.
    document_count : int
        Number of texts that are already counted; 0 for a new tokenizer.
    analyzer : callable, optional
        Takes a text and returns its tokens, instead of the rules above.

    Attributes
    ----------
    word_counts : dict of str to int
        Number of occurrences of each token, in order of first appearance.
    word_docs : dict of str to int
        Number of texts with each token.
    word_index, index_word : dict
        From token to index, and back.
    index_docs : dict of int to int
        `word_docs` by index.
    document_count : int
        Number of texts counted.

    Examples
    --------
    >>> tokenizer = Tokenizer()
    >>> tokenizer.fit_on_texts(["the cat", "the dog"])
    >>> tokenizer.texts_to_sequences(["the dog", "the cat"])
    [[1, 3], [1, 2]]
    >>> tokenizer.word_index
    {'the': 1, 'cat': 2, 'dog': 3}
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        document_count: int = 0,
        analyzer: Callable[[str], list[str]] | None = None,
    ) -> None:
        if num_words is not None:
            num_words = integer("num_words", num_words, least=1)
        if not split:
            raise ValueError("split is empty; it should be the text between two words")
        self.num_words = num_words
        self.filters = filters
        self.lower = boolean("lower", lower)
        self.split = split
        self.char_level = boolean("char_level", char_level)
        self.oov_token = oov_token
        self.document_count = integer("document_count", document_count, least=0)
        self.analyzer = analyzer
        self.word_counts: dict[str, int] = {}
        self.word_docs: dict[str, int] = {}
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}
        self.index_docs: dict[int, int] = {}

    def __repr__(self) -> str:
        made = constructor_like(self, without=("document_count",))
        return f"<{made}: {len(self.word_index)} tokens>" if self.word_index else made

    def fit_on_texts(self, texts: Iterable[Text]) -> None:
        """Count the tokens of texts and update the vocabulary.

        Further calls add to the counts.

        Parameters
        ----------
        texts : iterable of str, or of lists of str
            A list is one of tokens.
        """
        counts: Counter[str] = Counter(self.word_counts)
        documents: Counter[str] = Counter(self.word_docs)
        seen = 0
        for tokens in self._tokens_of(texts):
            counts.update(tokens)
            documents.update(set(tokens))
            seen += 1
        self.word_counts = dict(counts)
        self.word_docs = dict(documents)
        self.document_count += seen
        self._number()

    def _number(self) -> None:
        # Python's sort is stable, so equal counts keep the order of first appearance.
        vocabulary = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        if self.oov_token is not None:
            vocabulary = [self.oov_token, *(w for w in vocabulary if w != self.oov_token)]
        self.word_index = {word: index for index, word in enumerate(vocabulary, start=1)}
        self.index_word = {index: word for word, index in self.word_index.items()}
        self.index_docs = {self.word_index[word]: n for word, n in self.word_docs.items()}

    def fit_on_sequences(self, sequences: Iterable[Sequence[int]]) -> None:
        """Count the sequences with each index (for ``mode="tfidf"``)."""
        documents: Counter[int] = Counter(self.index_docs)
        seen = 0
        for number, sequence in enumerate(sequences):
            documents.update(set(_indices(sequence, number)))
            seen += 1
        self.document_count += seen
        self.index_docs = dict(documents)

    def texts_to_sequences(self, texts: Iterable[Text]) -> list[list[int]]:
        """Return the indices of every text's tokens.

        Parameters
        ----------
        texts : iterable of str, or of lists of str

        Returns
        -------
        list of lists of int
            Tokens outside the vocabulary are left out, or replaced by the index of `oov_token`.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Text]) -> Iterator[list[int]]:
        """Yield what :meth:`texts_to_sequences` lists, one text at a time."""
        known = self._kept_index()
        unknown = None if self.oov_token is None else self.word_index.get(self.oov_token)
        for tokens in self._tokens_of(texts):
            if unknown is None:
                yield [known[token] for token in tokens if token in known]
            else:
                yield [known.get(token, unknown) for token in tokens]

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Return the tokens of every sequence, with one space between (characters too, as Keras).

        Indices outside the vocabulary, such as 0 for padding, are left out, or replaced by
        `oov_token`.
        """
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """Yield what :meth:`sequences_to_texts` lists, one sequence at a time."""
        known = {index: word for word, index in self._kept_index().items()}
        for number, sequence in enumerate(sequences):
            words = (known.get(index, self.oov_token) for index in _indices(sequence, number))
            yield " ".join(word for word in words if word is not None)

    def texts_to_matrix(
        self, texts: Iterable[Text], mode: Literal["binary", "count", "tfidf", "freq"] = "binary"
    ) -> NDArray[np.float64]:
        """Return a row per text and a column per index: see :meth:`sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    @quietly
    def sequences_to_matrix(
        self,
        sequences: Sequence[Sequence[int]],
        mode: Literal["binary", "count", "tfidf", "freq"] = "binary",
    ) -> NDArray[np.float64]:
        """Return a matrix of the occurrences of indices in sequences.

        Parameters
        ----------
        sequences : list of lists of int
        mode : {"binary", "count", "tfidf", "freq"}
            Whether an index occurs (1 or 0); its count; the weighted count ``(1 + log(count)) *
            log(1 + documents / (1 + documents with it))``; its fraction.

        Returns
        -------
        ndarray of shape (len(sequences), num_words), or one more than the vocabulary
        """
        if mode not in ("binary", "count", "tfidf", "freq"):
            raise ValueError(f"mode is {mode!r}; it should be 'binary', 'count', 'tfidf' or 'freq'")
        if self.num_words is None and not self.word_index:
            raise ValueError("the number of columns is unknown: give num_words or fit on texts")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("mode 'tfidf' needs counts: call fit_on_texts first")
        columns = self.num_words if self.num_words is not None else len(self.word_index) + 1
        matrix = np.zeros((len(sequences), columns))
        for number, (row, sequence) in enumerate(zip(matrix, sequences, strict=True)):
            indices = _indices(sequence, number)
            counts = Counter(index for index in indices if 0 <= index < columns)
            for index, count in counts.items():
                row[index] = self._weight(index, count, len(sequence), mode)
        return matrix

    def _weight(self, index: int, count: int, length: int, mode: str) -> float:
        if mode == "binary":
            return 1.0
        if mode == "count":
            return float(count)
        if mode == "freq":
            return count / length
        rarity = np.log1p(self.document_count / (1 + self.index_docs.get(index, 0)))
        return float((1 + np.log(count)) * rarity)

    def get_config(self) -> dict[str, Any]:
        """Return the options and the vocabulary, with dictionaries as JSON text (as Keras does)."""
        if self.analyzer is not None:
            raise ValueError("a tokenizer with an analyzer of its own cannot be written as JSON")
        return {
            "num_words": None if self.num_words is None else int(self.num_words),
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            "word_counts": json.dumps(self.word_counts),
            "word_docs": json.dumps(self.word_docs),
            "index_docs": json.dumps(self.index_docs),
            "index_word": json.dumps(self.index_word),
            "word_index": json.dumps(self.word_index),
        }

    def to_json(self, **options: Any) -> str:
        """Return the tokenizer as JSON; `options` go to :func:`json.dumps`.

        See :func:`tokenizer_from_json` for the inverse.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **options
        )

    def _kept_index(self) -> dict[str, int]:
        """Return the part of `word_index` that `num_words` allows."""
        if not self.num_words:
            return self.word_index
        return {word: i for word, i in self.word_index.items() if i < self.num_words}

    def _tokens_of(self, texts: Iterable[Text]) -> Iterator[Sequence[str]]:
        if isinstance(texts, str) or not hasattr(texts, "__iter__"):
            raise TypeError(
                f"texts is of type {type(texts).__name__}; it should be a list of texts"
            )
        for index, text in enumerate(texts):
            if isinstance(text, str):
                yield self._tokens(text)
            elif isinstance(text, (list, tuple)):
                yield [str(token).lower() if self.lower else str(token) for token in text]
            else:
                raise TypeError(
                    f"texts[{index}] is of type {type(text).__name__}; "
                    "it should be a text or a list of tokens"
                )

    def _tokens(self, text: str) -> Sequence[str]:
        if self.analyzer is not None:
            return self.analyzer(text)
        if self.char_level:
            return text.lower() if self.lower else text
        return text_to_word_sequence(text, self.filters, self.lower, self.split)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return the tokenizer that :meth:`Tokenizer.to_json` wrote.

    Raises
    ------
    ValueError
        If the text is not such JSON.

    Examples
    --------
    >>> tokenizer = Tokenizer()
    >>> tokenizer.fit_on_texts(["the cat"])
    >>> tokenizer_from_json(tokenizer.to_json()).word_index
    {'the': 1, 'cat': 2}
    """
    try:
        config = dict(json.loads(json_string)["config"])
        counts, documents = (json.loads(config.pop(key)) for key in ("word_counts", "word_docs"))
        index_docs, index_word, word_index = (
            json.loads(config.pop(key)) for key in ("index_docs", "index_word", "word_index")
        )
        tokenizer = Tokenizer(**config)
        tokenizer.word_counts, tokenizer.word_docs = counts, documents
        tokenizer.word_index = word_index
        tokenizer.index_word = {int(index): word for index, word in index_word.items()}
        tokenizer.index_docs = {int(index): count for index, count in index_docs.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"json_string is not a tokenizer's JSON: {error!r}") from error
    return tokenizer


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
