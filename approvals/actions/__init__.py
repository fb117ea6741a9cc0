"""Everything that can happen to a review. `decide` is the only way to a verdict."""

from approvals.actions.asking import Ask, make_review, open_review, told_of
from approvals.actions.closing import deliver, drop, expire, withdraw
from approvals.actions.deciding import Answer, decide
from approvals.actions.talking import comment
from approvals.actions.undoing import undo

__all__ = [
    "Answer",
    "Ask",
    "comment",
    "decide",
    "deliver",
    "drop",
    "expire",
    "make_review",
    "open_review",
    "told_of",
    "undo",
    "withdraw",
]
