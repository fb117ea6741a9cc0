"""The further parts of the business, one module each: its team, agents, tools, workflow, and everyday cases."""

from orchestrator.samples.areas import casework, editorial, legal, sales
from orchestrator.samples.areas.area import Area

AREAS: tuple[Area, ...] = (sales.AREA, legal.AREA, casework.AREA, editorial.AREA)

__all__ = ("AREAS", "Area")
