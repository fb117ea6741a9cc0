"""A disk that is full when a test says so: a small tmpfs. Where none can be mounted the tests of it are skipped."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

NEEDS_ROOT = "Mounting a small tmpfs needs root on Linux."


class SmallDisk:
    """A file system of its own at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        room = os.statvfs(self.path)
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_bsize)

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


def mounted(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A small disk at a path, which the embedded PostgreSQL may write to."""
    path.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "holdshort-test", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(NEEDS_ROOT)
    try:
        owner = pwd.getpwnam("nobody")
        os.chown(path, owner.pw_uid, owner.pw_gid)
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
