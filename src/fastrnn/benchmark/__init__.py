"""The speed table of this machine: fastrnn beside the reference and the peers installed here.

``fastrnn bench`` and ``python -m fastrnn.benchmark`` print it. The parts:

==============  ====================================================================
``cases``       what is measured: sizes and the data made for them
``timing``      the measurement: competitors in turn, medians over rounds
``agreement``   checks that all results are equal before anything is timed
``peers``       one file for each peer, written as its users would write it
``levels``      the peers limited to the instruction set of fastrnn
``gemm``        the peak of the machine, measured by NumPy's matrix product
``table``       plain text and Markdown
``measure``     makes the rows of a table from cases and peers
``report``      the tables of one process, under a line about the machine
``command``     the command line
==============  ====================================================================
"""

from fastrnn.benchmark.command import main

__all__ = ["main"]
