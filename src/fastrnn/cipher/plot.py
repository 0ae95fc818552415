"""The picture of a training run."""

from __future__ import annotations

from io import BytesIO

from fastrnn.cipher.history import Epoch

__all__ = ["plot"]


def plot(epochs: list[Epoch]) -> bytes | None:
    """Draw loss and accuracy by epoch, where matplotlib is installed.

    Parameters
    ----------
    epochs : list of Epoch
        The rows of the history, one or more.

    Returns
    -------
    bytes or None
        A PNG file's content; None without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        numbers = [epoch.epoch for epoch in epochs]
        axes.plot(numbers, [getattr(epoch, name) for epoch in epochs], "o-", label="training")
        if epochs[0].val_loss is not None:
            held_out = [getattr(epoch, f"val_{name}") for epoch in epochs]
            axes.plot(numbers, held_out, "s--", label="held out")
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()
