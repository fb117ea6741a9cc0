"""Which runs somebody asked to see: taken from the address, understood or refused with a sentence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q

from agents.people import Person
from agents.states import Environment
from audit import text
from orchestrator.runs.states import RunState

CODE = re.compile(r"R-?(\d{1,18})", re.IGNORECASE)
STATES = {"": "All", **{state.value: state.label for state in RunState}}
ENVIRONMENTS = {"": "Any environment", **dict(Environment.choices)}


@dataclass(frozen=True)
class RunFilters:
    """The chosen filters. `problems` says what could not be understood and was left out.

    Runs that are parts of others (rounds, items, plans) are left out unless `parts` is chosen, or one of them is named.
    """

    q: str = ""
    state: str = ""
    workflow: str = ""
    environment: str = ""
    mine: bool = False
    batch: str = ""
    parts: bool = False
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self != RunFilters()

    def query(self, **changes: str | int) -> str:
        """The filters as a query string, some of them changed; what is empty is left out."""
        chosen: dict[str, str | int] = {
            "q": self.q,
            "state": self.state,
            "workflow": self.workflow,
            "environment": self.environment,
            "mine": "1" if self.mine else "",
            "batch": self.batch,
            "parts": "1" if self.parts else "",
        }
        return urlencode({name: value for name, value in (chosen | changes).items() if value})

    def condition(self, user: Person) -> Q:
        """What runs have to fulfil for this reader."""
        wanted = Q(started_by=user) if self.mine else Q()
        for value, lookup in (
            (self.state, "state"),
            (self.workflow, "workflow_version__workflow__name"),
            (self.environment, "environment"),
            (self.batch, "batch__ref"),
        ):
            if value:
                wanted &= Q(**{lookup: value})
        whole = Q() if self.parts else Q(parent=None)
        return wanted & _search(self.q, whole) if self.q else wanted & whole


def read_filters(query: Mapping[str, Any]) -> RunFilters:
    """The filters of a query string. What cannot be understood is left out and named in `problems`."""
    problems: list[str] = []

    def choice(name: str, choices: Mapping[str, str]) -> str:
        value = str(query.get(name, ""))
        if value in choices:
            return value
        problems.append(f"“{value[:40]}” is not a choice for {name}. It was left out.")
        return ""

    batch = str(query.get("batch", ""))
    if batch and _uuid(batch) is None:
        problems.append(f"“{batch[:40]}” is not the reference of a batch. It was left out.")
        batch = ""
    return RunFilters(
        q=text.escape(str(query.get("q", "")))[:200].strip(),
        state=choice("state", STATES),
        workflow=text.escape(str(query.get("workflow", "")))[:63],
        environment=choice("environment", ENVIRONMENTS),
        mine=query.get("mine") == "1",
        batch=batch,
        parts=query.get("parts") == "1",
        problems=tuple(problems),
    )


def _search(words: str, whole: Q) -> Q:
    """A code such as R-12, a ref, or words of the title of a run that fulfils `whole`."""
    code, ref = CODE.fullmatch(words), _uuid(words)
    found = whole & Q(title__icontains=words)
    if code:
        found |= Q(pk=int(code[1]))
    return found | Q(ref=ref) if ref else found


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
