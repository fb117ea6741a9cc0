"""The scripted agents of content: a writer who takes corrections, and the two who check what was written."""

from typing import Any

from agents.runtime.scripted import Call, Final, Say, ScriptState, scripted
from orchestrator.samples.scripts.cautious import cut, wary
from orchestrator.samples.scripts.editorial_findings import VERBATIM, broken, corrected
from orchestrator.samples.scripts.told import part, said, sentence, told

Json = dict[str, Any]
LONGEST = 9_000


@scripted("content-writer")
def writer(state: ScriptState) -> Say:
    """Write from the brief; from the second round on, correct what was written by what the checkers said."""
    answer = told(state, "get_brief")
    if answer is None:
        return Call("get_brief", brief_id=said(state, "brief_id"), reasoning="What is wanted?")
    if not answer.done:
        return Final(_text("no brief", "", "", {}, sentence(answer.words)), reasoning=sentence(answer.words))
    brief = answer.result
    if brief["published_as"]:
        note = f"{brief['published_as']} stands on the site for this brief."
        return Final(_text("published already", "", "", brief, note), reasoning=note)
    return _written(brief, part(state, "feedback"))


def _written(brief: Json, feedback: Json) -> Final:
    note = wary("The brief", brief["headline"], *brief["points"])
    issues = [*(feedback.get("compliance") or []), *(feedback.get("brand") or [])]
    if not feedback.get("body"):
        about = f" for {brief['audience']}" if brief["audience"] else ""
        body = "\n".join([f"What Norrland offers with {brief['product']}{about}.", *brief["points"]])
        thought = f"{note}I tell the {len(brief['points'])} points of the brief in their order."
        return Final(_text("written", brief["headline"], cut(body, LONGEST), brief, "First draft."), reasoning=thought)
    verbatim = [point for point in brief["points"] if VERBATIM in point]
    title, body = corrected(str(feedback["title"]), str(feedback["body"]), issues, verbatim)
    done = " ".join(str(issue["instruction"]) for issue in issues)
    stays = " One sentence has to stay as the brief wants it." if verbatim else ""
    thought = f"{note}I correct {len(issues)} things: {done}{stays}"
    return Final(_text("written", title, body, brief, cut(f"Corrected: {done}", 500)), reasoning=thought)


def _text(outcome: str, title: str, body: str, brief: Json, note: str) -> Json:
    owner = str(brief.get("owner_email") or "")
    return {"state": outcome, "title": title, "body": body, "note": note or "Nothing to add.", "owner_email": owner}


@scripted("content-compliance")
def compliance(state: ScriptState) -> Say:
    """The text against what the law demands."""
    return _checked(state, "compliance_rules")


@scripted("content-brand")
def brand(state: ScriptState) -> Say:
    """The text against how Norrland speaks."""
    return _checked(state, "brand_rules")


def _checked(state: ScriptState, tool: str) -> Say:
    title, body = said(state, "title"), said(state, "body")
    answer = told(state, tool)
    if answer is None:
        note = wary("The text", title, body)
        return Call(tool, brief_id=said(state, "brief_id"), reasoning=f"{note}Which rules are there for this text?")
    if not answer.done:
        return Final({"passes": False, "issues": []}, reasoning=f"Unread rules pass nothing. {sentence(answer.words)}")
    issues = list(broken(answer.result["rules"], title, body))
    told_of = " ".join(issue["instruction"] for issue in issues) or "It keeps to all of them."
    return Final({"passes": not issues, "issues": issues}, reasoning=told_of)
