"""What an enquiry says, and how much it is worth. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import normalize

from orchestrator.samples.scripts.cautious import cut, plain

Json = dict[str, Any]

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "sv": ("och", "vi", "hej", "är", "för", "behöver"),
    "fi": ("hei", "ja", "tarvitsemme", "olemme", "kiitos"),
    "de": ("und", "wir", "guten", "bitte", "für", "benötigen"),
    "fr": ("nous", "bonjour", "pour", "vous", "merci", "cherchons"),
    "es": ("hola", "necesitamos", "para", "gracias", "nuestros"),
    "pt": ("olá", "precisamos", "obrigado", "nossa", "não"),
    "it": ("buongiorno", "siamo", "grazie", "vorremmo", "nostri"),
    "pl": ("dzień", "dobry", "potrzebujemy", "proszę", "dla"),
}
SCRIPTS = (("ar", "\u0600", "\u06ff"), ("he", "\u0590", "\u05ff"), ("ja", "\u3040", "\u9fff"))
KINDS = (
    ("advertising", ("backlink", "seo ", "crypto", "bitcoin", "lottery", "casino", "guest post", "unsubscribe")),
    ("application", ("my cv", "curriculum", "apply for", "bewerbung", "internship", "cv bifogas")),
    ("support", ("my order", "my claim", "refund", "reklamation", "min skada", "password")),
)
URGENT = ("urgent", "asap", "this week", "dringend", "brådskande", "kiireellinen", "urgente", "pilne", "عاجل", "דחוף")
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "kr": "SEK", "zł": "PLN", "¥": "JPY"}
EURO = {
    "EUR": Decimal(1),
    "SEK": Decimal("0.09"),
    "NOK": Decimal("0.085"),
    "DKK": Decimal("0.134"),
    "USD": Decimal("0.92"),
    "GBP": Decimal("1.17"),
    "PLN": Decimal("0.23"),
    "JPY": Decimal("0.006"),
    "MAD": Decimal("0.092"),
    "ILS": Decimal("0.25"),
}
"""What one unit is worth in euros, roughly: enough to tell a large enquiry from a small one."""
INDUSTRIES = ("manufacturing", "logistics", "construction", "energy", "retail")
MEETING_FROM, SALESPERSON_FROM = 60, 30
MOST_BUDGET = Decimal("999999999.99")


def language_of(message: str) -> str:
    """The language of a message, as ISO 639 code; English where nothing speaks for another."""
    for code, first, last in SCRIPTS:
        if sum(first <= char <= last for char in message) > 5:
            return code
    words = re.findall(r"\w+", message.casefold())
    counts = {code: sum(words.count(sign) for sign in signs) for code, signs in LANGUAGES.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] > 1 else "en"


def kind_of(message: str) -> str:
    """What sort of mail it is: an enquiry, or advertising, an application, or a matter for support."""
    text = plain(message).casefold()
    return next((kind for kind, signs in KINDS if any(sign in text for sign in signs)), "enquiry")


def is_urgent(message: str) -> bool:
    """Whether they say that it cannot wait."""
    return any(sign in message.casefold() for sign in URGENT)


def need_of(message: str) -> str:
    """What they want: the first sentence that is more than a greeting."""
    sentences = [part.strip() for part in re.split(r"(?<=[.!?。؟])\s+|\n+", message)]
    told = next((plain(part) for part in sentences if len(plain(part)) > 25), plain(message))
    return cut(told or "Nothing was written.", 300)


def budget_of(text: str, currency: str) -> tuple[Decimal | None, str]:
    """The budget as an amount and its currency; None where none can be read, an empty currency where it is unknown."""
    name = currency.strip()
    code = SIGNS.get(name.casefold(), name.upper())
    amount = _number(text)
    if amount is None or not Decimal(0) <= amount <= MOST_BUDGET:
        return None, ""
    return amount.quantize(Decimal("0.01")), code if re.fullmatch("[A-Z]{3}", code) else ""


def _number(text: str) -> Decimal | None:
    """A number as people write it: 25 000, 25.000,00, 25k. None where it is none."""
    shown = re.sub(r"\s", "", normalize("NFKC", text).casefold())
    found = re.fullmatch(r"[^\d-]*(-?[\d.,']+)(k|m)?[^\d]*", shown)
    if found is None:
        return None
    digits = found[1].replace("'", "")
    mark = max(digits.rfind(","), digits.rfind("."))
    if mark >= 0 and len(digits) - mark - 1 != 3:
        digits = re.sub("[.,]", "", digits[:mark]) + "." + digits[mark + 1 :]
    else:
        digits = re.sub("[.,]", "", digits)
    try:
        return Decimal(digits) * {"k": 1_000, "m": 1_000_000}.get(found[2] or "", 1)
    except InvalidOperation:
        return None


def score(enquiry: Json, firm: Json) -> tuple[int, list[str]]:
    """Points from 0 to 100 and what they are for."""
    factors = [_size(firm), _money(enquiry)]
    if enquiry.get("urgent"):
        factors.append((15, "they are in a hurry"))
    if firm.get("industry") in INDUSTRIES:
        factors.append((10, f"{firm['industry']} is one of our industries"))
    return min(100, sum(points for points, _ in factors)), [f"{points}: {why}" for points, why in factors]


def _size(firm: Json) -> tuple[int, str]:
    people = firm.get("employees")
    if not isinstance(people, int):
        return 0, "the size of the firm is not known"
    steps = ((1000, 40), (250, 35), (50, 25), (10, 10))
    return next((points for least, points in steps if people >= least), 0), f"{people} employees"


def _money(enquiry: Json) -> tuple[int, str]:
    amount, currency = str(enquiry.get("budget") or ""), str(enquiry.get("currency") or "")
    if not amount:
        return 0, "no budget that I can read"
    if currency not in EURO:
        return 0, f"a budget of {amount} in a currency that I do not know"
    euros = Decimal(amount) * EURO[currency]
    steps = ((50_000, 35), (10_000, 25), (1_000, 10))
    return next((points for least, points in steps if euros >= least), 0), f"a budget of {amount} {currency}"
