"""One exchange, done with pydantic-ai. Import `exchange` instead: it loads this only when a model is asked."""

import logging
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.settings import ModelSettings

from agents.runtime import build, conversation, failures, loop, models
from agents.runtime.answer import Judged, judge
from agents.runtime.offer import Offer
from agents.runtime.values import Exchange, ModelUnavailable, Usage

logger = logging.getLogger(__name__)
MOST_TOKENS = 2**31 - 1
MOST_COST = Decimal(100)
"""USD that no single exchange costs: a provider that names more is mistaken."""


@dataclass(frozen=True)
class Talk:
    """Everything that is said to a model in one exchange."""

    model: str
    messages: list[ModelMessage]
    offer: Offer
    settings: Mapping[str, Any]
    timeout: float

    def ask(self) -> ModelResponse:
        """The model's answer, as it came. Raises whatever goes wrong."""
        home = loop.current()
        llm = build.model_for(home, self.model)
        own = {"timeout": self.timeout, "max_retries": 0} if models.describe(self.model).real else {}
        settings = cast("ModelSettings", {**self.settings, **own})
        offered = self.offer.parameters
        request = model_request(llm, self.messages, model_settings=settings, model_request_parameters=offered)
        return home.run(request, self.timeout)


def hold(talk: Talk) -> Exchange:
    """Ask once and judge the answer. Raises ModelUnavailable."""
    response, unread = _asked(talk)
    judged = _judged(response, talk, unread)
    return Exchange(
        messages=conversation.dump([*talk.messages, judged.response]),
        requests=judged.requests,
        output=judged.output,
        final=judged.final,
        text=judged.text,
        problem=judged.problem,
        usage=_usage(talk.model, response),
        model_name=(judged.response.model_name or talk.model)[:200],
        raw_size=judged.raw_size,
    )


def _asked(talk: Talk) -> tuple[ModelResponse, str | None]:
    """The answer, or an empty one and why it cannot be read. Raises ModelUnavailable when there is none."""
    label = models.describe(talk.model).label
    try:
        return talk.ask(), None
    except ModelUnavailable:
        raise
    except (TimeoutError, CancelledError) as error:
        raise failures.timed_out(label, talk.timeout) from error
    except Exception as error:
        unread = failures.unusable(error)
        if unread is None:
            raise failures.unavailable(label, error) from error
        logger.warning("The answer of %s cannot be read", talk.model, exc_info=True)
        return ModelResponse(parts=[]), unread


def _judged(response: ModelResponse, talk: Talk, unread: str | None) -> Judged:
    try:
        return judge(response, talk.messages, talk.offer, unread)
    except Exception as error:
        # Whatever a model says, the worker lives on and the conversation stays loadable.
        logger.warning("The answer cannot be judged", exc_info=True)
        unread = f"The answer cannot be read ({type(error).__name__})."
        return judge(ModelResponse(parts=[]), talk.messages, talk.offer, unread)


def _usage(model: str, response: ModelResponse) -> Usage:
    """Tokens as the provider counted them, within what a database column holds, and the price where one is known."""
    if not models.describe(model).real:
        return Usage(0, 0, Decimal(0))
    counted = (response.usage.input_tokens, response.usage.output_tokens)
    given, made = (min(max(n, 0), MOST_TOKENS) if isinstance(n, int) else 0 for n in counted)
    return Usage(given, made, _cost(model, response))


def _cost(model: str, response: ModelResponse) -> Decimal | None:
    """The price the provider named, else that of the price list; there is none for a server of somebody's own."""
    named = response.usage.cost
    try:
        if named is None and not models.is_compatible(model):
            named = response.cost().total_price
        return None if named is None or not named < MOST_COST else max(named, Decimal(0))
    except (LookupError, ValueError, AssertionError, ArithmeticError):
        return None
