"""The names of files over the blocks of code that are their content.

A block such as ``js net.mjs`` is the content of a file. Markdown shows the first word only as the
language; here it becomes a block with a caption.
"""

import re

_BLOCK = re.compile(r"^```(?P<language>\w+) (?P<file>[\w.-]+\.\w+)$", re.MULTILINE)


def captioned(text: str) -> str:
    """Return a page with the names of files as captions."""
    return _BLOCK.sub(r"```{code-block} \g<language>\n:caption: \g<file>\n", text)
