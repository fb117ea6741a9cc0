"""The desk as browser tests find it."""

import pytest
from playwright.sync_api import Page

from tests.browser.gallery import Gallery, Use
from tests.browsing import Visitor
from tests.scenes import Company
from tests.world import World


@pytest.fixture
def desk(company: Company, world: World, script: Use) -> Gallery:
    """A company whose support agent proposes refunds to the Refund desk."""
    return Gallery(company, world, script)


@pytest.fixture
def ines(visitor: Visitor, world: World) -> Page:
    """Ines at her screen, the pointer outside of the list."""
    page = visitor(world.ines)
    page.mouse.move(1200, 500)
    return page
