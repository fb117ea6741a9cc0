"""What other apps must do in the very transaction in which something here changes. They register when they start."""

from collections.abc import Callable, Collection

from agents.models import Tool

OnContractsChanged = Callable[[Collection[Tool]], None]
_contracts_changed: list[OnContractsChanged] = []


def on_contracts_changed(hook: OnContractsChanged) -> OnContractsChanged:
    """Have `hook(tools)` called, inside the transaction, whenever contracts become others or stop to hold."""
    if hook not in _contracts_changed:
        _contracts_changed.append(hook)
    return hook


def contracts_changed(tools: Collection[Tool]) -> None:
    """Call every registered hook, once for all tools of a change: it may take locks. One that raises undoes it."""
    for hook in _contracts_changed:
        hook(tools)
