"""Customers with their payout accounts and sign-ins, the awkward ones included."""

from unicodedata import category, normalize

from orchestrator.samples.company.seed.pen import Pen, Row, iban
from orchestrator.samples.company.seed.words import COMPANIES, COUNTRIES, Country

PEOPLE = 56
FIRST_NUMBER = 778_101
NAMED = {"Oskar Lindqvist": 778_120, "Greta Holm": 778_121, "Yusuf Demir": 778_122, "Mika Aalto": 778_123}
"""Customers of the pictures in the design: always there, always under the same number."""

AWKWARD = (
    ("Zoë O'Brien-D’Angelo", "IE", ""),  # noqa: RUF001
    ("نور الهدى الصالح", "SE", "تفضّل المراسلة بالعربية. Replies in Arabic please."),
    ("ליאת ברק", "DE", "Called twice; prefers e-mail. \u202eesrever ni si siht\u202c"),
    ("Wolfeschlegel" + "steinhausen" * 6 + "bergerdorff", "DE", "Name is spelled like this in the passport."),
    ("<b>Robert</b> & Sons <script>alert(1)</script>", "FR", "<img src=x onerror=alert(1)> Note typed into the form."),
    ("Ada\u200b Lindgren\u200d", "SE", "Name pasted from a chat; contains characters nobody sees."),
    ("Null", "PL", ""),
    ("María del Carmen Fernández de la Reguera y Goyeneche de los Montes Altos", "ES", "Signs as M. C. F. R."),
)


def write_customers(pen: Pen) -> None:
    """Customers, named ones first, then made-up people, companies, and names that break naive software."""
    for name, number in NAMED.items():
        new_customer(pen, name, number, _country_of(name))
    numbers = (n for n in range(FIRST_NUMBER, FIRST_NUMBER + 500) if n not in NAMED.values())
    seen = set(NAMED)
    while len(seen) < PEOPLE:
        country = pen.random.choice(COUNTRIES)
        name = f"{pen.random.choice(country.given)} {pen.random.choice(country.family)}"
        if name not in seen:
            seen.add(name)
            new_customer(pen, name, next(numbers), country)
    for index, name in enumerate(COMPANIES):
        new_customer(
            pen, name, next(numbers), COUNTRIES[index % len(COUNTRIES)], note="Business customer, invoice by e-mail."
        )
    for name, code, note in AWKWARD:
        new_customer(pen, name, next(numbers), country_named(code), note=note)


def new_customer(pen: Pen, name: str, number: int, country: Country, note: str = "") -> Row:
    """A customer with payout accounts and a history of sign-ins."""
    since = pen.random.randrange(400, 4000)
    row = pen.add(
        "customers",
        id=f"KM-{number}",
        name=name,
        email=f"{_mailbox(name) or 'customer'}.{number % 1000}@{_mail_host(country)}",
        phone=f"{country.dial} {pen.random.randrange(10, 99)} {pen.random.randrange(1_000_000, 9_999_999)}",
        city=pen.random.choice(country.cities),
        country=country.code,
        customer_since=pen.day(since),
        note=note,
    )
    _accounts(pen, row, country, since)
    for ago in sorted(pen.random.sample(range(3, 90), pen.random.randrange(1, 5)), reverse=True):
        sign_in(pen, row, ago)
    return row


def sign_in(pen: Pen, customer: Row, ago: int, method: str = "strong authentication", device: str = "known") -> None:
    """One entry of the sign-in log, so many days ago."""
    pen.add(
        "sign_ins",
        customer_id=customer["id"],
        at=pen.moment(ago),
        method=method,
        device=device,
        country=customer["country"],
    )


def new_account(pen: Pen, customer: Row, ago: int, through: str, holder: str = "", ending: str = "") -> Row:
    """A payout account registered so many days ago; `ending` fixes its last digits."""
    country = country_named(customer["country"])
    bban = "".join(str(pen.random.randrange(10)) if char == "X" else char for char in country.bban)
    bban = bban[: len(bban) - len(ending)] + ending
    return pen.add(
        "payout_accounts",
        id=f"A-{40_001 + len(pen.tables['payout_accounts'])}",
        customer_id=customer["id"],
        iban=iban(country.code, bban),
        holder=holder or customer["name"],
        added_on=pen.day(ago),
        replaced_on=None,
        added_through=through,
    )


def _accounts(pen: Pen, customer: Row, country: Country, since: int) -> None:
    first = new_account(pen, customer, since, pen.random.choice(("branch", "portal", "portal", "phone")))
    if pen.random.random() < 0.15:
        changed = pen.random.randrange(30, since)
        first["replaced_on"] = pen.day(changed)
        new_account(pen, customer, changed, "branch")


def _country_of(name: str) -> Country:
    given = name.partition(" ")[0]
    return next(country for country in COUNTRIES if given in country.given)


def country_named(code: str) -> Country:
    """The country of an ISO 3166 code."""
    return next(country for country in COUNTRIES if country.code == code)


def _mailbox(name: str) -> str:
    plain = "".join(char for char in normalize("NFKD", name.casefold()) if category(char) != "Mn")
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in plain).split()
    return ".".join(words)[:48].strip(".")


def _mail_host(country: Country) -> str:
    return f"post.{country.code.lower()}.example"
