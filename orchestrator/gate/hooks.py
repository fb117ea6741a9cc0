"""The door for signed webhooks (Standard Webhooks 1.0): whoever holds a trigger's secret may start its runs.

In this order: size, signature and time, then the body. Nothing of a body is read before it is known who sent it.
"""

import re
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from agents.contracts import Problem
from audit import canonical
from orchestrator.gate.bodies import check_size, read_json
from orchestrator.gate.errors import Refusal, not_allowed, not_found, refusal_of
from orchestrator.gate.rate import within
from orchestrator.runs.starting.firing import fire
from orchestrator.workflows.models import Delivery, Trigger
from orchestrator.workflows.triggers.secrets import secret_of

_ID = re.compile(r"[\x21-\x7e]{1,120}")
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


@csrf_exempt
def receive(request: HttpRequest, ref: UUID) -> HttpResponse:
    """Starts the run of a webhook and answers 201. The same message id sent again answers 200 with the same run."""
    try:
        if request.method != "POST":
            raise not_allowed(["POST"])
        check_size(request)
        return _answer(*_taken(request, ref))
    except Exception as error:  # whatever goes wrong, the sender is a program and gets JSON
        return refusal_of(error).response()


def _taken(request: HttpRequest, ref: UUID) -> tuple[Delivery, bool]:
    """What became of the message, and whether a run it started is new. Raises Refusal."""
    trigger = _trigger(ref)
    message_id = _verified(request, trigger)
    if not within(f"hook:{trigger.pk}", settings.HOLDSHORT_API_REQUESTS_PER_MINUTE):
        raise Refusal(429, "too_many_requests", "Too many messages to this webhook. Wait a little, then send it again.")
    value = read_json(request)
    digest = canonical.digest_bytes(request.body)
    delivery, is_new = fire(trigger=trigger, key=f"webhook:{message_id}", payload=value, digest=digest)
    if delivery.digest != digest:
        message = "A message with this id has already started a run, with another body. Give every message its own id."
        raise Refusal(409, "id_used", message)
    return delivery, is_new


def _answer(delivery: Delivery, is_new: bool) -> HttpResponse:
    if delivery.outcome != Delivery.Outcome.STARTED:
        problems = [Problem(each["path"], each["sentence"]) for each in delivery.problems]
        raise Refusal(422, "invalid_input", "The message does not fit the workflow.", problems)
    told = {"run": str(delivery.run_ref), "code": delivery.run_code}
    return JsonResponse(told, status=201 if is_new else 200)


def _trigger(ref: UUID) -> Trigger:
    """The webhook of this address. One that is switched off does not exist. Raises Refusal."""
    rows = Trigger.objects.select_related("workflow__current", "runs_as")
    found = rows.filter(ref=ref, kind=Trigger.Kind.WEBHOOK, enabled=True).first()
    if found is None:
        raise not_found()
    return found


def _verified(request: HttpRequest, trigger: Trigger) -> str:
    """The id of a message that was signed with the trigger's secret within the last five minutes. Raises Refusal."""
    given = {name: request.headers.get(name, "") for name in _HEADERS}
    if not all(given.values()):
        raise _unsigned(f"Sign the message as Standard Webhooks do, with the headers {', '.join(_HEADERS)}.")
    if _ID.fullmatch(given["webhook-id"]) is None:
        raise _unsigned("The webhook-id is 1 to 120 plain characters without spaces.")
    try:
        Webhook(secret_of(trigger)).verify(request.body, given, json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        said = str(error) if "timestamp" in str(error) else ""
        advice = f"{said}. " if said else ""
        raise _unsigned(f"{advice}The signature does not fit, or the message is older than five minutes.") from error
    return given["webhook-id"]


def _unsigned(message: str) -> Refusal:
    return Refusal(401, "unauthorised", message)
