"""The one door to the outside. No other module reaches a connector.

`propose` judges a call and stores it; `open_intent` re-checks everything in the transaction that commits the intent;
`send` lets it have its effect, outside any transaction; `settle` stores what came back.
"""

from agents.connectors import ConnectorError
from agents.gateway.execute import Ticket, close, give_up, open_intent, reconcile, recover, send, settle, unsent
from agents.gateway.keeping import KeptBack
from agents.gateway.passages import Asked, Book, Passage, Read
from agents.gateway.propose import Proposal, propose, replace
from agents.gateway.targets import MissingSecret, NoTarget, UnknownModule, UnknownProgram, discover, target_of

__all__ = [
    "Asked",
    "Book",
    "ConnectorError",
    "KeptBack",
    "MissingSecret",
    "NoTarget",
    "Passage",
    "Proposal",
    "Read",
    "Ticket",
    "UnknownModule",
    "UnknownProgram",
    "close",
    "discover",
    "give_up",
    "open_intent",
    "propose",
    "reconcile",
    "recover",
    "replace",
    "send",
    "settle",
    "target_of",
    "unsent",
]
