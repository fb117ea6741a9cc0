"""Waits until a started Holdshort answers on its own health page."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

from orchestrator.supervisor.child import Child
from orchestrator.supervisor.exceptions import CannotStart

READY_SECONDS = 90.0


def wait_healthy(address: str, host_header: str, children: list[Child], logs: Path) -> None:
    """Wait until `address`/healthz says that everything answers.

    Raises CannotStart with the end of its log when a child ends, or after 90 seconds with what does not answer.
    """
    deadline = time.monotonic() + READY_SECONDS
    answer: dict[str, str] = {}
    while answer.get("status") != "ok":
        for child in children:
            if not child.alive:
                raise CannotStart(f"{child.name} does not start. The end of {child.log}:\n{child.log_tail()}")
        if time.monotonic() > deadline:
            raise CannotStart(f"Not everything answers ({answer or 'no page'}). The logs in {logs} say why.")
        time.sleep(0.1)
        answer = health(address, host_header)


def health(address: str, host_header: str) -> dict[str, str]:
    """What /healthz says, also when it says no; empty while nobody answers."""
    request = urllib.request.Request(f"{address}/healthz", headers={"Host": host_header})  # noqa: S310 - our own page
    try:
        with urllib.request.urlopen(request, timeout=5) as page:  # noqa: S310
            found: dict[str, str] = json.load(page)
    except urllib.error.HTTPError as refused:
        found = _body_of(refused)
    except (OSError, ValueError):
        found = {}
    return found


def _body_of(refused: urllib.error.HTTPError) -> dict[str, str]:
    with refused:
        try:
            body: dict[str, str] = json.load(refused)
        except ValueError:
            body = {"page": f"status {refused.code}"}
    return body
