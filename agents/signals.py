"""Facts of the permission side, sent once their transaction has committed. The rows are the truth; these only ring.

Every signal carries `ref`, the public identifier of what changed.
"""

from django.db import transaction
from django.dispatch import Signal

contract_changed = Signal()  # ref: of the tool whose contract is no longer what a reviewer may have seen
agent_changed = Signal()  # ref: of the agent: a new version, or another owner
grants_changed = Signal()  # ref: of the agent whose grants changed
stop_set = Signal()  # ref: of the stop: it was set, made stricter, or its release was asked for or turned down
stop_released = Signal()  # ref: of the stop that no longer holds anything back


def announce(signal: Signal, ref: object) -> None:
    """Send the signal after commit. A receiver that fails is logged and stops no other."""
    transaction.on_commit(lambda: signal.send_robust(sender=None, ref=ref))
