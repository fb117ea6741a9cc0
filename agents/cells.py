"""One cell of the permission matrix: what one agent may do with one tool, all told, and how that is shown."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import reverse

from agents.models import Agent, Grant, Tool
from agents.people import party_value
from agents.states import Effect, Environment, GrantEffect


@dataclass(frozen=True)
class Look:
    """How what an agent may do is shown: a class of the stylesheet, a symbol and a word."""

    css: str
    icon: str
    word: str
    state: str


NONE = Look("c-none", "dash", "Not granted", "is-off")
READ = Look("c-read", "eye", "Read-only", "is-off")
ALLOWED = Look("c-allow", "okc", "Allowed", "is-ok")
REVIEW = Look("c-ask", "hold", "Review", "is-hold")
FORBIDDEN = Look("c-forbid", "no", "Forbidden", "is-crit")


@dataclass(frozen=True)
class Filters:
    """What the reader asked for in the address."""

    env: str = Environment.PRODUCTION
    q: str = ""
    only: str = ""
    page: int = 1
    cell: str = ""

    @classmethod
    def of(cls, query: Any) -> "Filters":
        """The filters of a query string; whatever makes no sense is as if it were not there."""
        env, only, page = query.get("env", ""), query.get("only", ""), query.get("page", "")
        return cls(
            env=env if env in Environment.values else Environment.PRODUCTION,
            q=query.get("q", "").replace("\x00", "").strip()[:100],
            only=only if only in ("write", "waiting") else "",
            page=int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
            cell=query.get("cell", "").replace("\x00", "")[:200],
        )

    def query(self, **changed: str | int) -> str:
        """The query string of the page with some filters changed. A choice of tools always begins on its first page."""
        values = asdict(self) | ({} if "cell" in changed or "page" in changed else {"page": 1, "cell": ""}) | changed
        default = asdict(Filters()) | {"env": ""}
        return "?" + urlencode({name: value for name, value in values.items() if value != default[name]})

    @cached_property
    def base(self) -> str:
        """The query string without a cell; a page has a thousand cells, so it is made once."""
        return self.query(cell="")


@dataclass(frozen=True)
class Cell:
    """What one agent may do with one tool, all told."""

    agent: Agent
    tool: Tool
    grant: Grant | None
    represented_may: bool
    filters: Filters

    @property
    def key(self) -> str:
        """How the address names this cell."""
        return f"{self.agent.name}:{self.tool.full_name}"

    @property
    def html_id(self) -> str:
        """The identifier of its element; the same before and after a change."""
        return f"cell-{self.agent.pk}-{self.tool.pk}"

    @cached_property
    def query(self) -> str:
        """The query string that names this cell."""
        return f"{self.filters.base}&cell={quote(self.key)}"

    @cached_property
    def url(self) -> str:
        """The address of the page with this cell explained."""
        return reverse("permissions") + self.query

    @property
    def is_current(self) -> bool:
        """Whether this is the cell that is explained."""
        return self.filters.cell == self.key

    @cached_property
    def look(self) -> Look:
        """The strictest of the grant and what the represented person or team may do."""
        if self.grant is None:
            return NONE
        if self.grant.effect == GrantEffect.FORBIDDEN or not self.represented_may:
            return FORBIDDEN
        if self.grant.effect == GrantEffect.REVIEW:
            return REVIEW
        return READ if self.reads else ALLOWED

    @property
    def reads(self) -> bool:
        """Whether the tool was classified as one that only reads."""
        return self.tool.current is not None and self.tool.current.effect == Effect.READ

    @property
    def small(self) -> str:
        """The condition below the word: who reviews, or who stands in the way although it is granted."""
        if self.look is REVIEW and self.grant:
            return str(self.grant.review_user or self.grant.review_team or "")
        return f"{self.agent.represents} may not" if self.mirrored else ""

    @property
    def represented_value(self) -> str:
        """The represented person or team as a form names them."""
        return party_value(self.agent.acts_for_user or self.agent.acts_for_team)

    @property
    def mirrored(self) -> bool:
        """Whether only the represented person or team stands in the way."""
        granted = self.grant is not None and self.grant.effect != GrantEffect.FORBIDDEN
        return granted and not self.represented_may
