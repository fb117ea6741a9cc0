"""What the page on writing workflows shows can be imported, and it knows every key there is."""

import re
from pathlib import Path

import pytest

from orchestrator.workflows.business_map import BusinessMap
from orchestrator.workflows.kinds import KINDS, BaseStep
from orchestrator.workflows.reading import read

TEXT = Path("docs/workflows.md").read_text()


def keys_of(step: type[BaseStep]) -> set[str]:
    return {info.alias or name for name, info in step.model_fields.items()}


def test_the_example_can_be_read() -> None:
    found = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    assert read(found[1]).needs["report"] == ("book", "file")


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_every_kind_is_told(kind: str) -> None:
    keys = keys_of(KINDS[kind]) - keys_of(BaseStep) - {"kind"}
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{kind}`"))
    assert {key for key in keys if not re.search(rf"[`{{, ]{key}[`:,}} ]", row)} == set()


def test_every_key_that_steps_have_in_common_is_told() -> None:
    assert {key for key in keys_of(BaseStep) if key not in TEXT} == set()


def test_every_question_of_the_map_is_told() -> None:
    assert {name for name in BusinessMap.model_fields if f"`{name}`" not in TEXT} == set()
