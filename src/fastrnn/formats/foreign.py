"""Recognition of files that fastrnn does not read, with advice."""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress

#: Number of bytes at the beginning of a file to inspect.
HEAD = 4096

_PICKLE = (
    "opening one can run any program, so it is never opened: save the arrays with numpy.savez or "
    "safetensors where it was made"
)

#: First bytes of files, and the messages.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x93NUMPY", "is an array of NumPy: read it with numpy.load"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"BZh", "is compressed with bzip2: unpack it first"),
    (b"\xfd7zXZ\0", "is compressed with xz: unpack it first"),
    (b"GGUF", "is a GGUF file, of a language model"),
    (
        b"version https://git-lfs",
        "is a pointer of Git LFS: fetch the file by git lfs pull",
    ),
    (b"%PDF", "is a PDF document"),
    (b"\x89PNG", "is a picture"),
    (b"\x7fELF", "is a program"),
)


def other_format(path: str) -> str | None:
    """Return the message for a file that does not start like a safetensors file.

    Parameters
    ----------
    path : str

    Returns
    -------
    str or None
        A sentence without its subject, such as "is a web page: ..."; None if it is not recognized,
        such as a damaged safetensors file.
    """
    with open(path, "rb") as file:
        head = file.read(HEAD)
        if head[8:9] == b"{":
            return None  # where a header of safetensors begins
    if not head:
        return "is empty, which no model is, so it is damaged or was never written"
    for signature, words in _SIGNATURES:
        if head.startswith(signature):
            return words
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _of_zip(path)
    if _is_pickle(head) and b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" in head[:32]:
        return (
            "is a file of PyTorch before 1.6: build the model, and give it the weights by "
            "fastrnn.interop.torch.load_state_dict(model, path)"
        )
    if _is_pickle(head):
        return f"is a pickle, as older programs of PyTorch and scikit-learn write them: {_PICKLE}"
    if head[4:8] == b"TFL3":
        return "is a model of TensorFlow Lite, whose weights cannot be had here"
    if head[257:262] == b"ustar":
        return "is a tar archive: unpack it first"
    return _of_text(head)


def _is_pickle(head: bytes) -> bool:
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return True
    # Protocol 0 begins with a mark or a global name, and is text.
    return head[:3] in (b"(dp", b"(lp") or head.startswith((b"ccopy_reg\n", b"c__main__\n"))


def is_onnx(head: bytes) -> bool:
    """Return whether these are fields of a ModelProto: a version, then a name or a graph."""
    return (
        head[:1] == b"\x08"
        and b"\x01" <= head[1:2] < b"\x20"
        and head[2:3] in (b"\x12", b"\x1a", b"\x3a", b"\x42", b"\x32")
    )


def names_in_zip(path: str) -> list[str]:
    """Return the names in a zip archive; none if it is damaged."""
    names: list[str] = []
    with suppress(Exception), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return names


def _of_zip(path: str) -> str:
    names = names_in_zip(path)
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        return (
            "is a file of PyTorch, with weights that do not say what the model is: build it, and "
            "give them to it by fastrnn.interop.torch.load_state_dict(model, path)"
        )
    if names and all(name.endswith(".npy") for name in names):
        return (
            "is an .npz file of NumPy: read it with numpy.load, and use model.set_weights, or "
            "fastrnn.interop.torch.load_state_dict(model, path) if its names are PyTorch's"
        )
    return "is a zip archive: unpack it first"


def _of_text(head: bytes) -> str | None:
    try:
        # The last character may be cut in two.
        text = head.decode("utf-8-sig", "strict" if len(head) < HEAD else "ignore")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    start = text.lstrip().lower()
    if start.startswith(("<!doctype html", "<html")):
        return "is a web page: the download of a model was answered with a page, look at the link"
    if start.startswith("<"):
        return "is an XML or HTML document"
    if start.startswith(("{", "[")):
        return (
            "is JSON text; a configuration of Model.to_json makes a model without weights: "
            "fastrnn.models.from_config(json.loads(text))"
        )
    return "is a text file" if all(c.isprintable() or c in "\t\r\n" for c in text) else None


def about_folder(path: str) -> str:
    """Return the message for a folder instead of a model file."""
    for name, words in (
        ("best.safetensors", "holds a run: its model is {0}"),
        ("saved_model.pb", "is a SavedModel of TensorFlow: load it there, and use set_weights"),
        ("training.safetensors", "holds the backup of a training: its model is {0}"),
    ):
        if os.path.exists(os.path.join(path, name)):
            return "it " + words.format(os.path.join(path, name))
    return "it is a folder; a model is a file in it"
