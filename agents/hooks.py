"""What other apps must do in the very transaction in which something here changes. They register when they start."""

from collections.abc import Callable

from agents.models import Tool

OnContractChanged = Callable[[Tool], None]
_contract_changed: list[OnContractChanged] = []


def on_contract_changed(hook: OnContractChanged) -> OnContractChanged:
    """Have `hook(tool)` called, inside the transaction, whenever a tool's contract becomes another or stops to hold."""
    if hook not in _contract_changed:
        _contract_changed.append(hook)
    return hook


def contract_changed(tool: Tool) -> None:
    """Call every registered hook. One that raises undoes the change."""
    for hook in _contract_changed:
        hook(tool)
