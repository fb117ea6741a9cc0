"""Reading pages the way a browser does: what is text, what is markup, and how many queries it took."""

from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orchestrator.accounts.models import User
from orchestrator.runs.models import Run

HOSTILE = (
    "<script>window.stolen=1</script><img src=x onerror=alert(1)><svg onload=alert(1)>"
    '"\'><a href="javascript:alert(1)" hx-post="/reviews/" hx-trigger="load">\u202egnp.exe\u202c\u200b\x00\ud800'
)
HANDLERS = ("onerror", "onload", "onclick", "onmouseover", "onfocus", "style")


class Markup(HTMLParser):
    """The elements of a page, its attributes, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a piece of text."""
        self.text += data


def signed_in(user: User) -> Client:
    """A client whose requests come from this person."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def dangers(html: str) -> list[Any]:
    """Everything in a page that text of an agent must never become."""
    markup = Markup(html)
    scripts = [attrs for tag, attrs in markup.tags if tag == "script" and not attrs.get("src")]
    images = [attrs for tag, attrs in markup.tags if tag in ("img", "iframe", "object", "embed")]
    handlers = [(tag, name) for tag, attrs in markup.tags for name in attrs if name in HANDLERS]
    links = [attrs for _, attrs in markup.tags if str(attrs.get("href", "")).startswith(("javascript:", "data:"))]
    hidden = [hex(ord(char)) for char in markup.text if char in "\u202e\u202c\u200b\x00"]
    return [*scripts, *images, *handlers, *links, *hidden]


def queries_of(client: Client, address: str, **headers: Any) -> int:
    """How many queries an address takes, once everything that is kept in memory is there."""
    client.get(address, **headers)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address, **headers)
    assert answer.status_code == 200, answer.status_code
    return len(captured)


def page(user: User, run: Run, name: str = "run", query: str = "", **extra: Any) -> str:
    """The page of a run, or the part of it with this name, as a person sees it."""
    answer = signed_in(user).get(reverse(name, args=[run.ref]) + query, **extra)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()
