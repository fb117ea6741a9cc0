"""Stopping, and releasing what was stopped. Stopping takes one person; releasing everything takes two."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404

from agents import exceptions, signals
from agents.models import Stop
from agents.people import Person
from agents.states import StopMode, StopScope
from agents.stoppable import Thing, may_stop_anything, thing_of
from audit.clock import db_now
from audit.log import Party, party, record
from audit.text import escape

LONGEST_REASON = 500


def stop(*, by: Person, scope: StopScope, ref: UUID | None, mode: StopMode, reason: str) -> Stop:
    """Hold back everything, or one thing, from the moment in which this commits.

    A stop that lets steps finish becomes one that does not when somebody asks for that; whoever asked for its release
    has to ask again. Raises NoReason, AlreadyStopped; Http404 for what the person cannot see, PermissionDenied for what
    they may not stop.
    """
    thing = thing_of(by, scope, ref)
    if not thing.may_stop:
        raise PermissionDenied
    reason = _reason(reason)
    try:
        return _stop(thing, by, mode, reason)
    except IntegrityError:  # somebody else was first, by a moment: what they set may still have to become stricter
        return _stop(thing, by, mode, reason)


def release(*, by: Person, ref: UUID, reason: str = "") -> Stop:
    """Let go on what a stop holds back. For a stop of everything the first call asks, and another person's confirms.

    Raises NoReason (except when confirming), AlreadyReleased, SecondPersonNeeded for whoever has asked already;
    Http404 for what the person cannot see, PermissionDenied for who did not set it and may not stop everything.
    """
    with transaction.atomic(durable=True):
        found, thing = access_stop(by, ref)
        if found.released_at is not None:
            raise exceptions.AlreadyReleased
        if found.of_everything and not _may_confirm(found, by):
            return _ask(found, thing, by, _reason(reason))
        found.released_by, found.released_at = by, db_now()
        found.release_reason = found.release_reason or _reason(reason)
        found.save(update_fields=["released_by", "released_at", "release_reason"])
        asked = {"asked_by": str(found.release_asked_by)} if found.release_asked_by else {}
        _note("stop.released", found, thing, by, {"reason": found.release_reason, **asked})
        signals.announce(signals.stop_released, found.ref)
    return found


def keep_stopped(*, by: Person, ref: UUID) -> Stop:
    """Turn a request to release everything down, or take back one's own. Raises what `release` raises."""
    with transaction.atomic(durable=True):
        found, thing = access_stop(by, ref)
        if found.released_at is not None:
            raise exceptions.AlreadyReleased
        if found.release_asked_by is not None:
            _note("stop.kept", found, thing, by, {"asked_by": str(found.release_asked_by)})
            _forget_request(found)
            found.save(update_fields=["release_asked_by", "release_asked_at", "release_reason"])
            signals.announce(signals.stop_set, found.ref)
    return found


def may_release(user: Person, found: Stop, thing: Thing) -> bool:
    """Whether a person may release a stop: whoever set it, while they may stop this, and who may stop everything."""
    return may_stop_anything(user) or (thing.may_stop and found.set_by_id == user.pk)


def access_stop(by: Person, ref: UUID) -> tuple[Stop, Thing]:
    """A stop, locked, and what it stops. Raises Http404 when invisible, PermissionDenied for who may not release it."""
    found = Stop.objects.select_for_update(of=("self",), no_key=True).filter(ref=ref).first()
    if found is None:
        raise Http404
    thing = thing_of(by, StopScope(found.scope), found.thing)
    if not may_release(by, found, thing):
        raise PermissionDenied
    return found, thing


@transaction.atomic(durable=True)
def _stop(thing: Thing, by: Person, mode: StopMode, reason: str) -> Stop:
    return _tighten(thing, by, mode, reason) or _set(thing, by, mode, reason)


def _set(thing: Thing, by: Person, mode: StopMode, reason: str) -> Stop:
    made = Stop.objects.create(
        scope=thing.scope, thing=thing.ref, name=thing.name[:200], mode=mode, reason=reason, set_by=by, at=db_now()
    )
    _note("stop.set", made, thing, by, {"reason": reason})
    signals.announce(signals.stop_set, made.ref)
    return made


def _tighten(thing: Thing, by: Person, mode: StopMode, reason: str) -> Stop | None:
    """Make an open stop stricter; None when nothing is open. Raises AlreadyStopped when it is as strict already."""
    rows = Stop.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(scope=thing.scope, thing=thing.ref, released_at=None).first()
    if found is None:
        return None
    if not (found.mode == StopMode.FINISH and mode == StopMode.NOW):
        raise exceptions.AlreadyStopped
    found.mode, found.set_by, found.reason = StopMode.NOW, by, reason
    _forget_request(found)
    found.save(update_fields=["mode", "set_by", "reason", "release_asked_by", "release_asked_at", "release_reason"])
    _note("stop.tightened", found, thing, by, {"reason": reason})
    signals.announce(signals.stop_set, found.ref)
    return found


def _may_confirm(found: Stop, by: Person) -> bool:
    """Whether this is the second person. A request counts only while the one who asked could still ask.

    Raises SecondPersonNeeded for the first person asking again.
    """
    asked_by = found.release_asked_by
    if asked_by is None or not may_stop_anything(asked_by):
        return False
    if asked_by.pk == by.pk:
        raise exceptions.SecondPersonNeeded
    return True


def _ask(found: Stop, thing: Thing, by: Person, reason: str) -> Stop:
    found.release_asked_by, found.release_asked_at, found.release_reason = by, db_now(), reason
    found.save(update_fields=["release_asked_by", "release_asked_at", "release_reason"])
    _note("stop.release_asked", found, thing, by, {"reason": reason})
    signals.announce(signals.stop_set, found.ref)
    return found


def _forget_request(found: Stop) -> None:
    found.release_asked_by, found.release_asked_at, found.release_reason = None, None, ""


def _reason(reason: str) -> str:
    reason = escape(reason.strip())
    if not reason:
        raise exceptions.NoReason
    if len(reason) > LONGEST_REASON:
        raise exceptions.NoReason(f"Write a reason of at most {LONGEST_REASON} characters.")
    return reason


def _note(verb: str, found: Stop, thing: Thing, by: Person, data: dict[str, Any]) -> None:
    """One entry in the stream of what is stopped."""
    subject = Party("stop", str(found.ref), thing.name)
    facts = {"stop": str(found.ref), "scope": found.scope, "mode": found.mode}
    record(verb, actor=party(by), subject=subject, stream=thing.stream, data={**facts, **data})
