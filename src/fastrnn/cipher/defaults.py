"""What a run is told where nothing is said: with one key, and with random keys."""

from __future__ import annotations

from typing import Any

__all__ = [
    "CHOSEN",
    "CONSTANT",
    "COSINE",
    "EPOCHS_WITH_WINDOWS",
    "LONG_MEMORY",
    "SCHEDULES",
    "USUAL",
    "WITH_RANDOM_KEYS",
    "WITH_RANDOM_TEXT",
    "WITH_WINDOWS",
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

#: What differs where the network sees windows, and the epochs of random letters then: all positions
#: of an Enigma's rotors occur in every message, and it has no beginning that is easier.
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
