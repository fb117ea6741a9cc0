"""The editorial desk keeps its promises: one text a brief, rules that fit it, and a way back."""

from tests.samples.desks import Desk, desk

__all__ = ("desk",)

TEXT = {"brief_id": "BR-501", "title": "Cover", "body": "Norrland covers homes."}


def test_a_brief_has_one_text_until_it_is_withdrawn(desk: Desk) -> None:
    content = desk.ask("publish_content", **TEXT)["content_id"]
    assert "already. Withdraw it first." in desk.refusal("publish_content", **TEXT)
    assert desk.ask("get_brief", brief_id="BR-501")["published_as"] == content
    assert desk.ask("withdraw_content", content_id=content, reason="Wrong picture")["state"] == "withdrawn"
    assert "withdrawn already" in desk.refusal("withdraw_content", content_id=content, reason="Wrong picture")
    assert desk.ask("publish_content", **TEXT)["content_id"] != content


def test_a_repeated_key_publishes_once(desk: Desk) -> None:
    first, again = (desk.ask("publish_content", "k-1", **TEXT) for _ in range(2))
    assert first == again
    assert desk.effects() == 1


def test_rules_fit_the_product_the_market_and_the_channel(desk: Desk) -> None:
    def codes(tool: str, brief_id: str) -> set[str]:
        return {rule["code"] for rule in desk.ask(tool, brief_id=brief_id)["rules"]}

    assert "L-03" in codes("compliance_rules", "BR-501")
    assert {"L-04", "L-06"} <= codes("compliance_rules", "BR-524")
    assert "B-03" in codes("brand_rules", "BR-505")
    assert not {"B-03", "B-04"} & codes("brand_rules", "BR-501")
    assert desk.refusal("brand_rules", brief_id="BR-1") == "There is no brief BR-1."


def test_every_brief_can_be_read(desk: Desk) -> None:
    briefs = [row["id"] for row in desk.books.execute("SELECT id FROM briefs")]
    texts = [desk.ask("get_brief", brief_id=brief) for brief in briefs]
    assert len(texts) >= 30
    assert {text["language"] for text in texts} >= {"en", "de", "fr", "ar", "he"}
