"""The house: every route keeps strangers out, every audit verb can be read, and files stay short."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from audit import verbs

ROOT = Path(settings.BASE_DIR)
OPEN_TO_ALL = {"/healthz": {200, 503}, "/sign-in/": {200}}
REF = "018f3c1e-0000-7000-8000-000000000000"
SAMPLES = {"uuid": REF, "uuidstr": REF, "int": "1", "str": "x", "slug": "x", "path": "x"}
LONGEST = {".py": 400, ".html": 120, ".js": 400, ".css": 900}
PRODUCT = ("orchestrator", "approvals", "agents", "audit")


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    """Every address of the site, with a made-up value for each of its parameters."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1] or "str"], str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_route_answers_a_stranger_with_sign_in_or_not_found(method: str) -> None:
    client, open_doors = Client(), []
    for route in sorted(set(routes())):
        answer = getattr(client, method)(route)
        if not keeps_strangers_out(route, answer.status_code, answer.headers.get("Location", "")):
            open_doors.append(f"{method.upper()} {route}: {answer.status_code}")
    assert not open_doors, open_doors


def keeps_strangers_out(route: str, status: int, location: str) -> bool:
    """Whether this answer to someone not signed in tells nothing. A wrong method tells nothing either."""
    if route in OPEN_TO_ALL:
        return status in {*OPEN_TO_ALL[route], 405}
    if route.startswith("/api/"):
        return status in {401, 404, 405}
    return status in {404, 405} or (status == 302 and location.startswith("/sign-in/"))


@pytest.mark.django_db
def test_a_route_is_closed_for_at_least_one_method_by_more_than_its_method() -> None:
    """405 alone would prove nothing: for each route GET or POST is a method that the route knows."""
    client = Client()
    for route in sorted(set(routes())):
        assert {client.get(route).status_code, client.post(route).status_code} != {405}, route


def product_files(*endings: str) -> list[Path]:
    """Our own files with these endings, migrations left out."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / line for line in listed.stdout.splitlines() if line.endswith(endings)]
    return [path for path in paths if path.exists() and "migrations" not in path.parts]


def recorded_verbs(tree: ast.AST) -> Iterator[str]:
    """The verbs written out in calls of `record` and of helpers that pass one on."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        words = [call.args[0]] if call.args and "record" in name else []
        words += [keyword.value for keyword in call.keywords if keyword.arg == "verb"]
        yield from (word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str))


def test_every_audit_verb_has_a_sentence() -> None:
    missing = {
        f"{path.relative_to(ROOT)}: {verb}"
        for path in product_files(".py")
        if path.relative_to(ROOT).parts[0] in PRODUCT
        for verb in recorded_verbs(ast.parse(path.read_text()))
        if re.fullmatch(r"[a-z_]+\.[a-z_]+", verb) and verb not in verbs.SENTENCES
    }
    assert verbs.SENTENCES
    assert not missing, missing


def test_every_sentence_names_whom_or_what_it_is_about() -> None:
    wrong = [
        verb for verb, text in verbs.SENTENCES.items() if not re.search(r"\{(actor|subject)\}", text) or "!" in text
    ]
    assert not wrong, wrong


def test_files_stay_short_enough_to_read() -> None:
    long = []
    for path in product_files(*LONGEST):
        lines = len(path.read_text().splitlines())
        if lines > LONGEST[path.suffix]:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert not long, long


def test_a_web_process_loads_no_code_of_model_providers() -> None:
    code = (
        "import django; django.setup(); import orchestrator.urls, orchestrator.asgi, sys; "
        "print([name for name in ('openai', 'anthropic', 'google.genai') if name in sys.modules])"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "HOLDSHORT_TEST_HOME": str(settings.HOLDSHORT_HOME)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
