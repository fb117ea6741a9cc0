"""From a model string to a model of pydantic-ai. Only the provider that is needed is imported."""

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx2
from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, create_async_httpx2_client, infer_model
from pydantic_ai.providers import Provider, infer_provider, infer_provider_class

from agents.runtime import models, recorded, scripted
from agents.runtime.loop import Loop

if TYPE_CHECKING:
    from pydantic_ai.models.openai import OpenAIChatModel

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of an HTTP answer that are read at most, so that no server can fill the worker's memory."""

_OUR_CLIENT = ("openai", "anthropic", "google.genai")


class AnswerTooLarge(Exception):
    """The model's answer is larger than what is read."""


def model_for(loop: Loop, model: str) -> Model:
    """The model of this string on this loop; built once. Raises BadModel or ModelUnavailable."""
    models.check(model)
    prefix, name = models.split(model)
    if prefix == "scripted":
        return scripted.model(name)
    if prefix == "recorded":
        return recorded.model(name)
    with loop.lock:
        if model not in loop.models:
            loop.models[model] = _provider_model(loop, model)
        return loop.models[model]


def _provider_model(loop: Loop, model: str) -> Model:
    prefix, name = models.split(model)
    try:
        if prefix == models.COMPATIBLE:
            return _compatible(loop, name)
        if models.MODULES[prefix] in _OUR_CLIENT:
            return infer_model(model, provider_factory=lambda wanted: _with_our_client(loop, wanted))
        return infer_model(model, provider_factory=infer_provider)
    except (UserError, ImportError) as error:
        raise models.BadModel(f"The model {model} cannot be used here: {str(error)[:300]}") from error
    except Exception as error:
        raise models.BadModel(f"The model {model} cannot be set up here ({type(error).__name__}).") from error


def _with_our_client(loop: Loop, provider: str) -> Provider[Any]:
    return infer_provider_class(provider)(http_client=_client(loop))  # type: ignore[call-arg]


def _compatible(loop: Loop, name: str) -> "OpenAIChatModel":
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    name, url = models.compatible(name)
    key = os.environ.get(models.COMPATIBLE_KEY) or "none"
    provider = OpenAICompatibleProvider(models.COMPATIBLE, base_url=url, api_key=key, http_client=_client(loop))
    return OpenAIChatModel(name, provider=provider)


def _client(loop: Loop) -> httpx2.AsyncClient:
    client = create_async_httpx2_client()
    client.headers["Accept-Encoding"] = "identity"
    client.event_hooks["response"].append(_cap)
    loop.clients.append(client)
    return client


async def _cap(response: httpx2.Response) -> None:
    """Refuse bodies beyond the cap while they arrive. Compressed ones are refused at once: their size is not known."""
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise AnswerTooLarge("compressed, although asked not to be")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Capped(response.stream)


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST_BODY:
                raise AnswerTooLarge(f"larger than {LARGEST_BODY // 2**20} MB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
