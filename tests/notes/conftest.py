"""The scene of a memory for every test here."""

import pytest

from tests.notes.scenes import Memory, a_memory
from tests.world import World


@pytest.fixture
def memory(world: World) -> Memory:
    """An agent with a memory, and its workflow."""
    return a_memory(world)
