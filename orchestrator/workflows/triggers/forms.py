"""The form of a new trigger. It says whether input is well-formed; the actions say whether it makes sense."""

import json
from typing import Any

from django import forms

from agents.contracts.limits import MAX_BYTES, excess
from agents.forms import PersonField
from audit import canonical
from orchestrator.accounts.zones import zone_choices
from orchestrator.workflows.models import Trigger
from orchestrator.workflows.triggers.actions import Wish
from orchestrator.workflows.triggers.schedules import UNITS, Schedule


class MappingField(forms.CharField):
    """A JSON object, typed; cleaned to its value. Empty is an empty one."""

    def clean(self, value: Any) -> Any:
        """The value. Raises ValidationError with the line of what is wrong."""
        text = str(super().clean(value)).strip()
        if not text:
            return {}
        if excess(text.encode("utf-8", "replace")) is not None:
            raise forms.ValidationError(
                f"The mapping is too large: at most {MAX_BYTES // 1024} kB, and 16 levels deep."
            )
        try:
            found = canonical.parse(text)
            canonical.dump(found)
        except canonical.NotCanonical as error:
            raise forms.ValidationError(str(error)) from error
        if not isinstance(found, dict):
            raise forms.ValidationError('Write a JSON object, like {"order_id": "${payload.order.id}"}.')
        return found


class TriggerForm(forms.Form):
    """What starts runs by itself."""

    name = forms.CharField(max_length=80, help_text="What people call it, such as the system that sends.")
    kind = forms.ChoiceField(choices=Trigger.Kind.choices, widget=forms.RadioSelect, initial=Trigger.Kind.WEBHOOK)
    runs_as = PersonField(
        label="Runs are started by",
        help_text="Somebody who may start runs of this workflow. They may not decide on the actions of these runs.",
    )
    event = forms.RegexField(
        r"\A[a-z][a-z0-9_-]{0,62}\Z",
        required=False,
        label="Event: its name",
        help_text="For an event only: lower-case letters, digits, - and _, like documents-received.",
        error_messages={"invalid": "Use lower-case letters, digits, - and _; start with a letter."},
    )
    cron = forms.CharField(
        required=False,
        max_length=100,
        label="Schedule: times",
        help_text="For a schedule only: a crontab of minute, hour, day, month and weekday. 0 7 * * 1-5 is seven in the "
        "morning from Monday to Friday.",
    )
    zone = forms.ChoiceField(choices=zone_choices, required=False, label="Schedule: time zone of these times")
    every = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=100_000,
        label="Schedule: or every",
        help_text="Instead of times: how many.",
    )
    unit = forms.ChoiceField(
        choices=[(unit, unit.capitalize()) for unit in UNITS], required=False, label="Schedule: minutes, hours or days"
    )
    mapping = MappingField(
        required=False,
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"class": "mono", "rows": 6, "spellcheck": "false"}),
        help_text='The input of the run as JSON. "${payload.order.id}" takes a value of what came in; with ? before '
        "the brace it may be absent. Left empty, what came in is the input.",
    )

    @classmethod
    def fresh(cls, *, zone: str, runs_as: Any) -> "TriggerForm":
        """The form as it is first shown to somebody: their time zone, and they themselves."""
        return cls(initial={"zone": zone, "runs_as": runs_as.ref, "unit": "hours"})

    def wish(self) -> Wish:
        """What is wanted, from valid input."""
        given = self.cleaned_data
        kind = Trigger.Kind(given["kind"])
        return Wish(
            name=given["name"],
            kind=kind,
            runs_as=given["runs_as"],
            mapping=given["mapping"],
            event=given["event"],
            schedule=self._schedule() if kind is Trigger.Kind.SCHEDULE else None,
        )

    def _schedule(self) -> Schedule:
        given = self.cleaned_data
        zone = given["zone"] or "UTC"
        return Schedule(cron=given["cron"].strip(), zone=zone, every=given["every"] or 0, unit=given["unit"] or "hours")


def mapping_text(mapping: dict[str, Any]) -> str:
    """A mapping as people read it."""
    return json.dumps(mapping, ensure_ascii=False, indent=2) if mapping else ""
