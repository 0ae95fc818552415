"""The characters of one side of a corpus and the numbers that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.text import Tokenizer

__all__ = ["PADDING", "Vocabulary"]

#: The number at every step after the end of a sentence.
PADDING = 0


class Vocabulary:
    """The characters of some texts, lower case, numbered from 1 by how often they occur.

    Parameters
    ----------
    texts : sequence of str
        The texts. ``Vocabulary([vocabulary.characters])`` is the same vocabulary again, since
        characters that are equally frequent are numbered as they come.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._tokenizer = Tokenizer(lower=True, char_level=True)
        self._tokenizer.fit_on_texts(texts)

    def __len__(self) -> int:
        """How many numbers there are, the one for padding included."""
        return len(self._tokenizer.word_index) + 1

    @property
    def characters(self) -> str:
        """Every character, in the order of the numbers from 1."""
        return "".join(self._tokenizer.word_index)

    def unknown(self, text: str) -> str | None:
        """Return the first character of `text` that has no number, None where all have one."""
        known = self._tokenizer.word_index
        return next((c for c in text.lower() if c not in known), None)

    def numbers(self, texts: Sequence[str], length: int | None = None) -> NDArray[np.int32]:
        """Return the numbers of the characters of every text.

        Parameters
        ----------
        texts : sequence of str
            Texts of known characters; an unknown one would be left out.
        length : int, optional
            How many steps a text gets; as many as the longest has where left out.

        Returns
        -------
        ndarray of int32, shape (texts, length)
            The numbers, padded with `PADDING` behind the end of a text.
        """
        return pad_sequences(
            self._tokenizer.texts_to_sequences(texts), maxlen=length, padding="post"
        )

    def text(self, numbers: Iterable[int]) -> str:
        """Return the characters of some numbers; `PADDING` has none."""
        return "".join(self._tokenizer.index_word.get(int(number), "") for number in numbers)
