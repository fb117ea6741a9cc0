"""Reading runs: the list, and one run with its graph, its timeline and its events."""
