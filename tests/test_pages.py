"""README and docs: every block of code runs and prints what is shown; every link leads on."""

import re
import shutil

import pytest

from tests.pages import ROOT, blocks_of, difference, run

if not (ROOT / "docs" / "index.md").is_file():
    pytest.skip("the documentation is not beside the tests", allow_module_level=True)

PAGES = {
    str(path.relative_to(ROOT)): path
    for path in [
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    if "_build" not in path.parts and "generated" not in path.parts
}
LINKED = {
    **PAGES,
    "CONTRIBUTING.md": ROOT / "CONTRIBUTING.md",
    "CHANGELOG.md": ROOT / "CHANGELOG.md",
}

#: What pages need besides fastrnn.
NEEDS = {
    "docs/c.md": (),
    "docs/distributed.md": ("mpi4py",),
    "docs/from-keras.md": ("h5py",),
    "docs/from-pytorch.md": ("torch",),
    "docs/how-to/deploy.md": ("onnx",),
    "docs/how-to/save-and-load.md": ("h5py",),
    "docs/how-to/scikit-learn.md": ("sklearn",),
    "docs/onnx.md": ("onnx",),
    "docs/sweeps.md": ("joblib",),
}

#: Pages that take more than a few seconds.
SLOW = ("README.md", "docs/c.md", "docs/tutorials/", "docs/command-line.md", "docs/distributed.md")


def parameters():
    for name in PAGES:
        if blocks_of(PAGES[name].read_text("utf-8")):
            marks = [pytest.mark.once]
            if name.startswith(SLOW):
                marks.append(pytest.mark.slow)
            yield pytest.param(name, id=name, marks=marks)


@pytest.mark.parametrize("name", list(parameters()))
def test_the_page_runs_and_prints_what_it_shows(name, tmp_path, monkeypatch):
    for module in NEEDS.get(name, ()):
        pytest.importorskip(module, exc_type=ImportError)
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("_*"))
    monkeypatch.chdir(tmp_path)
    _, _, lacking = run(PAGES[name])
    if lacking:
        pytest.skip(f"the rest ran; a program is not installed for {', '.join(lacking)}")


#: Pages whose text stands in the root of the project.
ELSEWHERE = {"start.md": "README.md", "contributing.md": "CONTRIBUTING.md"}


def anchors_of(path):
    """Return the places in a page that a link can name."""
    path = ROOT / ELSEWHERE[path.name] if path.name in ELSEWHERE else path
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("name", list(LINKED))
def test_links_lead_somewhere(name):
    path = LINKED[name]
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{target} is not there"
        if anchor and there.suffix == ".md":
            assert anchor in anchors_of(there), f"{target}: there is no such heading"


def test_every_page_is_in_the_navigation():
    listed = set()
    for path in PAGES.values():
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", path.read_text("utf-8"), re.DOTALL):
            for line in tree.splitlines():
                entry = re.sub(r".*<(.*)>", r"\1", line.strip())
                if entry and not entry.startswith(":"):
                    listed.add((path.parent / f"{entry}.md").resolve())
    pages = {path for path in PAGES.values() if path.parent != ROOT}
    assert listed == pages - {ROOT / "docs" / "index.md"}


def test_words_that_are_searched_for_lead_to_pages():
    """docs/keywords.py has no page that is gone, and every how-to page has such words."""
    names = {}
    exec((ROOT / "docs" / "keywords.py").read_text("utf-8"), names)
    keywords = names["KEYWORDS"]
    pages = {name.removeprefix("docs/").removesuffix(".md") for name in PAGES}
    assert keywords.keys() <= pages
    asked = {name for name in pages if name.startswith("how-to/")} - {"how-to/index"}
    assert asked <= keywords.keys()
    words = [word for line in keywords.values() for word in line.split(", ")]
    assert len(words) == len(set(words)), "a word leads to one page"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("loss 0.5123", "loss 0.5124", True),
        ("loss 0.5123", "loss 0.5623", False),
        ("a ... d", "a b c d", True),
        ("a ... d", "a b c", False),
        ("12 steps", "13 steps", False),
        ("1.5e-07", "1.52e-07", True),
        ("", "something", False),
        ("a  b", "a\nb", True),
    ],
)
def test_what_counts_as_the_same_output(shown, printed, same):
    assert (difference(shown, printed) == "") == same
