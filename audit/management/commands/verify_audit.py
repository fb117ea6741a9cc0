"""`manage.py verify_audit`: is the record as it was written?"""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from audit.models import Stream
from audit.verify import verify_all


class Command(BaseCommand):
    """Walk every chain; exit with 1 and name the first bad entry of each broken one."""

    help = "Checks every audit chain against its hashes; exits with 1 if one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        total, entries, broken = Stream.objects.count(), 0, []
        for number, (stream, result) in enumerate(verify_all(), start=1):
            entries += stream.seq
            if result:
                broken.append(result)
                self.stderr.write(f"BROKEN {result.stream}, entry {result.seq}: {result.problem}")
            if sys.stdout.isatty() and (number % 200 == 0 or number == total):
                self.stdout.write(f"\r{number} of {total} streams", ending="" if number < total else "\n")
        if broken:
            sys.exit(1)
        self.stdout.write(f"{entries} entries in {total} streams verified.")
