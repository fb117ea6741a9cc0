"""Conditions of workflows: CEL expressions over the run's input and the outputs of steps.

`check` and `warnings` are for definitions, `paths` says what a condition reads, `holds` is for runs.
"""

from orchestrator.workflows.conditions.checking import check, paths, warnings
from orchestrator.workflows.conditions.holding import ConditionFailed, holds
from orchestrator.workflows.conditions.trees import BadCondition

__all__ = ("BadCondition", "ConditionFailed", "check", "holds", "paths", "warnings")
