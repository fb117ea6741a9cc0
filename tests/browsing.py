"""Real pages in a real browser: Debian's chromium, driven by Playwright. Where there is none the tests are skipped."""

import os
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from orchestrator.accounts.models import User
from tests.chromium import CHROMIUM, HINT, QUIET

Visitor = Callable[..., Page]

# Playwright runs a loop of its own in the thread of the test; without this Django refuses to query the database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for all tests of this process. With CI=true a missing one is a failure instead of a skip."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(HINT)
        pytest.skip(HINT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[Visitor]:
    """Opens pages: `visitor(user, width=390, dark=True, javascript=False)` is a fresh page, signed in as `user`.

    Addresses are relative: `page.goto("/inbox/")`. At the end the test fails if a page raised an error or broke the
    content security policy.
    """
    troubles: list[str] = []
    contexts = []

    def open_page(
        user: User | None = None,
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        javascript: bool = True,
        **options: Any,
    ) -> Page:
        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=javascript,
            **options,
        )
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": site}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.extend(_policy_violation(message)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles, troubles


def eventually(page: Page, true: Callable[[], object], what: str) -> None:
    """Let the browser go on until `true()`."""
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{what} did not happen")


def session_of(user: User) -> str:
    """The key of a new session in which `user` is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


def _policy_violation(message: ConsoleMessage) -> list[str]:
    return [message.text] if "Content Security Policy" in message.text else []
