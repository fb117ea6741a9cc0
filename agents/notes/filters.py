"""Which notes somebody asked to see: taken from the address, understood or refused with a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from agents.states import NoteState
from audit import text

STATES = {"": "All", **dict(NoteState.choices)}


@dataclass(frozen=True)
class NoteFilters:
    """The chosen filters. `problems` says what could not be understood and was left out."""

    q: str = ""
    state: str = ""
    workflow: str = ""
    agent: str = ""
    subject: str = ""
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self != NoteFilters()

    def query(self, **changes: str | int) -> str:
        """The filters as a query string, some of them changed; what is empty is left out."""
        names = ("q", "state", "workflow", "agent", "subject")
        chosen: dict[str, str | int] = {name: getattr(self, name) for name in names}
        return urlencode({name: value for name, value in (chosen | changes).items() if value})

    def condition(self) -> Q:
        """What notes have to fulfil. The words of `q` are looked for in subject and text, all of them."""
        wanted = Q(search=SearchQuery(self.q, config="simple", search_type="websearch")) if self.q else Q()
        for value, lookup in (
            (self.state, "state"),
            (self.workflow, "workflow_name__icontains"),
            (self.agent, "agent__name"),
            (self.subject, "subject__iexact"),
        ):
            if value:
                wanted &= Q(**{lookup: value})
        return wanted


def read_filters(query: Mapping[str, Any]) -> NoteFilters:
    """The filters of a query string. What cannot be understood is left out and named in `problems`."""

    def words(name: str) -> str:
        return text.escape(" ".join(str(query.get(name, "")).split()))[:200]

    state = words("state")
    known = state in STATES
    problems = () if known else (f"“{state[:40]}” is not a state of notes. It was left out.",)
    return NoteFilters(
        q=words("q"),
        state=state if known else "",
        workflow=words("workflow"),
        agent=words("agent"),
        subject=words("subject"),
        problems=problems,
    )
