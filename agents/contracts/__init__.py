"""Contracts: what a tool accepts and answers, in bytes that two readers can't understand differently.

Everything here is a function of its arguments: no database, no network, no clock.
"""

from agents.contracts.arguments import Checker, Prepared, checker_for, prepare
from agents.contracts.closing import MAX_ITEMS, MAX_LENGTH, close, lint
from agents.contracts.diffs import Change, diff
from agents.contracts.digests import binding_digest, contract_digest
from agents.contracts.limits import MAX_BYTES, MAX_DEPTH
from agents.contracts.problems import BadArguments, BadSchema, Problem
from agents.contracts.results import Promise, check_result, promise_of

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_LENGTH",
    "BadArguments",
    "BadSchema",
    "Change",
    "Checker",
    "Prepared",
    "Problem",
    "Promise",
    "binding_digest",
    "check_result",
    "checker_for",
    "close",
    "contract_digest",
    "diff",
    "lint",
    "prepare",
    "promise_of",
]
