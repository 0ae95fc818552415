"""What computes single steps, and the layers of it: the cells of Keras's ``RNN``."""
