"""The forms of the admin pages. They say whether input is well-formed; the actions say whether it makes sense."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group

from agents.exceptions import NotChanged, SeenOther
from agents.models import Agent, Connection, Grant, ToolVersion
from agents.people import Person, party_value
from agents.queries import people_and_teams
from agents.schema_table import amount_arguments, rows_of
from agents.states import Effect, Environment, GrantEffect, Idempotency, Reversibility
from agents.values import Address, Brief, Classification

Result = TypeVar("Result")

STDIO_HELP = (
    "Only programs that the operator listed in HOLDSHORT_STDIO_SERVERS can be chosen, because a connection starts the "
    "program on this machine."
)
MODULE_HELP = (
    "Only modules that the operator listed in HOLDSHORT_PYTHON_TOOLS can be chosen. Their tools run inside Holdshort, "
    "and nothing stops one that was called."
)
PLAIN_TIMEOUT_HELP = (
    "This tool runs inside Holdshort: it is told this number, but nothing stops it. Some time after, another worker "
    "may take the step over and repeat the call with the same key, where that is safe."
)
CREDENTIAL_HELP = (
    "The name of an environment variable beginning with HOLDSHORT_SECRET_, in the environment of Holdshort itself. The "
    "secret is never typed in, stored or shown."
)


def attempt(form: forms.Form, action: Callable[[], Result]) -> Result | None:
    """What the action returns; None when the form or the action refused, with the reason at its field."""
    if not form.is_valid():
        return None
    try:
        return action()
    except NotChanged as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, forms.ValidationError(refusal.message))
        form.status = 409 if isinstance(refusal, SeenOther) else 422  # type: ignore[attr-defined]
        return None


def see(form: forms.Form, digest: str) -> None:
    """After a 409 the page shows what is new, so sending the form again speaks of that."""
    if status_of(form) == 409:
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["seen"] = digest  # type: ignore[index]


def status_of(form: forms.Form) -> int:
    """The HTTP status of a page with this form: 409 when it changed meanwhile, 422 for bad input, 200 otherwise."""
    status: int = getattr(form, "status", 422 if form.errors else 200)
    return status


class PartyField(forms.ChoiceField):
    """One person or one team, as one list of names; cleaned to a User, a Group or None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=self._list, **options)

    def _list(self) -> list[tuple[str, Any]]:
        people, teams = people_and_teams()
        return [
            ("", "Choose"),
            ("Teams", [(f"team:{team.pk}", team.name) for team in teams]),
            ("People", [(f"person:{person.ref}", person.name) for person in people]),
        ]

    def clean(self, value: Any) -> Person | Group | None:
        """The chosen person or team. Raises ValidationError for anything that is not in the list."""
        text: str = super().clean(value)
        kind, _, key = text.partition(":")
        people, teams = people_and_teams()
        if kind == "team":
            return teams.get(pk=int(key))
        return people.get(ref=UUID(key)) if kind == "person" else None


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One active person."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=None, to_field_name="ref", empty_label="Choose", **options)

    def __deepcopy__(self, memo: dict[int, Any]) -> "PersonField":
        copy: PersonField = super().__deepcopy__(memo)
        copy.queryset = people_and_teams()[0]
        return copy


class AgentForm(forms.Form):
    """What an agent is, what it is told, and its limits."""

    title = forms.CharField(max_length=120, help_text="What people call it.")
    name = forms.CharField(
        max_length=63,
        help_text="What workflows call it: lower-case letters, digits, - and _. It cannot be changed later.",
    )
    description = forms.CharField(required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}))
    owner = PersonField(help_text="Answers for the agent, and is asked when nobody else is.")
    acts_for = PartyField(help_text="A person or a team. The agent may never do more than they may.")
    instructions = forms.CharField(max_length=50_000, widget=forms.Textarea(attrs={"rows": 12}))
    model = forms.CharField(
        max_length=200,
        help_text="For example anthropic:claude-sonnet-4-5, openai:gpt-5, openai-compatible:NAME@URL or scripted:NAME.",
    )
    max_turns = forms.IntegerField(label="Exchanges with the model", min_value=1, max_value=200, initial=12)
    max_calls = forms.IntegerField(label="Tool calls", min_value=1, max_value=1_000, initial=40)
    max_tokens = forms.IntegerField(label="Tokens", min_value=1_000, max_value=50_000_000, initial=200_000)
    limits = ("max_turns", "max_calls", "max_tokens")

    def brief(self) -> Brief:
        """What the agent is told, from valid input."""
        return Brief(**{name: self.cleaned_data[name] for name in Brief.__dataclass_fields__})

    def facts(self) -> dict[str, Any]:
        """The rest of the valid input, as the actions take it."""
        names = ("title", "name", "description", "owner", "acts_for")
        return {name: self.cleaned_data[name] for name in names if name in self.fields}


class AgentEditForm(AgentForm):
    """The same for an agent that exists: its name stays, and `seen` binds the change to what was looked at."""

    name = None  # type: ignore[assignment]
    seen = forms.CharField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, agent: Agent) -> "AgentEditForm":
        """The form as the agent is now."""
        version = agent.current
        values = {"title": agent.title, "description": agent.description, "owner": agent.owner.ref}
        values |= {name: getattr(version, name) for name in Brief.__dataclass_fields__}
        values |= {"acts_for": party_value(agent.acts_for_user or agent.acts_for_team)}
        return cls(initial=values | {"seen": version.digest if version else ""})


