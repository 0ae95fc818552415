"""Files that others trained, with the answers that Keras gives; they stand beside the clone."""

import os
from pathlib import Path

import numpy as np
import pytest

from fastrnn.models import load_model
from tests.tolerances import FILES

pytest.importorskip("h5py")

FOLDER = Path(
    os.environ.get("FASTRNN_MODELS_DATA")
    or Path(__file__).parents[2].parent / "shared" / "data" / "models"
)
PATHS = [
    path
    for path in sorted(FOLDER.glob("keras/*"))
    if path.suffix in (".h5", ".hdf5", ".keras") and path.with_suffix(".answers.npz").is_file()
]


@pytest.mark.skipif(not PATHS, reason="FASTRNN_MODELS_DATA names no folder of model files")
def test_public_files_give_the_answers_of_keras(tmp_path):
    for path in PATHS:
        answers = np.load(path.with_suffix(".answers.npz"))
        model = load_model(path)
        for written in (None, "again.keras", "again.h5"):
            if written is not None:
                model.save(tmp_path / written)
                model = load_model(tmp_path / written)
            error = np.abs(model.predict(answers["x"]) - answers["y"]).max()
            assert error <= FILES[np.dtype(np.float32)] * np.abs(answers["y"]).max(), path.name
