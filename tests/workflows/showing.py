"""What tests of the workflow pages share."""

import re
from html import unescape

from django.test import Client

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \u202egpj.exe a\u200bb"
ADDRESSES = ("/workflows/refund/", "/workflows/refund/versions/1/", "/workflows/refund/versions/1/source/")


def page(client: Client, address: str, status: int = 200) -> str:
    """The HTML at an address."""
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def words(html: str) -> str:
    """What a person reads: no tags, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
