"""What holds after any fault (THREATS 3.1), checked over the database and the books of whoever the effects reach.

I1 I2 I9 stand in `effects`, I3 in `stuck`, I4 I5 I6 I8 I13 in `history`, I7 I10 in `consents`. Not to be checked here:
I11 (there are no budgets yet), I12 and I14 (they are about what is down, and about secrets, not about rows).
"""

from collections.abc import Iterator
from itertools import chain

from tests.chaos.world_check.consents import wrong_consents
from tests.chaos.world_check.effects import Books, wrong_effects
from tests.chaos.world_check.history import wrong_history
from tests.chaos.world_check.stuck import stuck, unattended

MOST_NAMED = 12


def verify_world(books: Books, *, at_rest: bool = False) -> None:
    """Fail with a sentence for everything that is not as it should be.

    `at_rest` says that the workers have had time to do all there is to do: then nothing may be left that is due.
    """
    found = list(problems(books, at_rest=at_rest))
    more = f"\n… and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    assert not found, "\n".join(found[:MOST_NAMED]) + more


def problems(books: Books, *, at_rest: bool = False) -> Iterator[str]:
    """Each thing that is wrong, as a sentence that begins with the number of the invariant."""
    yield from chain(wrong_effects(books), wrong_consents(), wrong_history(), stuck())
    if at_rest:
        yield from unattended()
