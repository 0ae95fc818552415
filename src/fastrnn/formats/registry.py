"""The list of formats of model files, and the recognition of files."""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fastrnn.files import kind_of_file, path_text
from fastrnn.formats.choice import Choice
from fastrnn.formats.description import Description
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.foreign import HEAD, about_folder, is_onnx, names_in_zip

Path = str | bytes | os.PathLike[str]
Keep = Callable[[str], bool]


@dataclass(frozen=True)
class Format:
    """A format of model files.

    Its module has the functions that `ways` names:

    ``read(path, keep=None) -> Description``
        `keep` takes the name of a tensor and returns whether to read it into memory immediately;
        formats that always read all tensors ignore it.
    ``read_weights(path, description, choice) -> mapping of str to ndarray``
        For files of weights and of whole models: all arrays of the described model, by
        ``layer/weight``.
    ``write(path, description, **options)``
        Files are replaced atomically (:func:`fastrnn.files.replace_file`).
    ``write_weights(path, description)``
    ``write_test(path, description, x, y, tolerance, **options)``, ``quantized(description)``
        For formats that are programs: write a self-test, and return a model with the rounded
        weights of the file.

    All raise :class:`CheckpointError` and, for errors of the system, ``OSError``.

    Attributes
    ----------
    name : str
        Its name, such as ``"Keras 3 (.keras)"``.
    module : str
        Its module in fastrnn.formats; imported on use.
    endings : tuple of str
        Lower-case extensions of files that ``Model.save`` or ``Model.export`` write.
    begins : callable
        Takes the path and the first bytes; returns whether a file has this format.
    ways : str
        The supported functions: of "read", "read_weights", "write", "write_weights", "export",
        "write_test", "quantized".
    extra : str or None
        The extra of fastrnn that installs the required package.
    needs : str or None
        The required package.
    """

    name: str
    module: str
    endings: tuple[str, ...]
    begins: Callable[[str, bytes], bool]
    ways: frozenset[str]
    extra: str | None = None
    needs: str | None = None

    def _function(self, way: str, path: str) -> Callable[..., Any]:
        if way not in self.ways:
            done = way.replace("_weights", "").replace("export", "writ").replace("write", "writ")
            what = "the weights of a model alone" if way.endswith("_weights") else "a whole model"
            raise CheckpointError(
                f"{path} is of the format {self.name}, in which {what} cannot be "
                f"{done if done == 'read' else 'written'} here"
            )
        self.require(path)
        module = importlib.import_module(f"fastrnn.formats.{self.module}")
        found: Callable[..., Any] = getattr(module, "write" if way == "export" else way)
        return found

    def require(self, path: str) -> None:
        """Raise ``ImportError``, with the extra to install, if the required package is missing."""
        if self.needs is None:
            return
        try:
            importlib.import_module(self.needs)
        except ImportError as error:
            raise ImportError(
                f"{path} is of the format {self.name}, which needs the package "
                f'{self.needs}: pip install "fastrnn[{self.extra}]"'
            ) from error

    def read(self, path: str, keep: Keep | None = None) -> Description:
        """Return what a file holds."""
        found: Description = self._function("read", path)(path, keep)
        return found

    def read_weights(
        self, path: str, description: Description, choice: Choice
    ) -> Mapping[str, NDArray[Any]]:
        """Return the weights in a file for the model that is described."""
        read = self._function("read_weights", path)
        found: Mapping[str, NDArray[Any]] = read(path, description, choice)
        return found

    def write(self, path: str, description: Description, **options: Any) -> None:
        """Write a model that can be read again."""
        self._function("write", path)(path, description, **options)

    def write_weights(self, path: str, description: Description) -> None:
        """Write the weights alone."""
        self._function("write_weights", path)(path, description)

    def export(self, path: str, description: Description, **options: Any) -> None:
        """Write a model for another program."""
        self._function("export", path)(path, description, **options)

    def write_test(self, path: str, *given: Any, **options: Any) -> str:
        """Write the self-test of an exported model, and return its path."""
        found: str = self._function("write_test", path)(path, *given, **options)
        return found

    def quantized(self, path: str, description: Description) -> Description:
        """Return a model with its weights as they are in an exported file of 8 bits."""
        found: Description = self._function("quantized", path)(description)
        return found


