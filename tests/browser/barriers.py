"""What stands in somebody's way on a page: what axe finds, and what is wider than the window.

A page is loaded once and looked at in several views, a view being a width in pixels and whether it is dark. Everything
that changes between them is the style sheet's doing, so a page need not be loaded for each.
"""

from collections.abc import Iterable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

View = tuple[int, bool]

AXE = Axe()
HEIGHT = 900
VIEWS: tuple[View, ...] = ((1440, False), (1440, True), (390, True))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]

# Axe does everything twice as fast when it need not describe what is in order.
RUN = """async rules => {
    const ends = each => each.playState === "running" && each.effect.getComputedTiming().endTime !== Infinity;
    await Promise.allSettled(document.getAnimations().filter(ends).map(each => each.finished));
    const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
    const wide = document.documentElement.scrollWidth;
    return [
        ...found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)} (${nodes.length})`),
        ...(wide > innerWidth ? [`${wide} px wide`] : []),
    ];
}"""
OPEN = "document.querySelectorAll('details').forEach(part => { part.open = true })"


def open_all(page: Page) -> None:
    """Open every disclosure of the page."""
    page.evaluate(OPEN)


def problems_of(page: Page, rules: list[str] | None = None) -> list[str]:
    """What is in the way on the page as it is now, by all rules or by these. Empty when all is well."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    found: list[str] = page.evaluate(RUN, rules or RULES)
    return found


def problems_in(page: Page, views: Iterable[View] = VIEWS) -> list[str]:
    """What is in the way in each of these views, one after the other. The page stays in the last of them.

    Where it was light at the same width before, the dark one is looked at by the rules about colours alone, as only
    these change.
    """
    found, known = list[str](), set[int]()
    for width, dark in views:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme="dark" if dark else "light")
        rules = COLOURS if dark and width in known else RULES
        found += [f"at {width}, {'dark' if dark else 'light'}: {problem}" for problem in problems_of(page, rules)]
        known.add(width)
    return found
