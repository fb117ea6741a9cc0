"""What went wrong, said so that it can be shown: never the body of an answer, never a key."""

import re

from pydantic_ai import exceptions as ai

from agents.runtime.build import AnswerTooLarge
from agents.runtime.values import ModelUnavailable
from audit.text import escape

_SECRET = re.compile(r"[\w+/=.*-]{20,}")

_SENTENCES: list[tuple[type[ai.ModelAPIError], str, bool]] = [
    (ai.ModelTimeoutError, "did not answer in time", True),
    (ai.ModelRequestTimeout, "did not answer in time", True),
    (ai.ModelConnectionError, "could not be reached, or broke off its answer", True),
    (ai.ModelRateLimitError, "is asked too often at the moment", True),
    (ai.ModelOverloadedError, "is overloaded at the moment", True),
    (ai.ModelUnavailableError, "is not available at the moment", True),
    (ai.ModelServerError, "failed on its side", True),
    (ai.ModelQuotaExceededError, "refuses to answer: the account's quota or credit is used up", False),
    (ai.ModelAuthenticationError, "refuses the key, or the key may not use this model", False),
    (ai.ModelNotFoundError, "is not known to its provider", False),
    (ai.ModelContextWindowExceededError, "cannot take a conversation this long", False),
    (ai.ModelRequestRejectedError, "refuses the request", False),
]


def timed_out(label: str, timeout: float) -> ModelUnavailable:
    """The wall clock ran out."""
    return ModelUnavailable(f"{label} did not answer within {timeout:g} seconds.", retry=True)


def unusable(error: Exception) -> str | None:
    """A sentence about an answer that came but cannot be read; None where no answer came at all."""
    large = next((cause for cause in _causes(error) if isinstance(cause, AnswerTooLarge)), None)
    if large is not None:
        return f"The answer was not read: it is {large}. Answer briefly."
    if isinstance(error, ai.ModelAPIError):
        undecodable = type(error) is ai.ModelAPIError and isinstance(error.__cause__, ValueError)
        return "The answer is not JSON, as the protocol of this model wants it." if undecodable else None
    if isinstance(error, ai.UserError):
        return None
    if isinstance(error, ai.UnexpectedModelBehavior):
        return "The answer does not follow the protocol of this model."
    return f"The answer could not be read ({type(error).__name__})."


def unavailable(label: str, error: Exception) -> ModelUnavailable:
    """What to raise when no answer came."""
    for kind, sentence, retry in _SENTENCES:
        if isinstance(error, kind):
            return ModelUnavailable(f"{label} {sentence}{_details(error)}.", retry=retry)
    if isinstance(error, ai.ModelHTTPError):
        again = error.status_code in (408, 409, 425)
        return ModelUnavailable(f"{label} did not answer{_details(error)}.", retry=again)
    return ModelUnavailable(f"{label} could not be asked ({type(error).__name__}).", retry=False)


def _details(error: Exception) -> str:
    """HTTP status, and for a refused request the provider's reason without anything that looks like a secret."""
    if not isinstance(error, ai.ModelHTTPError):
        return ""
    tell = isinstance(error, ai.ModelRequestRejectedError) and not isinstance(error, ai.ModelAuthenticationError)
    return f" (HTTP {error.status_code}{_reason(error.body) if tell else ''})"


def _reason(body: object) -> str:
    if isinstance(body, dict):
        inner = body.get("error")
        message = body.get("message") or (inner.get("message") if isinstance(inner, dict) else inner)
        if isinstance(message, str):
            return f": {escape(_SECRET.sub('…', message[:2000])[:200])}"
    return ""


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 10:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
