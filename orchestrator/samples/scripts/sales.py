"""The scripted agents of sales: intake, enrichment, scoring, and the assistant who finds the right salesperson."""

from typing import Any

from agents.runtime.scripted import Call, Final, Say, ScriptState, scripted
from orchestrator.samples.scripts import sales_findings as findings
from orchestrator.samples.scripts.cautious import cut, plain, wary
from orchestrator.samples.scripts.told import Told, part, said, sentence, told

Json = dict[str, Any]
PRIVATE = ("mail.example", "post.example", "webmail.example")
"""Mail services for private people: their domain says nothing about a firm."""


@scripted("sales-intake")
def intake(state: ScriptState) -> Say:
    """Tell what sort of mail it is, and record an enquiry as a lead."""
    message, email = said(state, "message"), said(state, "email")
    kind = findings.kind_of(message)
    note = wary("The message", message)
    if kind != "enquiry":
        return Final(_taken(kind, message), reasoning=f"{note}This is no enquiry but {kind}.")
    found, recorded = told(state, "find_lead"), told(state, "record_lead")
    if found is None:
        return Call("find_lead", email=email, reasoning=f"{note}Has this address written before?")
    budget, currency = findings.budget_of(said(state, "budget"), said(state, "currency"))
    if recorded is None:
        lead = {
            "email": email,
            "name": cut(plain(said(state, "name")), 200),
            "firm": cut(plain(said(state, "company")), 200),
            "need": findings.need_of(message),
            "budget": str(budget) if budget is not None else "",
            "currency": currency if budget is not None else "",
        }
        return Call("record_lead", lead, reasoning="It is an enquiry, so I record it.")
    if not recorded.done:
        return Final(_taken("unreadable", message), reasoning=f"It could not be recorded. {sentence(recorded.words)}")
    return Final(_recorded(recorded, message))


def _taken(kind: str, message: str) -> Json:
    return {
        "kind": kind,
        "lead_id": "",
        "new": False,
        "language": findings.language_of(message),
        "need": findings.need_of(message),
        "budget": "",
        "currency": "",
        "urgent": findings.is_urgent(message),
        "salesperson_id": "",
        "meeting_id": "",
    }


def _recorded(answer: Told, message: str) -> Json:
    lead = answer.result.get("lead", {})
    known = {
        "lead_id": lead.get("id") or "",
        "new": bool(answer.result.get("new")),
        "budget": lead.get("budget") or "",
        "currency": lead.get("currency") or "",
        "salesperson_id": lead.get("salesperson_id") or "",
        "meeting_id": lead.get("meeting_id") or "",
    }
    return _taken("enquiry", message) | known


@scripted("sales-enrichment")
def enrichment(state: ScriptState) -> Say:
    """Look the firm up by the domain of the address, else by its name."""
    domain = said(state, "email").rpartition("@")[2].casefold()
    name = cut(plain(said(state, "company")), 200)
    domain = "" if domain in PRIVATE else domain
    answer = told(state, "look_up_firm")
    if answer is None and (domain or name):
        return Call("look_up_firm", domain=domain, name=name, reasoning="Who are they? I ask the bureau.")
    firms = answer.result.get("firms", []) if answer else []
    if not firms:
        nothing: Json = {"found": False, "name": name, "country": "", "industry": "", "employees": None, "note": ""}
        return Final(nothing, reasoning="The bureau does not know the firm.")
    firm = firms[0]
    fields = ("name", "country", "industry", "employees", "note")
    doubt = f" There are {len(firms)} of that name; I take the first." if len(firms) > 1 else ""
    return Final({"found": True, **{field: firm[field] for field in fields}}, reasoning=f"{firm['name']} it is.{doubt}")


@scripted("sales-scoring")
def scoring(state: ScriptState) -> Say:
    """Add the points up and choose a way."""
    enquiry, firm = part(state, "enquiry"), part(state, "firm")
    if enquiry.get("kind") != "enquiry":
        return _scored(0, "none", f"Nothing to sell here: {enquiry.get('kind')}.")
    points, factors = findings.score(enquiry, firm)
    why = f"{points} points ({'; '.join(factors)})."
    if enquiry.get("salesperson_id"):
        return _scored(points, "salesperson", f"{why} A salesperson looks after them already.")
    if firm.get("employees") == 0:
        return _scored(points, "nurture", f"{why} But a firm without people is no customer yet.")
    if points >= findings.MEETING_FROM:
        return _scored(points, "meeting", why)
    return _scored(points, "salesperson" if points >= findings.SALESPERSON_FROM else "nurture", why)


def _scored(points: int, route: str, why: str) -> Final:
    return Final({"score": points, "route": route, "why": cut(why, 1000)}, reasoning=why)


@scripted("sales-assistant")
def assistant(state: ScriptState) -> Say:
    """Find the salesperson for a lead, and a slot where there is to be a meeting."""
    enquiry, firm = part(state, "enquiry"), part(state, "firm")
    asked = [result for result in state.results if result.tool == "list_salespeople"]
    people = (told(state, "list_salespeople") or Told({}, "", {}, "", False)).result.get("salespeople", [])
    country = str(firm.get("country") or "") if not enquiry.get("salesperson_id") else ""
    if not asked:
        return Call("list_salespeople", country=country, reasoning="Who looks after this country?")
    if not people and country and len(asked) == 1:
        return Call("list_salespeople", country="", reasoning="Nobody is named for it, so I look at all of them.")
    if not people:
        return Final(_arranged("none", {}, {}, state), reasoning="There is nobody to give this lead to.")
    person = _fitting(people, enquiry, country)
    slots = told(state, "list_slots")
    if said(state, "route") == "meeting" and slots is None:
        return Call("list_slots", salesperson_id=person["id"], reasoning=f"{person['name']} fits. When is a slot free?")
    free = slots.result.get("slots", []) if slots else []
    if free:
        return Final(_arranged("meeting", person, free[0], state), reasoning="I take the first free slot.")
    return Final(_arranged("salesperson", person, {}, state), reasoning=f"{person['name']} looks after them.")


def _fitting(people: list[Json], enquiry: Json, country: str) -> Json:
    """Who knows the lead already, else who speaks the language and looks after the country."""
    own = [one for one in people if one["id"] == enquiry.get("salesperson_id")]
    speaks = [one for one in people if str(enquiry.get("language")) in one["languages"].split()]
    here = [one for one in speaks if country and country in one["countries"].split()]
    everywhere = [one for one in people if not one["countries"]]
    return (own or here or speaks or everywhere or people)[0]


def _arranged(route: str, person: Json, slot: Json, state: ScriptState) -> Json:
    name = cut(plain(said(state, "name")), 100) or "Sir or Madam"
    when = str(slot.get("starts_at", ""))
    promise = (
        f"{person.get('name')} has kept {when[:10]} at {when[11:16]} (UTC) for a conversation with you."
        if slot
        else f"{person.get('name')} will write to you within two working days."
    )
    return {
        "route": route,
        "salesperson_id": person.get("id", ""),
        "slot_id": slot.get("id", ""),
        "subject": "Your enquiry at Norrland Group",
        "body": f"Dear {name},\n\nThank you for your enquiry. {promise}\n\nKind regards\nNorrland Group, sales",
    }
