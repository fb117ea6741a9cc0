"""Public identifiers. Integer keys stay inside; everything a person or program names from outside is a `ref`."""

import uuid

from uuid_utils import compat


def new_ref() -> uuid.UUID:
    """A new UUID version 7 (RFC 9562, section 5.7): random, yet sortable by the time it was made."""
    return compat.uuid7()
