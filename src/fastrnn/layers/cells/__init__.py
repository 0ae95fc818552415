"""Cells, which compute single steps, and the layers of cells: Keras's ``RNN``."""
