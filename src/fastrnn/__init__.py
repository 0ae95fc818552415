"""fastrnn: small recurrent networks on the CPU."""

__version__ = "0.1.0"
