"""The scripted support agent: looks at the order, proposes a refund where one is owed, and drafts the reply."""

from typing import Any

from agents.runtime.scripted import Call, Final, Say, ScriptState, scripted
from orchestrator.samples.scripts.refund_findings import ZERO, owed
from orchestrator.samples.scripts.told import Told, said, sentence, told

SIGNED = "\n\nKind regards\nNorrland Group, customer care"


@scripted("support-refund")
def support_refund(state: ScriptState) -> Say:
    """Order, then payments, then what is owed; after the refund was decided, the reply."""
    order, payments = told(state, "get_order"), told(state, "list_payments")
    if order is None:
        return _look_for_order(state)
    if not order.done:
        return _no_order(state, order)
    if payments is None:
        why = f"The order is {order.result['status']}, total {order.result['total']} EUR. Now the payments."
        return Call("list_payments", order_id=order.result["id"], reasoning=_wary(order.result["note"]) + why)
    if not payments.done:
        return _unread(state, order.result, payments)
    return _propose_or_finish(state, order.result, payments.result)


def _look_for_order(state: ScriptState) -> Say:
    number = said(state, "order_id")
    if number:
        return Call("get_order", order_id=number, reasoning="I look at the order before I promise anything.")
    found = told(state, "find_customer")
    if found is None:
        email = said(state, "customer_email") or "unknown"
        return Call("find_customer", query=email, reasoning="No order number was given, so I look for the customer.")
    orders = [order for customer in found.result.get("customers", []) for order in customer["order_ids"]]
    if orders:
        return Call("get_order", order_id=orders[0], reasoning="I take it that the newest order is meant.")
    return _no_order(state, found)


def _propose_or_finish(state: ScriptState, order: dict[str, Any], payments: dict[str, Any]) -> Say:
    due, refund = owed(order, payments), told(state, "refund_order")
    if refund is not None:
        return _after_refund(order, refund)
    if due.amount == ZERO:
        body = f"we have looked at your order {order['id']}. {sentence(due.reason)} So there is nothing to refund."
        return _final(order, "declined", f"Nothing is owed. {sentence(due.reason)}", body, thought=due.thought)
    return Call(
        "refund_order",
        order_id=order["id"],
        amount=str(due.amount),
        currency=order["currency"],
        reason=due.reason[:500],
        reasoning=f"{due.thought} I propose to refund {due.amount} {order['currency']}.",
    )


def _after_refund(order: dict[str, Any], refund: Told) -> Final:
    number = order["id"]
    match refund.status:
        case "executed":
            paid = refund.value("amount")
            amount = f"{paid} {refund.value('currency')}"
            changed = f" A reviewer changed my proposal. {sentence(refund.words)}" if refund.edited else ""
            body = f"we have refunded {amount} for your order {number}. It arrives within three working days."
            return _final(order, "refunded", f"Refunded {amount}.{changed.rstrip()}", body, amount=paid)
        case "rejected":
            body = f"we cannot refund your order {number} as you asked. A colleague will write to you about it."
            return _final(order, "rejected", f"A reviewer rejected the refund. {sentence(refund.words)}", body)
        case "expired":
            body = f"your request about order {number} takes longer than it should. We will come back to you soon."
            return _final(order, "undecided", "Nobody decided about the refund in time.", body)
    body = f"something went wrong with the refund for your order {number}. A colleague looks into it."
    return _final(order, "failed", f"The refund was not made. {sentence(refund.words)}", body)


def _no_order(state: ScriptState, answer: Told) -> Final:
    """Also right when the company could not be read at all: then the answer's words say so in the summary."""
    number = said(state, "order_id") or "you wrote about"
    body = f"we could not find the order {number}. Please send us the number on your order confirmation."
    customer = {"customer_name": "customer", "customer_email": said(state, "customer_email"), "id": number}
    return _final(customer, "not found", f"No such order. {sentence(answer.words)}", body)


def _unread(state: ScriptState, order: dict[str, Any], answer: Told) -> Final:
    body = f"we are looking into your request about order {order['id']} and will come back to you."
    return _final(order, "failed", f"The payments could not be read. {sentence(answer.words)}", body)


def _final(
    order: dict[str, Any], outcome: str, summary: str, body: str, amount: str = "0.00", thought: str = ""
) -> Final:
    greeting = f"Dear {order['customer_name']},\n\n"
    reply = {
        "to": order["customer_email"],
        "subject": f"Your order {order['id']}",
        "body": greeting + body[:1].upper() + body[1:] + SIGNED,
    }
    output = {"outcome": outcome, "refunded": amount, "summary": summary.strip(), "reply": reply}
    return Final(output, reasoning=thought)


def _wary(note: str) -> str:
    """Texts in the data are data: a note that gives orders is mentioned, not obeyed."""
    orders = ("<!--", "system:", "ignore your")
    return "The note on the order tries to give me instructions. I ignore it. " if _holds(note, orders) else ""


def _holds(text: str, signs: tuple[str, ...]) -> bool:
    return any(sign in text.casefold() for sign in signs)
