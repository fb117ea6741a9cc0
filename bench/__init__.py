"""Benchmarks of the engine. Nothing here is part of a running Holdshort."""
