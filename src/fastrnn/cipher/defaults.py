"""What a run is told where nothing is said: with one key, and with random keys."""

from __future__ import annotations

from typing import Any

__all__ = [
    "CHOSEN",
    "CONSTANT",
    "COSINE",
    "LONG_MEMORY",
    "SCHEDULES",
    "USUAL",
    "with_random_keys",
]

#: How the learning rate goes on from its start.
CONSTANT, COSINE = SCHEDULES = ("constant", "cosine")

#: What is chosen where nothing is said.
USUAL: dict[str, Any] = {
    "cell": "gru",
    "units": 64,
    "epochs": 5,
    "batch_size": 32,
    "learning_rate": 0.001,
    "schedule": CONSTANT,
    "warmup_steps": 0,
    "validation_split": 0.2,
    "curriculum": 0.0,
}

#: The same with random keys, which take a larger network, a memory that lasts, and many steps.
WITH_RANDOM_KEYS: dict[str, Any] = {
    **USUAL,
    "cell": "lstm",
    "units": 256,
    "epochs": 200,
    "batch_size": 128,
    "learning_rate": 0.004,
    "schedule": COSINE,
    "clip_norm": 1.0,
}

#: And with random letters, of which an epoch may have as many as one likes.
WITH_RANDOM_TEXT: dict[str, Any] = {
    **WITH_RANDOM_KEYS,
    "sentences": 100_000,
    "epochs": 40,
    "curriculum": 0.1,
    "validation_split": 0.04,
}

#: What differs where the network is taught what the windows of a machine show, and the epochs of
#: random letters then. Messages are whole from the start: their beginnings are no easier.
WITH_WINDOWS: dict[str, Any] = {
    "readout": 512,
    "learning_rate": 0.003,
    "warmup_steps": 100,
    "curriculum": 0.0,
}
EPOCHS_WITH_WINDOWS = 16

#: The forget bias of an LSTM with random keys.
LONG_MEMORY = 3.0


#: Stands for the default of a setting that depends on others.
CHOSEN: Any = None


def with_random_keys(random_text: bool, windows: bool, schedule: str | None) -> dict[str, Any]:
    """Return what is chosen with random keys where nothing is said.

    Parameters
    ----------
    random_text : bool
        Whether the messages are random letters.
    windows : bool
        Whether the cipher's machine has windows.
    schedule : str or None
        The schedule, where it is said.

    Returns
    -------
    dict of str to object
        Settings by their names.
    """
    chosen = WITH_RANDOM_TEXT if random_text else WITH_RANDOM_KEYS
    if windows:
        chosen = {**chosen, **WITH_WINDOWS}
        if random_text:
            chosen["epochs"] = EPOCHS_WITH_WINDOWS
        if schedule not in (None, COSINE):
            chosen["warmup_steps"] = 0
    return chosen
