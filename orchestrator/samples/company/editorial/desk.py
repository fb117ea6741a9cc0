"""What the editorial desk reads and changes."""

import sqlite3

from orchestrator.samples.company.clock import now
from orchestrator.samples.company.editorial import shapes
from orchestrator.samples.company.rows import Refused, all_rows, next_id, one_row


def get_brief(books: sqlite3.Connection, asked: shapes.ByBrief) -> shapes.Brief:
    """What is wanted: product, market, channel, language, and the points to tell."""
    brief = one_row(
        books,
        "SELECT id, product, market, channel, language, audience, headline, points, owner_email, due_on,"
        " (SELECT p.id FROM publications p WHERE brief_id = briefs.id AND state = 'published') AS published_as"
        " FROM briefs WHERE id = :id",
        "brief",
        asked.brief_id,
    )
    return shapes.Brief.model_validate(brief | {"points": brief["points"].split("\n")})


def brand_rules(books: sqlite3.Connection, asked: shapes.ByBrief) -> shapes.ContentRules:
    """How Norrland speaks: the rules of the brand for the channel and the language of a brief."""
    return _rules(books, asked.brief_id, "brand")


def compliance_rules(books: sqlite3.Connection, asked: shapes.ByBrief) -> shapes.ContentRules:
    """What the law and the supervisors demand of advertising for the product and the market of a brief."""
    return _rules(books, asked.brief_id, "compliance")


def publish_content(books: sqlite3.Connection, asked: shapes.PublishContent) -> shapes.ContentPublished:
    """Publish a text for a brief. One text a brief; a text that was withdrawn makes room for another."""
    brief = get_brief(books, shapes.ByBrief(brief_id=asked.brief_id))
    if brief.published_as:
        raise Refused(f"{brief.published_as} is published for brief {brief.id} already. Withdraw it first.")
    content, at = next_id(books, "publications", "PB-"), now()
    url = f"https://norrland.example/{brief.market.lower()}/{content.lower()}"
    books.execute(
        "INSERT INTO publications (id, brief_id, title, body, url, at) VALUES (?, ?, ?, ?, ?, ?)",
        [content, brief.id, asked.title, asked.body, url, at],
    )
    return shapes.ContentPublished(content_id=content, brief_id=brief.id, url=url, at=at)


def withdraw_content(books: sqlite3.Connection, asked: shapes.WithdrawContent) -> shapes.ContentWithdrawn:
    """Take a text off the site. Who has read it has read it."""
    sql = "SELECT id AS content_id, brief_id, state FROM publications WHERE id = :id"
    found = shapes.ContentWithdrawn.model_validate(one_row(books, sql, "publication", asked.content_id))
    if found.state == "withdrawn":
        raise Refused(f"{found.content_id} is withdrawn already.")
    books.execute(
        "UPDATE publications SET state = 'withdrawn', note = ? WHERE id = ?", [asked.reason, found.content_id]
    )
    return found.model_copy(update={"state": "withdrawn"})


def _rules(books: sqlite3.Connection, brief_id: str, area: str) -> shapes.ContentRules:
    """The rules of an area for a brief: `applies_to` names a product, market, channel or language, or nothing."""
    brief = get_brief(books, shapes.ByBrief(brief_id=brief_id))
    found = all_rows(
        books,
        "SELECT code, demand, value, instruction, source FROM content_rules WHERE area = :area"
        " AND applies_to IN ('', :product, :market, :channel, :language) ORDER BY code",
        {"area": area, **brief.model_dump(include={"product", "market", "channel", "language"})},
    )
    return shapes.ContentRules.model_validate({"brief_id": brief.id, "rules": found})
