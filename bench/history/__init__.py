"""Benchmarks for asv: the same measurement for one commit after another; see bench/README.md."""
