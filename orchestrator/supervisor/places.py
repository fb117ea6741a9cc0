"""Where the embedded servers keep their files, computed from the state folder alone.

Settings and the supervisor both ask here, so a command run by hand finds the database that `manage.py up` started.
Nothing in this module touches the disk except `Places.for_home`, which resolves the folder's real path.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# sockaddr_un.sun_path holds 108 bytes with the closing NUL (unix(7)); macOS holds 104.
SOCKET_PATH_BYTES = 103
POSTGRES_SOCKET = ".s.PGSQL.5432"
DATABASE = "holdshort"


@dataclass(frozen=True)
class Places:
    """The folders of one Holdshort: `home` holds everything that must survive, `run` only sockets."""

    home: Path
    run: Path

    @classmethod
    def for_home(cls, home: Path) -> "Places":
        """The places of the state folder `home`; sockets lie below /tmp when their path would be too long.

        As root they always lie elsewhere, in /run where there is one: the database runs as another account, which
        often cannot enter root's folders.
        """
        home = home.expanduser().resolve()
        run = home / "run"
        too_long = len(os.fsencode(run / "postgres" / POSTGRES_SOCKET)) > SOCKET_PATH_BYTES
        if too_long or os.geteuid() == 0:
            shared = "/run" if os.geteuid() == 0 and os.access("/run", os.W_OK) else "/tmp"  # noqa: S108 - see folders
            name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
            run = Path(shared) / f"holdshort-{os.geteuid()}-{name}"
        return cls(home, run)

    @property
    def database_socket_folder(self) -> Path:
        """The folder in which PostgreSQL makes its socket; it is the HOST of the default database."""
        return self.run / "postgres"

    @property
    def broker_socket(self) -> Path:
        """The socket of the embedded Valkey."""
        return self.run / "valkey.sock"

    def broker_url(self, number: int = 0) -> str:
        """REDIS_URL of one numbered database of the embedded Valkey, in the form redis-py reads."""
        return f"unix://{self.broker_socket}?db={number}"

    def database_url(self, name: str = DATABASE) -> str:
        """DATABASE_URL of a database on the embedded server, as libpq and our settings read it."""
        return f"postgres://{DATABASE}@{quote(str(self.database_socket_folder), safe='')}/{name}"

    @property
    def database_files(self) -> Path:
        """PostgreSQL's data folder."""
        return self.home / "postgres"

    @property
    def logs(self) -> Path:
        """One log file per child process."""
        return self.home / "logs"
