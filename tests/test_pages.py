"""README and docs: every block of code runs and prints what is shown; every link leads on."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from fastrnn.formats import FORMATS
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
    for script in (ROOT / "examples").glob("*.py"):  # the site offers them for download
        shutil.copy(script, tmp_path)
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


def test_the_list_of_how_to_pages_has_the_order_of_their_page():
    path = PAGES["docs/how-to/index.md"]
    page, _, tree = path.read_text("utf-8").partition("```{toctree}")
    links = [target.removesuffix(".md") for target in re.findall(r"\]\(([^)#]+)", page)]
    listed = [re.sub(r".*<(.*)>", r"\1", line) for line in tree.split("\n\n")[1].splitlines()[:-1]]
    assert listed == [target for target in dict.fromkeys(links) if target in listed]


def test_the_table_of_file_formats_says_what_can_be_read_and_written():
    table = PAGES["docs/how-to/save-and-load.md"].read_text("utf-8").partition("## File formats")[2]
    rows = [
        line.split("|")[1:-1] for line in table.partition("\n## ")[0].splitlines() if "|" in line
    ]
    ways = {
        "read": "`load_model`",
        "write": "`model.save`",
        "export": "`model.export`",
        "write_weights": "`model.save_weights`",
    }
    for one in FORMATS:
        for ending in one.endings:
            row = " ".join(" ".join(cells) for cells in rows if f"`{ending}`" in cells[0])
            can = set(one.ways) | ({"write_weights"} if ending == ".safetensors" else set())
            assert {way for way, call in ways.items() if call in row} == can & set(ways), ending


def test_nothing_is_installed_from_where_it_is_not_yet():
    """docs/install.md says what is true today; the other pages link to it."""
    named = [
        name for name in PAGES if re.search(r"pip install \"?fastrnn", PAGES[name].read_text())
    ]
    assert named == ["docs/install.md"]
    for name, path in PAGES.items():
        text = path.read_text("utf-8")
        if name != "docs/install.md" and re.search(r"[`(]fastrnn\[|the\s+extra `", text):
            assert "install.md#" in text, name
        if name != "README.md" and re.search(r"pip install \"?\.", text):
            assert "a-clone" in text or name == "docs/install.md", name


def test_pages_say_that_the_programs_of_the_repository_need_a_clone():
    for name, path in PAGES.items():
        if re.search(r"(python -m bench\.|python bench/)", path.read_text("utf-8")):
            assert "](install.md#a-clone)" in path.read_text("utf-8"), name


def test_runs_of_different_pages_do_not_meet_in_a_folder():
    """A reader tries one page after the other, in one folder."""
    folders = Counter()
    for name, path in PAGES.items():
        commands = re.findall(r"^fastrnn cipher train .*$", path.read_text("utf-8"), re.MULTILINE)
        fresh = [line for line in commands if "--resume" not in line]
        for line in fresh:
            folders[re.search(r"--out (\S+)", line)[1]] += 1
        assert len(fresh) == len(set(fresh)), name
    assert len(folders) > 5
    assert max(folders.values()) == 1, folders


def test_files_that_readers_must_bring_are_called_their_own():
    """A hidden block in front of others makes what a reader has, and the text says so."""
    for name, path in PAGES.items():
        text = path.read_text("utf-8")
        for match in re.finditer(r"<!--(?:(?!-->).)*```python.*?-->", text, re.DOTALL):
            rest = text[match.end() :]
            before, fence, _ = rest.partition("```python")
            assert not fence or "your own" in before, name


def test_pages_with_pieces_of_a_script_offer_and_run_it():
    for name, path in PAGES.items():
        text = path.read_text("utf-8")
        for script in set(re.findall(r"literalinclude\} \S*/(\w+\.py)", text)):
            assert re.search(rf"\[{script}\]\([./]*examples/{script}\)", text), name
            assert re.search(rf"^python {script}", text, re.MULTILINE), name


def test_blocks_that_are_files_show_their_names():
    names = {}
    exec((ROOT / "docs" / "captions.py").read_text("utf-8"), names)
    files = 0
    for path in PAGES.values():
        text = path.read_text("utf-8")
        shown = names["captioned"](text)
        for block in blocks_of(text):
            if block.file:
                files += 1
                assert f":caption: {block.file}\n\n{block.code}" in shown
        assert all(not block.file for block in blocks_of(shown))
    assert files > 5


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```python\nprint(2)\n```\n<!-- not run: slow -->\n```text\n2\n```\n", "always compared"),
        ("<!-- not run: slow -->\n```python\nprint(1)\n```\n```text\n2\n```\n", "shows no output"),
        ("```python\nprint(1)\n```\n```text\n2\n```\n", "printed"),
        ("```text\n2\n```\n", "no block prints"),
        ("```python a.py\nprint(1)\n```\n```text\n2\n```\n", "no block prints"),
    ],
)
def test_nothing_is_shown_that_was_not_printed(page, problem, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("page.md")
    path.write_text(page, encoding="utf-8")
    with pytest.raises(AssertionError, match=problem):
        run(path)


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
