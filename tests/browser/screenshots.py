"""`make screenshots`: starts a Holdshort with the sample company, works a little in it, and photographs every page.

The pictures go to var/screenshots; the one that the README shows is copied to docs/screenshots.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from orchestrator.supervisor.readiness import health
from tests.chromium import CHROMIUM, HINT, QUIET

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "var" / "screenshots"
SHOWN = ("inbox-1440-light.png",)  # by the README
SIZES = {1440: 900, 1024: 768, 390: 844}
REVIEWER, ADMIN = "ines@norrland.example", "hana@norrland.example"
CASE = "MC-20417"
PASSWORD = "norrland-demo"
PATIENCE = 180  # seconds


def main() -> None:
    """Take all pictures."""
    if not CHROMIUM.exists():
        sys.exit(HINT)
    OUT.mkdir(parents=True, exist_ok=True)
    with a_holdshort() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        keys = {who: signed_in(browser, address, who) for who in (REVIEWER, ADMIN)}
        page = browser.new_page(base_url=address, storage_state=keys[REVIEWER], viewport={"width": 1440, "height": 900})
        decided = some_work(page)
        for width in SIZES:
            for theme in ("light", "dark"):
                photograph(browser, address, keys, width, theme, decided)
        browser.close()
    for name in SHOWN:
        shutil.copy(OUT / name, ROOT / "docs" / "screenshots" / name)
    print(f"{len(list(OUT.glob('*.png')))} pictures are in {OUT}")


@contextmanager
def a_holdshort() -> Iterator[str]:
    """The product as a newcomer starts it, in a folder of its own, with cases that come in quickly."""
    with tempfile.TemporaryDirectory(prefix="holdshort-pictures-") as home:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        env = {**os.environ, "PORT": str(port), "HOLDSHORT_HOME": home, "HOLDSHORT_TRICKLE_SECONDS": "1"}
        started = subprocess.Popen([sys.executable, "manage.py", "up", "--tied"], cwd=ROOT, env=env)
        address = f"http://localhost:{port}"
        try:
            deadline = time.monotonic() + PATIENCE
            while health(address, "localhost").get("status") != "ok":
                if started.poll() is not None or time.monotonic() > deadline:
                    sys.exit("Holdshort did not start; its own words are above.")
                time.sleep(0.2)
            yield address
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait()


def signed_in(browser: Browser, address: str, email: str) -> Path:
    """Sign in and keep the session."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/inbox/")
    kept = Path(tempfile.gettempdir()) / f"holdshort-session-{os.getpid()}-{email}.json"
    context.storage_state(path=kept)
    context.close()
    return kept


def some_work(page: Page) -> str:
    """Wait until the inbox is full, then approve one refund and reject another, so that there is a past.

    Returns the address of the run whose refund was approved.
    """
    deadline = time.monotonic() + PATIENCE
    page.goto("/inbox/")
    while page.locator(".row:not(.is-done)").count() < 12 or not page.get_by_text(CASE).count():
        if time.monotonic() > deadline:
            sys.exit("The sample company did not fill the inbox in time.")
        page.wait_for_timeout(1000)
        page.goto("/inbox/")
    for key, words in (("a", ""), ("r", "The customer has to send the parcel back first.")):
        page.goto("/inbox/?q=Refund&risk=2")
        open_row(page, page.locator(".row-act").first)
        page.keyboard.press(key)
        page.wait_for_timeout(400)
        if words:
            page.keyboard.press("1")
        page.locator("dialog:modal [name=reason]:not([type=radio])").fill(words)
        with page.expect_navigation():
            page.locator("dialog:modal [data-commit]").click()
    page.goto("/inbox/")
    expect(page.locator(".is-done").first).to_contain_text("Rejected")
    expect(page.locator(".is-done").last).to_contain_text("done", timeout=60_000)
    page.locator(".is-done .row-act").last.click()
    return str(page.locator(".crumbs a").get_attribute("href"))


def open_row(page: Page, link: Locator) -> None:
    """Open a review and wait until its page is live."""
    with page.expect_navigation():
        link.click()
    expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=30_000)


def photograph(browser: Browser, address: str, keys: dict[str, Path], width: int, theme: str, run: str) -> None:
    """Every page at one width in one theme."""
    for who, pages in ((REVIEWER, ("inbox", "review")), (ADMIN, ("run", "permissions", "audit", "workflow"))):
        context = browser.new_context(
            base_url=address,
            storage_state=keys[who],
            viewport={"width": width, "height": SIZES[width]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        for name in pages:
            page.goto(run) if name == "run" else GO[name](page, width)
            page.wait_for_load_state("networkidle")
            page.mouse.move(0, 0)
            page.screenshot(path=OUT / f"{name}-{width}-{theme}.png")
        context.close()


def to_inbox(page: Page, width: int) -> None:
    """The list, with the case of the pictures open beside it where there is room."""
    page.goto("/inbox/")
    if width > 640:
        open_row(page, page.locator(".row-act", has_text=CASE))


def to_review(page: Page, width: int) -> None:
    """The case of the pictures with an edited argument; on a phone its beginning."""
    page.goto("/inbox/")
    open_row(page, page.locator(".row-act", has_text=CASE))
    if width > 640:
        page.keyboard.press("2")
        page.locator('[name="a/remittance_text"]').fill(f"Motor claim {CASE}, settlement in full")
        expect(page.locator("#args .diff")).to_be_visible()


def to_permissions(page: Page, width: int) -> None:
    """The matrix with an explanation."""
    page.goto("/permissions/")
    page.locator(".cell.c-ask").first.click()


GO = {
    "inbox": to_inbox,
    "review": to_review,
    "permissions": to_permissions,
    "audit": lambda page, width: page.goto("/audit/"),
    "workflow": lambda page, width: page.goto("/workflows/claim-payout/"),
}

if __name__ == "__main__":
    main()
