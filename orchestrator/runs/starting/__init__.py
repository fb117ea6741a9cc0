"""Starting runs: from a form, from a file with one run a row, and for programs."""
