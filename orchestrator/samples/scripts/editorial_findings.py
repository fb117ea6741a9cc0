"""Whether a text keeps to rules, and how a text is changed so that it does. Pure."""

import re
from collections.abc import Iterator
from typing import Any

from orchestrator.samples.scripts.cautious import cut

Json = dict[str, Any]
VERBATIM = "word for word"
"""A point of a brief that says so is used as it stands, whatever the checkers say."""


def broken(rules: list[Json], title: str, body: str) -> Iterator[Json]:
    """The rules that a text does not keep, each as an instruction to correct it."""
    text = f"{title}\n{body}"
    for rule in rules:
        words = rule["value"].split("|")
        match rule["demand"]:
            case "must say" if rule["value"] not in text:
                yield _issue(rule, rule["value"])
            case "must not say" if said := [word for word in words if _pattern(word).search(text)]:
                yield _issue(rule, "|".join(said))
            case "at most" if len(body) > int(rule["value"]):
                yield _issue(rule, rule["value"])


def corrected(title: str, body: str, issues: list[Json], verbatim: list[str]) -> tuple[str, str]:
    """The text with every issue put right, as far as sentences that have to stay allow it."""
    for issue in sorted(issues, key=lambda one: _ORDER.index(one["demand"]) if one["demand"] in _ORDER else 0):
        match issue["demand"]:
            case "must not say":
                for word in issue["value"].split("|"):
                    title, body = _without(word, title, verbatim), _without(word, body, verbatim)
            case "at most":
                body = _shortened(body, int(issue["value"]) - _room(issues))
            case "must say":
                body = f"{body} {issue['value']}"
    return title.strip() or "Norrland", body.strip()


_ORDER = ("must not say", "at most", "must say")


def _issue(rule: Json, value: str) -> Json:
    return {name: rule[name] for name in ("code", "demand", "instruction")} | {"value": value}


def _shortened(body: str, most: int) -> str:
    """The beginning of a text and its last sentence, when that is a short one: it may be there because it must."""
    last = re.search(r"\s([^.…\n]{1,60}\.)$", body)
    return f"{cut(body[: last.start()], most - len(last[0]))} {last[1]}" if last else cut(body, most)


def _room(issues: list[Json]) -> int:
    """How many characters the sentences take that are added to the text."""
    return sum(len(one["value"]) + 1 for one in issues if one["demand"] == "must say")


def _without(word: str, text: str, verbatim: list[str]) -> str:
    """The text without a word; what has to stay, stays. A word in capitals is only written otherwise."""
    kept = {f"\ue000{place}\ue001": sentence for place, sentence in enumerate(verbatim)}
    for mark, sentence in kept.items():
        text = text.replace(sentence, mark)
    text = _pattern(word).sub({"!": "."}.get(word, word.title() if word.isupper() else ""), text)
    text = re.sub(r"[ \t]+([.,;:])", r"\1", re.sub(r"[ \t]{2,}", " ", text))
    for mark, sentence in kept.items():
        text = text.replace(mark, sentence)
    return text


def _pattern(word: str) -> re.Pattern[str]:
    """A whole word, however it is capitalised; one in capitals only as it is written."""
    if not word[:1].isalnum():
        return re.compile(re.escape(word))
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", 0 if word.isupper() else re.IGNORECASE)