class ConnectionEditForm(forms.Form):
    """Where a connection leads."""

    title = forms.CharField(max_length=120, help_text="What people call it.")
    transport = forms.ChoiceField(label="Reached as", choices=Connection.Transport.choices, widget=forms.RadioSelect)
    server = forms.ChoiceField(label="Program", required=False, help_text=STDIO_HELP)
    module = forms.ChoiceField(label="Module", required=False, help_text=MODULE_HELP)
    url = forms.CharField(
        label="Web address", required=False, max_length=500, help_text="For example https://erp.example.com/mcp"
    )
    credential = forms.CharField(label="Name of the secret", required=False, max_length=120, help_text=CREDENTIAL_HELP)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field, listed in (
            ("server", settings.HOLDSHORT_STDIO_SERVERS),
            ("module", settings.HOLDSHORT_PYTHON_TOOLS),
        ):
            names = [("", "None"), *((name, name) for name in sorted(listed))]
            self.fields[field].choices = names  # type: ignore[attr-defined]

    @classmethod
    def of(cls, connection: Connection) -> "ConnectionEditForm":
        """The form as the connection is now."""
        names = ("title", "transport", "url", "credential")
        listed = "module" if connection.transport == Connection.Transport.PYTHON else "server"
        return cls(initial={name: getattr(connection, name) for name in names} | {listed: connection.server})

    def address(self) -> Address:
        """Where it leads, from valid input."""
        typed = {name: self.cleaned_data[name].strip() for name in ("transport", "server", "url", "credential")}
        if typed["transport"] == Connection.Transport.PYTHON:
            typed["server"] = self.cleaned_data["module"]
        return Address(**typed)


class ConnectionForm(ConnectionEditForm):
    """A new connection: its name and environment, which stay, and where it leads."""

    name = forms.CharField(
        max_length=63, help_text="The first part of the name of its tools: lower-case letters, digits, - and _."
    )
    environment = forms.ChoiceField(choices=Environment.choices, widget=forms.RadioSelect)
    field_order = ("title", "name", "environment", "transport", "server", "module", "url", "credential")


class ClassifyForm(forms.Form):
    """What an admin says about a tool."""

    seen = forms.CharField(widget=forms.HiddenInput)
    effect = forms.ChoiceField(choices=Effect.choices, widget=forms.RadioSelect)
    sentence = forms.CharField(
        required=False,
        max_length=500,
        label="Sentence that reviewers read",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What will happen, with arguments in braces, such as {amount|money:EUR}. Without a sentence, "
        "reviewers read a list of all arguments.",
    )
    short_sentence = forms.CharField(required=False, max_length=200, label="Short form for lists")
    reversibility = forms.ChoiceField(choices=Reversibility.choices, label="Afterwards")
    undo_note = forms.CharField(required=False, max_length=300, label="How to undo it")
    idempotency = forms.ChoiceField(choices=Idempotency.choices, label="When nobody knows whether a call arrived")
    amount_argument = forms.ChoiceField(required=False, label="Argument with the amount")
    currency = forms.CharField(
        required=False, max_length=3, help_text="Three capitals, such as EUR, when no argument says it."
    )
    sensitive = forms.MultipleChoiceField(
        required=False,
        label="Sensitive arguments",
        widget=forms.CheckboxSelectMultiple,
        help_text="Masked for everyone but the reviewer of the call.",
    )
    timeout_seconds = forms.IntegerField(min_value=1, max_value=600, label="Seconds to wait for an answer")

    def __init__(self, *args: Any, version: ToolVersion, **options: Any) -> None:
        super().__init__(*args, **options)
        schema = version.input_schema
        leaves = [(row.path, row.name) for row in rows_of(schema) if row.is_leaf]
        amounts = [("", "None"), *((name, name) for name in amount_arguments(schema))]
        self.fields["amount_argument"].choices = amounts  # type: ignore[attr-defined]
        self.fields["sensitive"].choices = leaves  # type: ignore[attr-defined]
        if version.tool.connection.kind == Connection.Kind.PYTHON:
            self.fields["timeout_seconds"].help_text = PLAIN_TIMEOUT_HELP

    @classmethod
    def of(cls, version: ToolVersion) -> "ClassifyForm":
        """The form as the contract is now."""
        names = Classification.__dataclass_fields__
        return cls(version=version, initial={name: getattr(version, name) for name in names} | {"seen": version.digest})

    def classification(self) -> Classification:
        """The classification, from valid input."""
        values = self.cleaned_data
        return Classification(
            effect=Effect(values["effect"]),
            reversibility=Reversibility(values["reversibility"]),
            undo_note=values["undo_note"],
            idempotency=Idempotency(values["idempotency"]),
            sentence=values["sentence"],
            short_sentence=values["short_sentence"],
            amount_argument=values["amount_argument"],
            currency=values["currency"],
            sensitive=tuple(values["sensitive"]),
            timeout_seconds=values["timeout_seconds"],
        )


class GrantForm(forms.Form):
    """What one agent may do with one tool."""

    effect = forms.ChoiceField(
        label="May the agent use it?",
        choices=[("", "Not granted"), *GrantEffect.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    reviewer = PartyField(
        required=False,
        label="Who reviews",
        help_text="Asked when the grant, or the risk of a call, calls for a review.",
    )

    @classmethod
    def of(cls, grant: Grant | None) -> "GrantForm":
        """The form as the grant is now."""
        reviewer = party_value(grant.review_user or grant.review_team) if grant else ""
        return cls(initial={"effect": grant.effect if grant else "", "reviewer": reviewer})

    def chosen(self) -> GrantEffect | None:
        """The effect, from valid input; None takes the grant away."""
        value = self.cleaned_data["effect"]
        return GrantEffect(value) if value else None


class UseForm(forms.Form):
    """Who may have a tool used on their behalf."""

    who = PartyField(label="Person or team")
