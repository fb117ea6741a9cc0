"""How an admin would classify the retail server's tools. The two that control its tests are left out: never granted."""

from agents.states import Effect, GrantEffect, Idempotency, Reversibility
from agents.values import Classification


def _reads(sentence: str) -> Classification:
    return Classification(
        effect=Effect.READ, reversibility=Reversibility.REVERSIBLE, idempotency=Idempotency.BY_KEY, sentence=sentence
    )


def _writes(sentence: str, short: str, reversibility: Reversibility, undo: str) -> Classification:
    return Classification(
        effect=Effect.WRITE,
        reversibility=reversibility,
        undo_note=undo,
        idempotency=Idempotency.NEITHER,
        sentence=sentence,
        short_sentence=short,
    )


_BACK = "The customer can be asked to have it changed back."
_GONE = "The server has no way back from this."

CONTRACTS = {
    "calculate": _reads("Calculate {expression}"),
    "find_user_id_by_email": _reads("Look for the customer {email}"),
    "find_user_id_by_name_zip": _reads("Look for the customer {first_name} {last_name}"),
    "get_item_details": _reads("Read item {item_id}"),
    "get_order_details": _reads("Read order {order_id}"),
    "get_product_details": _reads("Read product {product_id}"),
    "get_user_details": _reads("Read customer {user_id}"),
    "list_all_product_types": _reads("List all products"),
    "cancel_pending_order": _writes(
        "Cancel order {order_id} and pay it back, because {reason|quoted}",
        "Cancel order {order_id}",
        Reversibility.IRREVERSIBLE,
        _GONE,
    ),
    "exchange_delivered_order_items": _writes(
        "Exchange {item_ids|count:item} of order {order_id}, the difference goes to {payment_method_id}",
        "Exchange items of order {order_id}",
        Reversibility.IRREVERSIBLE,
        _GONE,
    ),
    "modify_pending_order_address": _writes(
        "Send order {order_id} to {address1}, {city}",
        "New address for order {order_id}",
        Reversibility.COMPENSABLE,
        _BACK,
    ),
    "modify_pending_order_items": _writes(
        "Replace {item_ids|count:item} of order {order_id}, the difference goes to {payment_method_id}",
        "Replace items of order {order_id}",
        Reversibility.IRREVERSIBLE,
        _GONE,
    ),
    "modify_pending_order_payment": _writes(
        "Charge order {order_id} to {payment_method_id} instead",
        "New payment for order {order_id}",
        Reversibility.COMPENSABLE,
        _BACK,
    ),
    "modify_user_address": _writes(
        "Change the address of {user_id} to {address1}, {city}",
        "New address for {user_id}",
        Reversibility.COMPENSABLE,
        _BACK,
    ),
    "return_delivered_order_items": _writes(
        "Take back {item_ids|count:item} of order {order_id} and refund to {payment_method_id}",
        "Return items of order {order_id}",
        Reversibility.IRREVERSIBLE,
        _GONE,
    ),
    "transfer_to_human_agents": _writes(
        "Hand the customer over to a person: {summary|quoted}", "Hand over to a person", Reversibility.REVERSIBLE, ""
    ),
}

GRANTS = {
    name: GrantEffect.ALLOWED if contract.effect == Effect.READ else GrantEffect.REVIEW
    for name, contract in CONTRACTS.items()
}
