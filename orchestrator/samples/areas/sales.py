"""Sales: an enquiry becomes a lead with a meeting, a salesperson, or a series of mails."""

from agents.states import Reversibility
from orchestrator.samples.areas.area import ALLOWED, REVIEW, Area, desk, thinker
from orchestrator.samples.contracts import reads, writes
from orchestrator.samples.people import SALES
from orchestrator.samples.setup import Case

WORKFLOW = "sales-enquiry"

AGENTS = (
    thinker(
        "sales-intake",
        "Sales intake",
        "Tells enquiries from other mail and records them as leads.",
        "find_lead",
        "record_lead",
    ),
    thinker("sales-enrichment", "Enrichment agent", "Finds out which firm an enquiry comes from.", "look_up_firm"),
    thinker("sales-scoring", "Scoring agent", "Says how much an enquiry is worth and what to do with it."),
    thinker(
        "sales-assistant",
        "Sales assistant",
        "Finds the salesperson for a lead and a free slot in the calendar.",
        "list_salespeople",
        "list_slots",
    ),
    desk(
        "sales-desk",
        "Sales desk",
        "Books, assigns and writes what the sales workflow has decided.",
        {
            "book_meeting": ALLOWED,
            "cancel_meeting": ALLOWED,
            "assign_lead": ALLOWED,
            "start_nurture": ALLOWED,
            "send_mail": REVIEW,
        },
    ),
)

CONTRACTS = {
    "find_lead": reads("Look for the lead {email}"),
    "look_up_firm": reads("Look up the firm {name|quoted} at {domain}"),
    "list_salespeople": reads("List the salespeople for {country|quoted}"),
    "list_slots": reads("List the free slots of salesperson {salesperson_id}"),
    "record_lead": writes(
        "Record the enquiry of {email}: {need|quoted}",
        "Record the lead {email}",
        Reversibility.REVERSIBLE,
        "A lead can be deleted.",
    ),
    "book_meeting": writes(
        "Book slot {slot_id} for lead {lead_id}: {subject|quoted}",
        "Book a meeting for lead {lead_id}",
        Reversibility.COMPENSABLE,
        "cancel_meeting frees the slot. The lead has the invitation by then, and gets a cancellation.",
    ),
    "cancel_meeting": writes(
        "Cancel meeting {meeting_id}, because {reason|quoted}",
        "Cancel meeting {meeting_id}",
        Reversibility.COMPENSABLE,
        "book_meeting books another one while the slot is free.",
    ),
    "assign_lead": writes(
        "Give lead {lead_id} to salesperson {salesperson_id}",
        "Assign lead {lead_id}",
        Reversibility.REVERSIBLE,
        "assign_lead gives it to somebody else.",
    ),
    "start_nurture": writes(
        "Start the mails {sequence|quoted} to lead {lead_id}",
        "Mails to lead {lead_id}",
        Reversibility.COMPENSABLE,
        "The series can be stopped. Mails that are out cannot be taken back.",
    ),
}

_WEEK = (
    (
        "eino.lampi@lahtilogistics.example",
        "Eino Lampi",
        "We need cover for 40 more trucks.",
        "18000",
        "EUR",
    ),
    ("karin@bageri-sma.example", "Karin", "Hej, vi är ett bageri och behöver en försäkring för ugnen.", "", ""),
    ("u.groebner@groebner.example", "U. Gröbner", "Wir benötigen dringend ein Angebot für die Halle.", "60.000", "EUR"),
    ("paul@mail.example", "Paul", "Do you insure model railways? Mine is 30 metres long.", "150", "EUR"),
    (
        "achats@lecuyer.example",
        "Achats",
        "Bonjour, nous cherchons une assurance pour deux boutiques.",
        "35 k",
        "€",
    ),
    ("growth@links.example", "Growth Team", "We offer 500 backlinks and SEO for your site. Unsubscribe here.", "", ""),
    ("b.dahl@norsklast.example", "B. Dahl", "Please call us this week about cargo cover.", "900 000", "NOK"),
    ("rezeption@alpenblick.example", "Rezeption", "Guten Tag, wir bitten um Unterlagen für Gasthöfe.", "", ""),
    ("obras@ferrocarril.example", "Obras", "Hola, necesitamos un seguro para nuestros andamios.", "42.000,00", "EUR"),
    ("student@post.example", "Lo", "My CV is attached, I want to apply for an internship.", "", ""),
)

AREA = Area(
    workflow=WORKFLOW,
    team=SALES,
    agents=AGENTS,
    contracts=CONTRACTS,
    cases=tuple(
        Case(WORKFLOW, {"email": email, "name": name, "message": message, "budget": budget, "currency": currency})
        for email, name, message, budget, currency in _WEEK
    ),
)
