"""Whether what an admin says about a tool fits the tool's own arguments. Pure."""

from typing import Any

from agents.exceptions import BadClassification, BadSentence
from agents.schema_table import amount_arguments, rows_of
from agents.sentences import check_template
from agents.values import Classification

SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 1, 600


def check(classification: Classification, schema: Any) -> None:
    """Raise BadClassification or BadSentence, naming the field, unless everything refers to arguments that exist."""
    _check_sentence("sentence", classification.sentence, schema)
    _check_sentence("short_sentence", classification.short_sentence, schema)
    _check_amount(classification, schema)
    unknown = set(classification.sensitive) - {row.path for row in rows_of(schema)}
    if unknown:
        raise BadClassification(f"The tool has no argument {sorted(unknown)[0]}.", field="sensitive")
    if not SHORTEST_TIMEOUT <= classification.timeout_seconds <= LONGEST_TIMEOUT:
        raise BadClassification(
            f"Choose from {SHORTEST_TIMEOUT} to {LONGEST_TIMEOUT} seconds.", field="timeout_seconds"
        )


def _check_sentence(field: str, template: str, schema: Any) -> None:
    problems = check_template(template, schema)
    if problems:
        raise BadSentence(" ".join(problems), field=field)


def _check_amount(classification: Classification, schema: Any) -> None:
    name, currency = classification.amount_argument, classification.currency
    if name and name not in amount_arguments(schema):
        raise BadClassification(f"The tool has no number or text argument named {name}.", field="amount_argument")
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise BadClassification("Write a currency as three capitals, such as EUR.", field="currency")
