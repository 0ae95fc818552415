"""``python -m fastrnn.benchmark``."""

from fastrnn.benchmark.command import main

if __name__ == "__main__":
    raise SystemExit(main())
