"""Folders of the embedded servers: made with the right owner, refused when someone else made them first."""

import os
import stat
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from orchestrator.supervisor.child import Account
from orchestrator.supervisor.exceptions import CannotStart


def make_folder(path: Path, mode: int, account: Account | None = None) -> None:
    """Make `path` with exactly `mode`, owned by `account` or by us.

    Raises CannotStart when it exists and belongs to someone else: names below /tmp can be taken by anyone.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=mode, parents=True)
    found = path.lstat()
    owner = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise CannotStart(f"{path} belongs to someone else. Remove it, or set HOLDSHORT_HOME to another folder.")
    path.chmod(mode)
    if account and found.st_uid != account.uid:
        os.chown(path, account.uid, account.gid)


def reachable(path: Path) -> bool:
    """Whether every account of this machine may enter `path`: all its folders are open to others."""
    path = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def package_folder(name: str) -> Path:
    """Where the package `name` is installed. Not imported: the servers' packages bring code we do not use."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotStart(f"The package {name} is not installed. Run `make run`, or install requirements.txt.")
    return Path(spec.origin).parent
