"""Model strings: pages name them, forms refuse wrong ones with a sentence, and neither loads a provider."""

import os
import subprocess
import sys

import pytest
from pydantic_ai.providers import infer_provider_class

from agents.runtime import build, loop, models
from agents.runtime.exchange import ModelUnavailable
from agents.runtime.models import BadModel, ModelInfo, check, describe
from agents.runtime.recorded import register_recording
from agents.runtime.scripted import Final, ScriptState, scripted
from tests.runtime.conftest import Ask


@scripted("models-test")
def _script(_: ScriptState) -> Final:
    return Final({"summary": "x"})


register_recording("models-test", dict)


@pytest.mark.parametrize(
    ("model", "info"),
    [
        ("anthropic:claude-sonnet-4-5", ModelInfo("provider", "Anthropic claude-sonnet-4-5", True)),
        ("openai-chat:gpt-4o", ModelInfo("provider", "OpenAI gpt-4o", True)),
        ("groq:llama", ModelInfo("provider", "groq llama", True)),
        ("openai-compatible:qwen3@http://127.0.0.1:8080/v1", ModelInfo("provider", "qwen3 at 127.0.0.1:8080", True)),
        ("scripted:support-refund", ModelInfo("scripted", "Scripted: support-refund", False)),
        ("recorded:tau2-retail", ModelInfo("recorded", "Recorded: tau2-retail", False)),
        ("nonsense", ModelInfo("provider", "nonsense", True)),
        ("", ModelInfo("provider", "", True)),
    ],
)
def test_a_page_can_name_any_model_and_knows_what_is_not_real(model: str, info: ModelInfo) -> None:
    assert describe(model) == info


def test_a_page_never_shows_a_password() -> None:
    assert "geheim" not in describe("openai-compatible:x@http://me:geheim@host/v1").label


@pytest.mark.parametrize(
    "model",
    [
        "anthropic:claude-sonnet-4-5",
        "openai:gpt-5",
        "google:gemini-2.5-pro",
        "openai-compatible:qwen/qwen3-coder@https://models.example.com/v1",
        "openai-compatible:me@home@http://[::1]:8080/v1",
        "scripted:models-test",
        "recorded:models-test",
    ],
)
def test_what_can_work_is_taken(model: str) -> None:
    check(model)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("", "Write provider:name"),
        ("gpt-4o", "'gpt-4o' is not a model. Write provider:name"),
        ("openai:", "Write provider:name"),
        (":gpt", "Write provider:name"),
        ("openai: gpt", "A model is one word"),
        ("openai:\x00", "A model is one word"),
        ("openai:" + "x" * 300, "at most 200 characters"),
        ("opnai:gpt-4o", "'opnai' is not a model provider. Known: alibaba, anthropic,"),
        ("groq:llama", "needs the package 'groq'"),
        ("scripted:nobody", "There is no script named 'nobody'. Known:"),
        ("recorded:nothing", "There is no recording named 'nothing'. Known:"),
        ("openai-compatible:qwen3", "Write openai-compatible:NAME@URL"),
        ("openai-compatible:@http://host/v1", "Write openai-compatible:NAME@URL"),
        ("openai-compatible:qwen3@ftp://host", "Write openai-compatible:NAME@URL"),
        ("openai-compatible:qwen3@httpx://host", "is not the address of a model server"),
        ("openai-compatible:qwen3@http://", "is not the address of a model server"),
        ("openai-compatible:qwen3@http://host:99999/v1", "is not the address of a model server"),
        ("openai-compatible:qwen3@http://host/v1?key=1", "is not the address of a model server"),
        ("openai-compatible:qwen3@http://me:secret@host/v1", "must not carry a password"),
    ],
)
def test_what_cannot_work_is_refused_with_what_would_be_right(ask: Ask, model: str, sentence: str) -> None:
    with pytest.raises(BadModel) as raised:
        check(model)
    assert sentence in str(raised.value)
    assert "secret" not in str(raised.value)
    with pytest.raises(ModelUnavailable) as refused:
        ask(model=model)
    assert (str(refused.value), refused.value.retry) == (str(raised.value), False)


def test_a_missing_key_is_said_and_waiting_does_not_help(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for model, key in (("openai:gpt-nokey", "OPENAI_API_KEY"), ("anthropic:claude-nokey", "ANTHROPIC_API_KEY")):
        with pytest.raises(ModelUnavailable, match=key) as raised:
            ask(model=model)
        assert not raised.value.retry


@pytest.mark.parametrize(
    "prefix", [name for name, module in models.MODULES.items() if module in ("openai", "anthropic")]
)
def test_a_provider_without_its_settings_is_said_to_be_unusable(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.endswith(("_KEY", "_URL", "_TOKEN", "_HOST", "_ENDPOINT")):
            monkeypatch.delenv(name)
    home, refused = loop.Loop(), []
    try:
        build.model_for(home, f"{prefix}:some-model")
    except BadModel as error:
        refused.append(str(error))
    finally:
        home.stop()
    assert all(f"The model {prefix}:some-model cannot be used here" in sentence for sentence in refused)


@pytest.mark.parametrize("prefix", models.MODULES)
def test_every_known_prefix_is_one_of_pydantic_ai(prefix: str) -> None:
    try:
        infer_provider_class(prefix)
    except ImportError:
        assert not models._installed(models.MODULES[prefix])


@pytest.mark.parametrize(
    "model", ["openai:gpt-5", "openai-chat:gpt-4o", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-pro"]
)
def test_every_provider_we_install_reads_through_our_cap(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "test")
    home = loop.Loop()
    try:
        made = build.model_for(home, model)
        assert made is build.model_for(home, model)
        (client,) = home.clients
        assert client.event_hooks["response"] == [build._cap]
        assert made.provider is not None
        assert made.provider._own_http_client is None
    finally:
        home.stop()


def test_pages_forms_and_registries_load_no_provider_and_not_even_pydantic_ai() -> None:
    code = (
        "import sys; from agents.runtime import exchange, models, recorded, scripted;"
        "models.check('anthropic:claude-sonnet-4-5'); models.check('google:gemini'); models.describe('openai:gpt-5');"
        "print([m for m in ('pydantic_ai', 'openai', 'anthropic', 'google.genai', 'httpx2') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_asking_one_provider_does_not_load_the_others() -> None:
    code = (
        "import os, sys; os.environ['OPENAI_API_KEY'] = 'x'; from agents.runtime import build, loop;"
        "build.model_for(loop.current(), 'openai:gpt-5');"
        "print([m for m in ('openai', 'anthropic', 'google.genai') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['openai']"


def test_the_key_goes_only_where_the_operator_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = "openai-compatible:qwen3@https://elsewhere.example.com/v1"
    monkeypatch.setenv("HOLDSHORT_OPENAI_COMPATIBLE_URLS", "https://models.example.com/v1/, http://127.0.0.1:8080/v1")
    check(elsewhere)
    monkeypatch.setenv("HOLDSHORT_OPENAI_COMPATIBLE_KEY", "geheim")
    check("openai-compatible:qwen3@https://models.example.com/v1")
    check("openai-compatible:qwen3@http://127.0.0.1:8080/v1/")
    with pytest.raises(BadModel, match="does not go to https://elsewhere"):
        check(elsewhere)
    with pytest.raises(BadModel, match="HOLDSHORT_OPENAI_COMPATIBLE_URLS"):
        check("openai-compatible:qwen3@https://models.example.com/v1.elsewhere.example.com")
