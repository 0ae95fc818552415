"""Keras 2's adapters for scikit-learn; :mod:`fastrnn.sklearn` has newer ones."""

from typing import TYPE_CHECKING

from fastrnn._names import names_of

__all__: list[str] = []

if TYPE_CHECKING:
    from fastrnn.wrappers import scikit_learn as scikit_learn
else:
    __getattr__, __dir__ = names_of(
        __name__, __all__, {"scikit_learn": "fastrnn.wrappers.scikit_learn"}
    )
