"""The speed table of this machine: fastrnn beside the reference and the peers installed here.

``fastrnn bench`` and ``python -m fastrnn.benchmark`` print it. The parts:

==============  ====================================================================
``cases``       what is measured: sizes and the data made for them
``timing``      how: competitors in turn, medians over rounds
``agreement``   equal results first; nothing is timed that computes something else
``peers``       one file a peer, each written as its own users would write it
``gemm``        the machine's peak, by NumPy's own matrix product
``table``       plain text and Markdown
``measure``     a table's rows from cases and peers
``report``      the tables of one process, under a line about the machine
``command``     the command line
==============  ====================================================================
"""

from fastrnn.benchmark.command import main

__all__ = ["main"]
