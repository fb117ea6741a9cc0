"""Firms as a bureau knows them, salespeople, and their calendar for the next two weeks."""

# ruff: noqa: RUF001 (names come in many alphabets)

from datetime import date, timedelta

from orchestrator.samples.company.seed.pen import Row

DAYS = 14
HOURS = ("08:30", "10:00", "13:00", "15:30")

SALESPEOPLE = (
    ("S-1", "Freja Nordin", "freja.nordin@norrland.example", "sv en no da", "SE NO DK"),
    ("S-2", "Ilmari Kallio", "ilmari.kallio@norrland.example", "fi sv en et", "FI EE LV"),
    ("S-3", "Dorothea Weiß", "dorothea.weiss@norrland.example", "de en pl", "DE AT CH PL"),
    ("S-4", "Aurèle Chevalier", "aurele.chevalier@norrland.example", "fr en ar", "FR BE LU MA"),
    ("S-5", "Inês Carvalho", "ines.carvalho@norrland.example", "pt es it en", "PT ES IT"),
    ("S-6", "Noor Haddad", "noor.haddad@norrland.example", "ar he en ja", ""),
)
"""The one without countries takes all that nobody else does."""

FIRMS = (
    ("skellefte-kross.example", "Skellefteå Kross & Grus AB", "SE", "construction", 340, 61, "EUR", ""),
    ("fjallkraft.example", "Fjällkraft Energi AB (publ)", "SE", "energy", 2100, 880, "EUR", ""),
    ("bageri-sma.example", "Bageriet Små Bröd HB", "SE", "food", 6, None, "SEK", "Two owners, no website."),
    ("norsklast.example", "Norsk Last & Lager ASA", "NO", "logistics", 780, 240, "NOK", ""),
    ("oresundsvarv.example", "Øresunds Værft ApS", "DK", "manufacturing", 55, 9, "DKK", ""),
    ("lahtilogistics.example", "Lahden Kuljetus Oy", "FI", "logistics", 120, 18, "EUR", ""),
    ("tammisaari-it.example", "Tammisaari IT-tuki Tmi", "FI", "software", 1, None, "EUR", "Sole trader."),
    ("groebner.example", "Gröbner Maschinenbau GmbH & Co. KG", "DE", "manufacturing", 1450, 310, "EUR", ""),
    ("mueller-mueller.example", "Müller, Müller & Müller PartG mbB", "DE", "consulting", 23, 4, "EUR", ""),
    ("alpenblick.example", "Gasthof Alpenblick e.K.", "AT", "hospitality", 14, 1, "EUR", ""),
    ("zaklady.example", "Zakłady Odzieżowe „Śnieżka” Sp. z o.o.", "PL", "retail", 260, 33, "PLN", ""),
    ("lecuyer.example", "Établissements L'Écuyer & Fils S.A.S.", "FR", "retail", 410, 72, "EUR", ""),
    ("boulanger-maroc.example", "شركة الأطلس للتجارة (Atlas Négoce SARL)", "MA", "retail", 85, 7, "MAD", ""),
    ("quinta.example", "Quinta do Vale – Vinhos, Lda.", "PT", "food", 38, 5, "EUR", ""),
    ("ferrocarril.example", "Ferrocarril y Montajes del Ebro, S.L.U.", "ES", "construction", 610, 95, "EUR", ""),
    ("pastificio.example", "Pastificio Dall'Olio S.p.A.", "IT", "food", 190, 44, "EUR", ""),
    ("shalom-tools.example", "כלי עבודה שלום בע״מ", "IL", "manufacturing", 70, 12, "ILS", ""),
    ("ito-seiki.example", "株式会社伊藤精機", "JP", "manufacturing", 5200, 1900, "JPY", ""),
    ("acme.example", "ACME, Inc. <b>& Sons</b>", "US", "retail", 320, 64, "USD", "Name is written like this."),
    ("bobby.example", "Robert'); DROP TABLE firms;--", "GB", "software", 12, 1, "GBP", "Registered so on a bet."),
    ("nullbank.example", "Null Bank plc", "GB", "finance", None, None, "GBP", "No accounts filed yet."),
    ("shellco.example", "Shellco Holdings 7 Ltd", "CY", "holding", 0, 0, "EUR", "No employees. Dissolution filed."),
    ("riesenkonzern.example", "Riesenkonzern SE", "DE", "manufacturing", 389000, 74000, "EUR", ""),
    ("hotel-aurora.example", "Hotel Aurora Borealis AB", "SE", "hospitality", 48, 6, "SEK", ""),
    ("viisaskoti.example", "Viisas Koti Oy", "FI", "construction", 27, 3, "EUR", ""),
    ("nordmann-spedition.example", "Nordmann Spedition GmbH", "DE", "logistics", 95, 14, "EUR", ""),
    ("atelier-rose.example", "Atelier Rose-Marie EURL", "FR", "retail", 3, None, "EUR", ""),
    ("cimentos-tejo.example", "Cimentos do Tejo S.A.", "PT", "construction", 880, 150, "EUR", ""),
)
COLUMNS = ("domain", "name", "country", "industry", "employees", "revenue_millions", "currency", "note")


def sales(today: date) -> dict[str, list[Row]]:
    """The rows of the sales desk."""
    people = [dict(zip(("id", "name", "email", "languages", "countries"), one, strict=True)) for one in SALESPEOPLE]
    return {
        "firms": [dict(zip(COLUMNS, firm, strict=True)) for firm in FIRMS],
        "salespeople": people,
        "slots": [slot for person in people for slot in _calendar(today, person["id"])],
    }


def _calendar(today: date, person: str) -> list[Row]:
    days = [today + timedelta(days=ahead) for ahead in range(1, DAYS + 1)]
    times = [f"{day.isoformat()}T{hour}:00+00:00" for day in days if day.weekday() < 5 for hour in HOURS]
    return [
        {"id": f"{person}-{place:02d}", "salesperson_id": person, "starts_at": at, "minutes": 45}
        for place, at in enumerate(times, start=1)
    ]
