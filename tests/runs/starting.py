"""What tests of the start pages share."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from orchestrator.accounts.models import User

TEXT = """
name: refund
title: Refund
title_template: "Refund order {input.order_id}"
environment: production
input:
  type: object
  additionalProperties: false
  required: [order_id]
  properties:
    order_id: {type: string, minLength: 2, maxLength: 20}
    amount: {type: number, minimum: 0}
    note: {type: string, maxLength: 500}
steps:
  - {id: look, title: Look into it, kind: human, instructions: Look., reviewers: {team: Refund desk},
     form: {type: object, properties: {}, additionalProperties: false}}
"""
As = Callable[[User], Client]
START = "/workflows/refund/start/"
FILE = "/workflows/refund/start/csv/"
HOSTILE = "<script>alert(1)</script> \u202egpj.exe a\u200bb"


def form(**values: str) -> dict[str, str]:
    """What the start form sends."""
    return {f"a/{name}": value for name, value in values.items()} | {"request_key": str(uuid4())}


def words(answer: Any) -> str:
    """What a person reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def upload(client: Client, raw: bytes | str, name: str = "cases.csv") -> Any:
    """Send a file; the answer is the page it leads to."""
    data = raw.encode() if isinstance(raw, str) else raw
    return client.post(FILE, {"file": SimpleUploadedFile(name, data)}, follow=True)


def page_of(answer: Any) -> str:
    """The address that a form led to."""
    return str(answer.redirect_chain[-1][0])
