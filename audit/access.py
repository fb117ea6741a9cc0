"""Who may read the record. For everyone else it does not exist: 404."""

from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.db.models import QuerySet
from django.http import Http404

from audit.models import Entry

Reader = PermissionsMixin | AnonymousUser


def may_read(user: Reader) -> bool:
    """Whether a person may read every entry of the record."""
    return user.has_perm("audit.read_audit")


def entries_for(user: Reader) -> QuerySet[Entry]:
    """All entries. Raises Http404 for those who may not read them."""
    if not may_read(user):
        raise Http404
    return Entry.objects.all()


def access_entry(user: Reader, pk: int) -> Entry:
    """One entry with its stream. Raises Http404 when it is not there or not theirs to read."""
    entry = entries_for(user).select_related("stream").filter(pk=pk).first()
    if entry is None:
        raise Http404
    return entry
