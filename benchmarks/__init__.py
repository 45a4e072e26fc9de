"""Benchmarks: figures with their machine, no timed tests. Run them with `make bench`."""
