"""Keras's files: the zip archives of Keras 3, and HDF5 of Keras 1.2 to 3.

============================ ===========================================================
``archive``, ``hdf5``        the two formats: what a file is made of
``store``                    HDF5 groups and arrays, read with care
``generation``               which Keras wrote a file, and what that means
``arguments``                the arguments of a layer, each to be understood
``layers_in``, ``models_in`` configurations of Keras, in fastrnn's words
``layers_out``, ``models_out`` the way back
``own_in``                   custom layers and functions, in ``custom_objects``
``dialect``                  how a generation writes layers
``sources``                  the layers of a model with the names of their weights
``arrays``                   gates, cuDNN's matrices, the twelve arrays of Keras 1
``by_place``, ``by_name``    where Keras 3, and where Keras 1 and 2, keep arrays in HDF5
``training_in``, ``training_out``, ``slots`` how a model was compiled, and its optimizer's state
============================ ===========================================================
"""
