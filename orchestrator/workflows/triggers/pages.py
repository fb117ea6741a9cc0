"""What the pages of triggers show."""

from dataclasses import dataclass

from orchestrator.workflows.models import Delivery, Trigger, Workflow
from orchestrator.workflows.triggers.forms import mapping_text
from orchestrator.workflows.triggers.schedules import Schedule

MOST_DELIVERIES = 50
ICONS = {Trigger.Kind.WEBHOOK: "link", Trigger.Kind.SCHEDULE: "clock", Trigger.Kind.EVENT: "ring"}


@dataclass(frozen=True)
class TriggerLine:
    """One trigger in a list."""

    trigger: Trigger

    @property
    def icon(self) -> str:
        """The symbol of its kind."""
        return ICONS[Trigger.Kind(self.trigger.kind)]

    @property
    def when(self) -> str:
        """What it starts runs on, in a few words."""
        if self.trigger.kind == Trigger.Kind.SCHEDULE:
            return Schedule.of(self.trigger.schedule).words
        return self.trigger.event if self.trigger.kind == Trigger.Kind.EVENT else "Each signed message"


def trigger_lines(workflow: Workflow) -> list[TriggerLine]:
    """The triggers of a workflow by name. One query."""
    return [TriggerLine(trigger) for trigger in workflow.triggers.select_related("runs_as").order_by("name", "pk")]


@dataclass(frozen=True)
class TriggerPage:
    """One trigger, and the last of what came to it."""

    line: TriggerLine
    mapping: str
    deliveries: list[Delivery]

    @property
    def trigger(self) -> Trigger:
        """The trigger itself."""
        return self.line.trigger

    @classmethod
    def of(cls, trigger: Trigger) -> "TriggerPage":
        """The page of a trigger of a workflow that the person may change."""
        last = trigger.deliveries.order_by("-pk")[:MOST_DELIVERIES]
        return cls(TriggerLine(trigger), mapping_text(trigger.mapping), list(last))
