"""Serve the sample company over stdio: `python -m orchestrator.samples.company`."""

import anyio

from orchestrator.samples.company.server import serve

if __name__ == "__main__":
    anyio.run(serve)