def _is_json(path: str, head: bytes) -> bool:
    """Return whether a file is a JSON object."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" and b"\0" not in head[:16]


def _is_any(path: str, head: bytes) -> bool:
    return True


def _is_hdf5(path: str, head: bytes) -> bool:
    # The signature may follow a user block, at offset 512, 1024, 2048...
    places = (0, 512, 1024, 2048, 4096)
    return any(head[place : place + 8] == b"\x89HDF\r\n\x1a\n" for place in places)


def _is_keras(path: str, head: bytes) -> bool:
    names = names_in_zip(path) if head.startswith(b"PK") else []
    return "config.json" in names and any(name.startswith("model.weights") for name in names)


#: fastrnn's own files; also the default for files that are not recognized.
OWN = Format(
    "safetensors of fastrnn",
    "own",
    (".safetensors",),
    _is_any,
    frozenset({"read", "write"}),
)


def _is_none(path: str, head: bytes) -> bool:
    return False


#: Can only be written.
C = Format("C", "c", (".h",), _is_none, frozenset({"export", "write_test", "quantized"}))

#: Files of ONNX.
ONNX = Format(
    "ONNX",
    "onnx",
    (".onnx",),
    lambda path, head: is_onnx(head),
    frozenset({"read", "export"}),
    extra="onnx",
    needs="onnx",
)

_BOTH_WAYS = frozenset({"read", "read_weights", "write"})

#: Files of Keras; ``.weights.h5`` is one of the endings of the second.
KERAS = Format(
    "Keras 3 (.keras)", "keras.archive", (".keras",), _is_keras, _BOTH_WAYS, "keras", "h5py"
)
HDF5 = Format(
    "HDF5 of Keras",
    "keras.hdf5",
    (".h5", ".hdf5"),
    _is_hdf5,
    _BOTH_WAYS | {"write_weights"},
    "keras",
    "h5py",
)

#: All formats, in the order of recognition.
FORMATS: tuple[Format, ...] = (
    KERAS,
    HDF5,
    Format(
        "JSON of RTNeural, Neural Amp Modeler or an amp model",
        "audio",
        (".json",),
        _is_json,
        frozenset({"read", "export"}),
    ),
    C,
    ONNX,
    OWN,
)


def format_of_file(path: Path) -> Format:
    """Return the format that a file is of, by its first bytes.

    Raises
    ------
    FileNotFoundError, PermissionError, IsADirectoryError
        As :func:`open` does.
    CheckpointError
        If it is no regular file.
    """
    path = path_text("filepath", path)
    kind = kind_of_file(os.stat(path).st_mode)
    if kind == "folder":
        raise IsADirectoryError(errno.EISDIR, about_folder(path), path)
    if kind != "file":  # which might be read without end, or wait for a writer
        raise CheckpointError(f"{path} is a {kind}; a model is a file")
    with open(path, "rb") as file:
        head = file.read(2 * HEAD)
    return next(one for one in FORMATS if one.begins(path, head))


def format_for(path: str, way: str) -> Format | None:
    """Return the format for a file that is to be written, by its ending, or None.

    Parameters
    ----------
    path : str
    way : {"write", "write_weights", "export"}
        What the format must be able to do.
    """
    ending = os.path.basename(path).lower()
    fits = [one for one in FORMATS if way in one.ways and ending.endswith(one.endings)]
    return fits[0] if fits else None


#: Endings of files that no format here writes, and what does.
_FOREIGN = {
    (".pt", ".pth"): "torch.save(to_state_dict(model), filepath) writes them, with to_state_dict "
    "of fastrnn.interop.torch",
    (".npz", ".npy"): "np.savez(filepath, *model.get_weights()) writes .npz files",
    (".pkl", ".pickle", ".joblib"): "fastrnn writes no pickles",
    (".pb", ".tflite"): "TensorFlow writes them from a .keras file",
    (".nam",): "fastrnn only reads the models of Neural Amp Modeler",
    (".c", ".cpp", ".hpp"): "model.export writes C, as .h files",
}


def check_ending(path: str, way: str) -> None:
    """Raise ``ValueError`` if a file has the ending of another format than the one to be written.

    Parameters
    ----------
    path : str
    way : {"write", "write_weights"}
        What is to be written.  Files with unknown endings are written as safetensors.
    """
    name = os.path.basename(path).lower()
    found = format_for(path, way) or OWN
    others = [one for one in FORMATS if one is not found and name.endswith(one.endings)]
    if found is not OWN or not others:
        advice = [text for endings, text in _FOREIGN.items() if name.endswith(endings)]
    elif "write" in others[0].ways:
        advice = ["model.save writes them, with the whole model"]
    else:
        advice = ["model.export writes them"]
    if not advice:
        return
    fits = [ending for one in FORMATS if way in one.ways for ending in one.endings]
    fits = [*OWN.endings, *(ending for ending in fits if ending not in OWN.endings)]
    call = "model.save" if way == "write" else "model.save_weights"
    ending = os.path.splitext(name)[1]
    raise ValueError(
        f"filepath is {path!r}; {call} does not write {ending} files ({advice[0]}); the ending "
        f"should be one of {', '.join(fits)}"
    )


def read(path: Path, keep: Keep | None = None) -> Description:
    """Return what a file holds, of whatever format it is.

    Raises
    ------
    OSError
        As :func:`open` does.
    CheckpointError
        If it is of no known format, is damaged, or holds what cannot be represented.
    ImportError
        If the format needs a package that is not installed; it names the extra.
    """
    path = path_text("filepath", path)
    return format_of_file(path).read(path, keep)
