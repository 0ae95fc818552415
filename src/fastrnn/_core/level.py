"""The choice of an instruction-set level."""

from __future__ import annotations

__all__ = ["choose"]


def choose(wanted: str | None, compiled: tuple[str, ...], supported: tuple[str, ...]) -> str:
    """Return the level to use.

    Parameters
    ----------
    wanted : str or None
        The value of ``FASTRNN_ISA``; without it, or if it is empty, the best supported level is
        chosen.
    compiled : tuple of str
        Levels of this build, the simplest first.
    supported : tuple of str
        Those that this processor and its operating system can run.

    Raises
    ------
    ImportError
        If this build does not have the wanted level, or this machine cannot run it. Its ``name``
        is that of the package, because the package is what cannot be imported: with it,
        ``python -m fastrnn`` prints the error in one line; with another name, a traceback.
    """
    if not wanted:
        return supported[-1]
    if wanted not in compiled:
        problem, choice = "which this build does not know", compiled
    elif wanted not in supported:
        problem, choice = "which this machine cannot run", supported
    else:
        return wanted
    raise ImportError(
        f"FASTRNN_ISA is {wanted!r}, {problem}; "
        f"it should be one of {', '.join(choice)}, or unset for the best one",
        name="fastrnn",
    )
