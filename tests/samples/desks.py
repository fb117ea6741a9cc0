"""The company's desks as tests ask them: in this process, over books of their own."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from orchestrator.samples.company import ledger
from orchestrator.samples.company.database import open_company
from orchestrator.samples.company.rows import Refused
from orchestrator.samples.company.tools import TOOLS
from tests.samples.company import TODAY


class Desk:
    """Asks for what the company does, as its server would be asked."""

    def __init__(self, books: sqlite3.Connection) -> None:
        self.books = books

    def ask(self, tool: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        """The answer, which fits what the tool publishes. Raises Refused."""
        asked = TOOLS[tool].asks.model_validate(arguments, strict=True)
        result, _ = ledger.answer(self.books, TOOLS[tool], asked, key)
        jsonschema_rs.validator_for(TOOLS[tool].schemas()[1]).validate(result)
        return result

    def refusal(self, tool: str, **arguments: Any) -> str:
        """The sentence with which the company refuses."""
        with pytest.raises(Refused) as refused:
            self.ask(tool, **arguments)
        return str(refused.value)

    def effects(self) -> int:
        """How many effects the company had."""
        return int(self.books.execute("SELECT count(*) FROM effects").fetchone()[0])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The company on its first day."""
    monkeypatch.setenv("HOLDSHORT_COMPANY_TODAY", TODAY)
    books = open_company(tmp_path / "company.sqlite")
    yield Desk(books)
    books.close()
