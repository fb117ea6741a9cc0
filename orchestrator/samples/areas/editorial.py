"""The editorial desk: texts are written, checked and corrected until they may be published."""

from agents.states import Reversibility
from orchestrator.samples.areas.area import ALLOWED, REVIEW, Area, desk, thinker
from orchestrator.samples.company.seed.editorial import FIRST_EVERYDAY
from orchestrator.samples.company.seed.editorial_words import EVERYDAY
from orchestrator.samples.contracts import reads, writes
from orchestrator.samples.people import EDITORS
from orchestrator.samples.setup import Case

WORKFLOW = "content-compliance"

AGENTS = (
    thinker("content-writer", "Writer", "Writes texts from briefs, and corrects them.", "get_brief"),
    thinker(
        "content-compliance", "Compliance checker", "Holds texts against the law and the handbook.", "compliance_rules"
    ),
    thinker("content-brand", "Brand checker", "Holds texts against the brand book.", "brand_rules"),
    desk(
        "content-desk",
        "Editorial desk",
        "Publishes and withdraws texts.",
        {"publish_content": REVIEW, "withdraw_content": ALLOWED, "send_mail": ALLOWED},
    ),
)

CONTRACTS = {
    "get_brief": reads("Read brief {brief_id}"),
    "brand_rules": reads("Read the rules of the brand for brief {brief_id}"),
    "compliance_rules": reads("Read the rules of compliance for brief {brief_id}"),
    "publish_content": writes(
        "Publish {title|quoted} for brief {brief_id}",
        "Publish {title}",
        Reversibility.COMPENSABLE,
        "withdraw_content takes it off the site. Who has read it has read it.",
    ),
    "withdraw_content": writes(
        "Take {content_id} off the site, because {reason|quoted}",
        "Withdraw {content_id}",
        Reversibility.REVERSIBLE,
        "publish_content publishes it again.",
    ),
}

AREA = Area(
    workflow=WORKFLOW,
    team=EDITORS,
    agents=AGENTS,
    contracts=CONTRACTS,
    cases=tuple(Case(WORKFLOW, {"brief_id": f"BR-{FIRST_EVERYDAY + place}"}) for place in range(len(EVERYDAY))),
)
