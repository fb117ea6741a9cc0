"""What an order entitles its customer to, out of what the tools answered. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ZERO = Decimal("0.00")

Json = dict[str, Any]


@dataclass(frozen=True)
class Owed:
    """What the agent thinks is owed, why in words for the customer, and what it thought on the way."""

    amount: Decimal
    reason: str
    thought: str


def owed(order: Json, payments: Json) -> Owed:
    """What to pay back, never more than what is left; an amount of zero when nothing speaks for a refund."""
    left = Decimal(order["refundable"])
    found = next((one for check in _CHECKS if (one := check(order, payments))), NOTHING)
    if found.amount == ZERO:
        return found
    if left == ZERO:
        thought = f"{found.thought} But {order['refunded']} EUR were refunded already, all that was paid."
        return Owed(ZERO, f"The order was refunded in full: {_refunds(payments)}.", thought)
    due = found.amount - Decimal(order["refunded"]) if found.reason.startswith("Returned") else found.amount
    if due <= ZERO:
        thought = f"{found.thought} Refunded so far: {_refunds(payments)}. So this was paid back before."
        return Owed(ZERO, f"This was refunded before: {_refunds(payments)}.", thought)
    return Owed(min(due, left), found.reason, found.thought)


NOTHING = Owed(
    ZERO,
    "The order was delivered on time and complete, and nothing was sent back.",
    "Delivered in time, nothing returned, no damage on file, one payment. I find nothing that we owe.",
)


def _paid_twice(order: Json, payments: Json) -> Owed | None:
    taken = [Decimal(one["amount"]) for one in payments["payments"] if one["state"] == "captured"]
    surplus = sum(taken, ZERO) - Decimal(order["total"])
    if len(taken) < 2 or surplus <= ZERO:
        return None
    thought = f"There are {len(taken)} captured payments for a total of {order['total']} EUR; {surplus} EUR too much."
    return Owed(surplus, "The payment was taken twice", thought)


def _never_came(order: Json, payments: Json) -> Owed | None:
    if order["status"] == "cancelled":
        return Owed(
            Decimal(order["total"]),
            "Cancelled before it was packed",
            "The order was cancelled before it was packed, so the whole payment is owed.",
        )
    if order["status"] == "shipped" and "lost" in order["note"].lower():
        return Owed(
            Decimal(order["total"]),
            "Parcel lost by the carrier",
            "The carrier declared the parcel lost. The customer wants the money, not a second parcel.",
        )
    return None


def _came_back(order: Json, payments: Json) -> Owed | None:
    value = sum((Decimal(line["unit_price"]) * line["returned"] for line in order["lines"]), ZERO)
    if value == ZERO:
        return None
    if all(line["returned"] == line["quantity"] for line in order["lines"]):
        shipping = "" if Decimal(order["shipping"]) == ZERO else ", so the delivery charge is owed as well"
        thought = f"Everything on this order is back in the warehouse{shipping}."
        return Owed(Decimal(order["total"]), "Returned in full", thought)
    titles = ", ".join(line["title"] for line in order["lines"] if line["returned"])
    return Owed(value, f"Returned: {titles}", f"The warehouse has {titles} back: {value} EUR.")


def _broken(order: Json, payments: Json) -> Owed | None:
    if not any(word in order["note"].lower() for word in ("damaged", "broken")):
        return None
    first = order["lines"][0]
    value = Decimal(first["unit_price"]) * first["quantity"]
    thought = f"The damage to {first['title']} is on file. I count all {first['quantity']} of them as damaged."
    return Owed(value, f"Arrived damaged: {first['title']}", thought if first["quantity"] > 1 else DAMAGE_SEEN)


DAMAGE_SEEN = "The damage is on file with a photo, and the customer does not want a replacement."


def _late(order: Json, payments: Json) -> Owed | None:
    delivered, shipping = order["delivered_on"], Decimal(order["shipping"])
    if delivered is None or delivered <= order["promised_on"] or shipping == ZERO:
        return None
    thought = f"Promised for {order['promised_on']}, delivered {delivered}. We give back the delivery charge for that."
    return Owed(shipping, "Delivered late", thought)


_CHECKS = (_paid_twice, _never_came, _came_back, _broken, _late)


def _refunds(payments: Json) -> str:
    return ", ".join(f"{one['amount']} EUR on {one['at'][:10]}" for one in payments["refunds"]) or "nothing"
