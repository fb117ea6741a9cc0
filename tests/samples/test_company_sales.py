"""The sales desk keeps its promises: one lead for an address, one meeting for a slot and for a lead."""

import pytest
from pydantic import ValidationError

from tests.samples.desks import Desk, desk

__all__ = ("desk",)


def a_lead(desk: Desk, email: str = "eva@groebner.example") -> str:
    recorded = desk.ask("record_lead", email=email, need="Cover for a hall", budget="5000.00", currency="EUR")
    return str(recorded["lead"]["id"])


def test_an_address_has_one_lead_however_it_is_written(desk: Desk) -> None:
    first = desk.ask("record_lead", email="eva@groebner.example", need="Cover for a hall")
    again = desk.ask("record_lead", email="EVA@Groebner.example", need="And for a car")
    assert (first["new"], again["new"]) == (True, False)
    assert again["lead"]["id"] == first["lead"]["id"]
    assert (again["lead"]["enquiries"], again["lead"]["need"]) == (2, "And for a car")
    assert desk.ask("find_lead", email="Eva@groebner.example")["leads"] == [again["lead"]]
    assert desk.ask("find_lead", email="nobody@groebner.example")["leads"] == []


def test_a_repeated_key_records_nothing_twice(desk: Desk) -> None:
    answers = [desk.ask("record_lead", "k-1", email="eva@groebner.example", need="Cover") for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["lead"]["enquiries"] == 1
    assert desk.effects() == 1


def test_a_slot_is_given_once_and_a_lead_has_one_meeting(desk: Desk) -> None:
    eva, ilse = a_lead(desk), a_lead(desk, "ilse@riesenkonzern.example")
    slots = desk.ask("list_slots", salesperson_id="S-3")["slots"]
    slot, other = slots[0]["id"], slots[1]["id"]
    meeting = desk.ask("book_meeting", lead_id=eva, slot_id=slot, subject="Halls")
    assert (meeting["state"], meeting["with_name"]) == ("booked", "Dorothea Weiß")
    assert "is taken" in desk.refusal("book_meeting", lead_id=ilse, slot_id=slot, subject="Cars")
    assert "has the meeting" in desk.refusal("book_meeting", lead_id=eva, slot_id=other, subject="Cars")
    assert slot not in [one["id"] for one in desk.ask("list_slots", salesperson_id="S-3")["slots"]]
    lead = desk.ask("find_lead", email="eva@groebner.example")["leads"][0]
    assert (lead["meeting_id"], lead["salesperson_id"]) == (meeting["meeting_id"], "S-3")


def test_a_cancelled_meeting_frees_its_slot_once(desk: Desk) -> None:
    eva, ilse = a_lead(desk), a_lead(desk, "ilse@riesenkonzern.example")
    meeting = desk.ask("book_meeting", lead_id=eva, slot_id="S-3-01", subject="Halls")["meeting_id"]
    assert desk.ask("cancel_meeting", meeting_id=meeting, reason="Not needed")["state"] == "cancelled"
    assert "cancelled already" in desk.refusal("cancel_meeting", meeting_id=meeting, reason="Not needed")
    assert desk.ask("book_meeting", lead_id=ilse, slot_id="S-3-01", subject="Cars")["state"] == "booked"


def test_a_lead_is_given_to_somebody_who_is_there(desk: Desk) -> None:
    lead = a_lead(desk)
    assert desk.ask("assign_lead", lead_id=lead, salesperson_id="S-1")["salesperson"] == "Freja Nordin"
    assert desk.refusal("assign_lead", lead_id=lead, salesperson_id="S-99") == "There is no salesperson S-99."
    assert desk.refusal("assign_lead", lead_id="L-1", salesperson_id="S-1") == "There is no lead L-1."


def test_a_series_of_mails_is_not_replaced(desk: Desk) -> None:
    lead = a_lead(desk)
    assert not desk.ask("start_nurture", lead_id=lead, sequence="first steps")["already"]
    again = desk.ask("start_nurture", lead_id=lead, sequence="case studies")
    assert (again["already"], again["sequence"]) == (True, "first steps")


def test_firms_are_found_by_domain_or_by_a_part_of_the_name(desk: Desk) -> None:
    assert desk.ask("look_up_firm", domain="GROEBNER.example")["firms"][0]["employees"] == 1450
    assert desk.ask("look_up_firm", name="écuyer")["firms"][0]["country"] == "FR"
    assert desk.ask("look_up_firm", name="伊藤精機")["firms"][0]["currency"] == "JPY"
    assert desk.ask("look_up_firm", domain="nowhere.example", name="AB")["firms"] == []
    assert desk.ask("look_up_firm", name="'); DROP TABLE firms;--")["firms"][0]["country"] == "GB"


@pytest.mark.parametrize("budget", ["-1.00", "1e9", "12", "1000000000.00", "1,00"])
def test_a_budget_that_is_no_amount_is_not_taken(desk: Desk, budget: str) -> None:
    with pytest.raises(ValidationError):
        desk.ask("record_lead", email="eva@groebner.example", need="Cover", budget=budget)
