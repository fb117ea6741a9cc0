"""System checks of our own settings: `manage.py check` says what is wrong and what would be right."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.compatibility)
def check_durations(app_configs: object, **_: Any) -> list[CheckMessage]:
    """Leases must be long enough to renew, and the hold before an effect cannot be negative."""
    found: list[CheckMessage] = []
    if settings.HOLDSHORT_LEASE_SECONDS < 1:
        found.append(Error("HOLDSHORT_LEASE_SECONDS must be 1 or more.", id="holdshort.E001"))
    if settings.HOLDSHORT_HOLD_SECONDS < 0:
        found.append(Error("HOLDSHORT_HOLD_SECONDS must be 0 or more.", id="holdshort.E002"))
    return found


@register(Tags.compatibility)
def check_python_tools(app_configs: object, **_: Any) -> list[CheckMessage]:
    """Modules are listed by a short name, as dotted names."""
    listed = settings.HOLDSHORT_PYTHON_TOOLS
    if isinstance(listed, dict) and all(
        isinstance(module, str) and all(part.isidentifier() for part in module.split(".")) for module in listed.values()
    ):
        return []
    example = '{"prices": "company.prices"}'
    return [Error(f"HOLDSHORT_PYTHON_TOOLS must list modules by name, such as {example}.", id="holdshort.E003")]


@register(Tags.security, deploy=True)
def check_servers(app_configs: object, **_: Any) -> list[CheckMessage]:
    """The embedded servers are for one machine; production names its own."""
    found: list[CheckMessage] = []
    if settings.EMBEDDED_DATABASE:
        found.append(Warning("Set DATABASE_URL to a PostgreSQL that is backed up.", id="holdshort.W001"))
    if settings.EMBEDDED_BROKER:
        found.append(Warning("Set REDIS_URL to a Valkey or Redis.", id="holdshort.W002"))
    return found
