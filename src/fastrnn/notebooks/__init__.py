"""The functions of well-known courses' notebooks, computed by the compiled core.

Each module has the names, signatures, layouts, caches and gradients of one course, so that a
notebook's function definitions can be replaced by one import: :mod:`.coursera` for "Building a
Recurrent Neural Network Step by Step" of the Deep Learning Specialization, :mod:`.cs231n` for
``rnn_layers.py`` of Stanford's CS231n.
"""
