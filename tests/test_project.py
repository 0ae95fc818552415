"""What a project has beside its code: files that agree with each other."""

import re
from pathlib import Path

import pytest

import fastrnn

ROOT = Path(__file__).parents[1]
if not (ROOT / ".ci" / "run").is_file():
    pytest.skip("the project's files are not beside the tests", allow_module_level=True)

tomllib = pytest.importorskip("tomllib")  # of Python 3.11

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_hooks_check_what_the_gate_checks():
    gate = text(".ci/run").partition('say "lint"\n')[2].partition("\n\n")[0].splitlines()
    entries = re.findall(r"^ +entry: (.*)$", text(".pre-commit-config.yaml"), re.MULTILINE)
    assert gate == [entry for entry in entries if not entry.startswith("clang-format")]
    assert "cython-lint src" in gate
    said = " && ".join(gate)
    assert said in text("CONTRIBUTING.md")


def test_all_use_one_version_of_clang_format():
    places = (".ci/run", ".pre-commit-config.yaml", "pyproject.toml")
    versions = [re.findall(r'"clang-format([<>=][^"]+)"', text(place)) for place in places]
    assert versions == [[">=23,<24"]] * 3


def test_the_repository_has_one_address():
    home = PROJECT["urls"]["Homepage"]
    owner, name = home.split("/")[-2:]
    site = PROJECT["urls"]["Documentation"]
    assert site == f"https://{owner}.github.io/{name}/"  # where .github/workflows/docs.yml puts it
    assert all(address.startswith((home, site)) for address in PROJECT["urls"].values())
    assert f"repository-code: {home}\n" in text("CITATION.cff")
    assert f"{home}/security/" in text(".github/ISSUE_TEMPLATE/config.yml")
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"):
        others = set(re.findall(r"https://github\.com/[\w.-]+/[\w.-]+", text(name))) - {home}
        assert not others


def test_files_that_are_linked_are_there():
    for address in PROJECT["urls"].values():
        path = address.partition("/blob/main/")[2]
        assert not path or (ROOT / path).is_file()


def test_the_page_on_installing_names_every_extra():
    named = set(re.findall(r"`(\w+)`", text("docs/install.md")))
    assert set(PROJECT["optional-dependencies"]) <= named


def test_the_citation_is_of_this_version():
    citation = text("CITATION.cff")
    assert f"\nversion: {fastrnn.__version__}\n" in citation
    assert f"\nlicense: {PROJECT['license']}\n" in citation


def test_the_changelog_has_this_version():
    headings = re.findall(r"^## \[([^]]+)\](.*)$", text("CHANGELOG.md"), re.MULTILINE)
    assert headings[0][0] == fastrnn.__version__
    for version, rest in headings:
        assert re.fullmatch(r" - (unreleased|\d{4}-\d{2}-\d{2})", rest), version
    assert len({version for version, _ in headings}) == len(headings)
