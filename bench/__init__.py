"""Single timings with pytest-benchmark; ``fastrnn bench`` prints the tables."""
