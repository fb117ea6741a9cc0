"""Model strings: what they mean and whether they can work. Imports no provider, so pages and forms may use it.

- anthropic:NAME, openai:NAME, openai-chat:NAME, google:NAME, and the other prefixes of pydantic-ai
- openai-compatible:NAME@http://host:port/v1 is any server that speaks chat completions. The key of the installation,
  where it has one, goes only to addresses in HOLDSHORT_OPENAI_COMPATIBLE_URLS
- scripted:NAME is a Python function of ours, see `scripted.py`
- recorded:NAME is the replay of a recording, see `recorded.py`
"""

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

from agents.runtime import recorded, scripted
from agents.runtime.values import ModelUnavailable

Kind = Literal["provider", "scripted", "recorded"]

COMPATIBLE = "openai-compatible"
COMPATIBLE_KEY = "HOLDSHORT_OPENAI_COMPATIBLE_KEY"
COMPATIBLE_URLS = "HOLDSHORT_OPENAI_COMPATIBLE_URLS"
LONGEST = 200

_OPENAI_FAMILY = (
    *("openai", "openai-chat", "openai-responses", "azure", "azure-responses", "alibaba", "cerebras", "crusoe"),
    *("deepseek", "fireworks", "heroku", "litellm", "meta", "moonshotai", "nebius", "ollama", "openrouter"),
    *("ovhcloud", "sambanova", "snowflake", "together", "vercel", "vllm", "zai"),
)
MODULES = {
    **dict.fromkeys(_OPENAI_FAMILY, "openai"),
    "anthropic": "anthropic",
    "google": "google.genai",
    "google-cloud": "google.genai",
    "bedrock": "boto3",
    "cohere": "cohere",
    "groq": "groq",
    "huggingface": "huggingface_hub",
    "mistral": "mistralai",
    "xai": "xai_sdk",
}
"""Prefix of pydantic-ai: the module its provider needs."""

_NAMES = {"anthropic": "Anthropic", "openai": "OpenAI", "openai-chat": "OpenAI", "google": "Google"}


class BadModel(ModelUnavailable):
    """This model string cannot work."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=False)


@dataclass(frozen=True)
class ModelInfo:
    """How a page names a model. `real` is False for scripted and recorded agents, which pages must label as such."""

    kind: Kind
    label: str
    real: bool


def split(model: str) -> tuple[str, str]:
    """Prefix and name of a model string; the prefix is empty where there is none."""
    prefix, colon, name = model.strip().partition(":")
    return (prefix, name) if colon else ("", prefix)


def is_compatible(model: str) -> bool:
    """Whether this is a server of somebody's own, whose prices nobody knows whatever it calls its models."""
    return split(model)[0] == COMPATIBLE


def describe(model: str) -> ModelInfo:
    """How to name this model on a page. Never raises, whatever the string."""
    prefix, name = split(model)
    if prefix == "scripted":
        return ModelInfo("scripted", f"Scripted: {name}", real=False)
    if prefix == "recorded":
        return ModelInfo("recorded", f"Recorded: {name}", real=False)
    if prefix == COMPATIBLE:
        name, _, rest = name.partition("@http")
        host = rest.partition("://")[2].partition("/")[0].rpartition("@")[2]
        return ModelInfo("provider", f"{name} at {host}", real=True)
    return ModelInfo("provider", f"{_NAMES.get(prefix, prefix)} {name}".strip(), real=True)


def check(model: str) -> None:
    """Raise BadModel, saying what is wrong and what would be right, unless this model string can work here.

    Looks at the string, the registered scripts and recordings, and the installed packages; speaks to no server.
    """
    if len(model) > LONGEST or any(ord(c) <= 32 or ord(c) == 127 for c in model):
        raise BadModel(f"A model is one word of at most {LONGEST} characters, such as anthropic:claude-sonnet-4-5.")
    prefix, name = split(model)
    if not prefix or not name:
        raise BadModel(f"{model!r} is not a model. Write provider:name, such as anthropic:claude-sonnet-4-5.")
    if prefix == "scripted":
        _registered("script", name, scripted.names())
    elif prefix == "recorded":
        _registered("recording", name, recorded.names())
    elif prefix == COMPATIBLE:
        compatible(name)
    else:
        _provider(prefix)


def compatible(name: str) -> tuple[str, str]:
    """Model name and base URL of the part after `openai-compatible:`. Raises BadModel."""
    model, found, rest = name.partition("@http")
    if not model or not found:
        raise BadModel("Write openai-compatible:NAME@URL, such as openai-compatible:qwen3@http://127.0.0.1:8080/v1.")
    url = f"http{rest}"
    if "@" in url:
        raise BadModel(f"The address must not carry a password. Put the key into {COMPATIBLE_KEY}.")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "?" in url or "#" in url:
        raise BadModel(f"{url!r} is not the address of a model server. Write it as http://127.0.0.1:8080/v1.")
    if not _may_have_the_key(url):
        raise BadModel(
            f"The key of this installation does not go to {url}. The operator allows it in {COMPATIBLE_URLS}."
        )
    return model, url


def _may_have_the_key(url: str) -> bool:
    """Whether there is no key that could go astray, or the operator has named this address as one that may have it."""
    allowed = os.environ.get(COMPATIBLE_URLS, "").replace(",", " ").split()
    return not os.environ.get(COMPATIBLE_KEY) or url.rstrip("/") in [each.rstrip("/") for each in allowed]


def _registered(what: str, name: str, known: list[str]) -> None:
    if name not in known:
        have = ", ".join(known) or "none"
        raise BadModel(f"There is no {what} named {name!r}. Known: {have}.")


def _provider(prefix: str) -> None:
    if prefix not in MODULES:
        known = ", ".join([*sorted(MODULES), COMPATIBLE, "scripted", "recorded"])
        raise BadModel(f"{prefix!r} is not a model provider. Known: {known}.")
    if not _installed(MODULES[prefix]):
        raise BadModel(
            f"The provider {prefix!r} needs the package {MODULES[prefix]!r}, which is not installed here. "
            f"Install it, or use {COMPATIBLE}:NAME@URL."
        )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
