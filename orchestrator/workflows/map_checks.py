"""Whether the business map of a definition is complete enough for where its runs act."""

from orchestrator.workflows.business_map import QUESTIONS, unanswered
from orchestrator.workflows.lint import Finding, Level
from orchestrator.workflows.problems import Document, path_text
from orchestrator.workflows.schema import Definition


def map_findings(definition: Definition, document: Document) -> list[Finding]:
    """What the map lacks: an error for each question in production, one warning for all of them in a sandbox."""
    missing = unanswered(definition.map)
    if definition.environment == "production":
        return [_finding(Level.ERROR, ("map", name), _sentence(name), document) for name in missing]
    if not missing:
        return []
    open_ones = " ".join(QUESTIONS[name] for name in missing)
    sentence = f"The map leaves open: {open_ones} Before production, each needs an answer below map:."
    return [_finding(Level.WARNING, ("map",), sentence, document)]


def _sentence(name: str) -> str:
    return f'The map does not answer: {QUESTIONS[name]} Add "{name}:" below "map:"; production needs it.'


def _finding(level: Level, path: tuple[str, ...], sentence: str, document: Document) -> Finding:
    at = document.problem(path, sentence)
    return Finding(level, path_text(path), sentence, at.line, at.column)
