"""The site: ``sphinx-build -W -b html docs docs/_build``."""

import inspect
import re
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np
from numpydoc import numpydoc

import fastrnn

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(DOCS))

from captions import captioned  # noqa: E402 - they lie beside this file
from keywords import KEYWORDS  # noqa: E402
from public import documented  # noqa: E402

project = "fastrnn"
author = "The fastrnn developers"
project_copyright = "The fastrnn developers"
version = release = fastrnn.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
suppress_warnings = ["misc.highlighting_failure"]

# Pages are Markdown that reads well on its own, too: headings are link targets as they are there.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# One page for each public name, made from its docstring.
autosummary_generate = True
autosummary_context = {"public": documented()}
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # the docstrings say the types, with shapes
autodoc_member_order = "bysource"
add_module_names = False
numpydoc_show_class_members = False  # the template lists them
numpydoc_xref_param_type = False
numpydoc_class_members_toctree = False

# File systems that do not tell `Add` from `add` need other names for the pages of functions.
autosummary_filename_map = {}
for _module, _names in documented().items():
    _same = Counter(name.lower() for name in _names)
    for _name in _names:
        if _same[_name.lower()] > 1 and inspect.isfunction(getattr(import_module(_module), _name)):
            autosummary_filename_map[f"{_module}.{_name}"] = f"{_module}.{_name}-function"

html_theme = "pydata_sphinx_theme"
html_title = "fastrnn"
html_static_path = ["_static"]
html_css_files = ["fastrnn.css"]
html_show_sourcelink = False
html_search_scorer = str(DOCS / "scorer.js")
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher", "navbar-icon-links"],
    "github_url": "https://github.com/fastrnn/fastrnn",
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_context = {"default_mode": "auto"}
# Links to other sites are looked at by hand: the build needs no network.
linkcheck_ignore = [".*"]

#: Where files of the project can be seen that have no page.
FILES = "https://github.com/fastrnn/fastrnn/blob/main"
#: Pages of the site whose text stands elsewhere in the project.
ELSEWHERE = {"start": "README.md", "contributing": "CONTRIBUTING.md", "changelog": "CHANGELOG.md"}


def _index(app, docname, source):
    """Put the words that readers search for behind the title of a page, as entries of the index."""
    if docname in KEYWORDS:
        title = re.search(r"^# .*$", source[0], re.MULTILINE)
        # "!" makes them the main entries, which the search lists first
        words = ", ".join(f"! {word}" for word in KEYWORDS[docname].split(", "))
        entries = f"\n\n```{{index}} {words}\n```"
        source[0] = source[0][: title.end()] + entries + source[0][title.end() :]


def _read(app, docname, source):
    """Put a text of the project's root in the place of its page; set links right, to and from."""
    pages = {name: page for page, name in ELSEWHERE.items()}
    if docname not in ELSEWHERE:
        for name, page in pages.items():
            source[0] = source[0].replace(f"](../{name}", f"]({page}.md")
        return
    path = ROOT / ELSEWHERE[docname]
    app.env.note_dependency(str(path))

    def moved(match):
        target, _, anchor = match[2].partition("#")
        if target.startswith("docs/"):
            target = target.removeprefix("docs/")
        elif target:
            target = f"{pages[target]}.md" if target in pages else f"{FILES}/{target}"
        return f"{match[1]}({target}{'#' + anchor if anchor else ''})"

    text = path.read_text(encoding="utf-8")
    if docname == "start":  # beside the first page and the module, which are also called fastrnn
        text = text.replace("# fastrnn\n", "# First steps\n", 1)
    source[0] = re.sub(r"(\])\((?!\w+:)([^)\s]+)\)", moved, text)


def _caption(app, docname, source):
    """Put the names of files over their blocks."""
    source[0] = captioned(source[0])


_mangle = numpydoc.mangle_signature


def _sign(app, what, name, item, options, signature, annotation):
    """Leave the signatures of NumPy's own functions alone; Sphinx and numpydoc fail on them."""
    if isinstance(item, np.ufunc):
        return None
    return _mangle(app, what, name, item, options, signature, annotation)


numpydoc.mangle_signature = _sign


def _describe(app, what, name, item, options, lines):
    """Point to NumPy's page where NumPy's own function is shown; |x| is no substitution."""
    if isinstance(item, np.ufunc) or (getattr(item, "__module__", None) or "").startswith("numpy"):
        lines[:] = [f"NumPy's ``numpy.{item.__name__}``, on arrays and on tensors of a model."]
    lines[:] = [line if "``" in line else line.replace("|", r"\|") for line in lines]


def setup(app):
    app.connect("source-read", _read)
    app.connect("source-read", _index)
    app.connect("source-read", _caption)
    app.connect("autodoc-process-docstring", _describe, priority=400)  # before numpydoc
