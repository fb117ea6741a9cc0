"""The record. Rows are written by `audit.log.record` alone and never change: the database itself refuses."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone


class Stream(models.Model):
    """One chain of entries: a run, an agent, a workflow… Streams never wait for each other."""

    key = models.CharField(max_length=120)
    seq = models.BigIntegerField(default=0)
    head = models.BinaryField(default=b"")
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # Not `unique=True`, which would make a second index, for patterns.
        constraints = (models.UniqueConstraint(fields=("key",), name="stream_key"),)

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One thing that happened. `hash` covers every other column, and `previous` the whole chain before it."""

    # Streams cannot be deleted (migration 0002), so the database need not look for one with every entry.
    stream = models.ForeignKey(Stream, models.PROTECT, related_name="entries", db_constraint=False, db_index=False)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    verb = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=12)
    actor_ref = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=160)
    subject_kind = models.CharField(max_length=24)
    subject_ref = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=300)
    payload = models.BinaryField()
    payload_digest = models.CharField(max_length=64)
    previous = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("stream", "seq"), name="entry_place_in_stream"),)
        indexes = (
            BrinIndex(fields=("at",), autosummarize=True, name="entry_at"),  # entries come in the order of their time
            models.Index(fields=("verb", "-id"), name="entry_verb"),
            models.Index(fields=("subject_ref", "-id"), name="entry_subject"),
        )
        permissions = (("read_audit", "May read the audit log"),)

    def __str__(self) -> str:
        return f"{self.stream_id}/{self.seq} {self.verb}"
