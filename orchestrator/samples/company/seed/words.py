"""Word lists of the sample company, written for it. Every company, address and account made from them is invented."""

# ruff: noqa: RUF001 (names come in many alphabets)

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """Where customers live. `bban` is the account number after the check digits: X stands for a random digit."""

    code: str
    dial: str
    bban: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    cities: tuple[str, ...]
    streets: tuple[str, ...]


COUNTRIES = (
    Country(
        "SE",
        "+46",
        "X" * 20,
        ("Greta", "Oskar", "Linnéa", "Måns", "Sigrid", "Björn", "Elsa", "Hjalmar"),
        ("Holm", "Lindqvist", "Åkerström", "Sjöberg", "Nyström", "Hällgren", "Engdahl"),
        ("Umeå", "Luleå", "Uppsala", "Örebro", "Växjö"),
        ("Storgatan {}", "Björkvägen {}", "Kungsgatan {} B"),
    ),
    Country(
        "FI",
        "+358",
        "X" * 14,
        ("Mika", "Aino", "Väinö", "Päivi", "Eero", "Helmi"),
        ("Aalto", "Mäkinen", "Hyvärinen", "Järvelä", "Koskela"),
        ("Oulu", "Tampere", "Jyväskylä", "Turku"),
        ("Koivukatu {}", "Rantatie {} A 4"),
    ),
    Country(
        "DE",
        "+49",
        "X" * 18,
        ("Jürgen", "Anneliese", "Yusuf", "Käthe", "Fabian", "Ayşe", "Sören"),
        ("Demir", "Groß", "Müller-Lüdenscheidt", "Weiß", "Thöne", "Schäfer"),
        ("Kiel", "Lübeck", "Göttingen", "Düren"),
        ("Lindenstraße {}", "Am Mühlbach {}", "Hafenweg {}"),
    ),
    Country(
        "FR",
        "+33",
        "X" * 23,
        ("Hélène", "Loïc", "Maëlle", "Gaël", "Thérèse", "Noë"),
        ("d'Aubigny", "Lefèvre", "Benoît-Garnier", "L'Hermitte", "Çelik"),
        ("Nîmes", "Angoulême", "Besançon", "Saint-Malo"),
        ("{} rue des Tanneurs", "{} bis, quai de l’Écluse"),
    ),
    Country(
        "ES",
        "+34",
        "X" * 20,
        ("Iñaki", "Begoña", "Joaquín", "Núria", "Álvaro"),
        ("Muñoz", "Ibáñez", "Etxeberria", "de la Peña", "Guzmán"),
        ("Cádiz", "A Coruña", "Logroño"),
        ("Calle del Olivo {}", "Avenida de la Ría {}, 3.º izq."),
    ),
    Country(
        "IE",
        "+353",
        "NORB" + "X" * 14,
        ("Seán", "Aoife", "Niamh", "Ciarán", "Róisín"),
        ("O'Brien", "O’Sullivan", "Mac Giolla Phádraig", "Ní Dhomhnaill", "D'Arcy"),
        ("Galway", "Dún Laoghaire", "Sligo"),
        ("{} Quay Street", "{} The Old Mill"),
    ),
    Country(
        "IT",
        "+39",
        "X" + "X" * 22,
        ("Niccolò", "Giosuè", "Chiara", "Fabrizia", "Michele"),
        ("D'Angelo", "Dell'Orto", "Ferrarò", "Quaranta"),
        ("Trieste", "Forlì", "Cefalù"),
        ("Via dei Mulini {}", "Largo San Nicolò {}"),
    ),
    Country(
        "PT",
        "+351",
        "X" * 21,
        ("Inês", "João", "Conceição", "Tomé"),
        ("Gonçalves", "Simões", "Araújo", "Magalhães"),
        ("Évora", "Guimarães", "Setúbal"),
        ("Rua da Palha {}", "Travessa do Sol {}"),
    ),
    Country(
        "PL",
        "+48",
        "X" * 24,
        ("Łukasz", "Małgorzata", "Grażyna", "Paweł"),
        ("Wójcik", "Źródlany", "Sienkiewicz-Dąbrowska", "Ćwik"),
        ("Gdańsk", "Łódź", "Rzeszów"),
        ("ul. Lipowa {}", "ul. Rybacka {}/7"),
    ),
    Country(
        "GR",
        "+30",
        "X" * 23,
        ("Ελένη", "Nikos", "Δημήτρης", "Katerina"),
        ("Παπαδοπούλου", "Andreou", "Karagianni"),
        ("Χανιά", "Volos", "Patras"),
        ("Odos Ermou {}", "Λεωφόρος Κνωσού {}"),
    ),
)

COMPANIES = (
    "Glasverk Uppsala AB",
    "Bröderna Öhrn & Söner AB",
    "Boulangerie « Le Fournil d'Émile » SARL",
    "Kontor+Werkstatt GmbH & Co. KG",
    "O’Malley & Daughters Boatyard Ltd",
    "Παπαδόπουλος Α.Ε.",
    "Talleres Peña/Ibáñez, S.L.",
    "Pohjolan Lämpö Oy",
)

GOODS = (
    ("Two-person tunnel tent", "olive", 38900),
    ("Down sleeping bag, -12 °C", "long", 26450),
    ("Cast-iron casserole, 5 l", "enamel blue", 14990),
    ("Wool blanket, 130 × 200 cm", "herringbone", 8900),
    ("Oak bedside lamp", "linen shade", 7450),
    ("Trekking boots", "EU 43", 17995),
    ("Rain jacket, 3-layer", "M", 21900),
    ("Enamel mug, set of 4", "white", 3260),
    ("Folding kayak, 1 seat", "sea green", 129000),
    ("Bicycle dynamo lamp", "60 lux", 6480),
    ("Birch dining chair", "natural", 15900),
    ("Hand-forged axe", "350 g", 9250),
    ("Merino base layer", "L", 6995),
    ("Storm kettle, 1.2 l", "steel", 5990),
    ("Child carrier backpack", "up to 20 kg", 23900),
    ("Linen duvet cover", "200 × 220 cm", 13450),
    ("Petroleum lantern", "brass", 8490),
    ("Ski touring skins", "cut to 110 mm", 15490),
    ("Rooftop box, 430 l", "black", 44900),
    ("Kitchen scale", "mechanical", 3950),
    ("Dog sledge harness", "size 6", 4890),
    ("Cross-country skis", "196 cm", 25990),
    ("Sheepskin, undyed", "95 cm", 7990),
    ("Espresso pot <6 cups> & stand", "aluminium", 4450),
)

PAYMENT_METHODS = ("card", "SEPA direct debit", "bank transfer", "wallet")

MOTOR = (
    ("Rear-end collision at a traffic light, bumper and tailgate damaged.", 290000, 640000),
    ("Moose on the road at dusk, bonnet, windscreen and left door damaged.", 780000, 1950000),
    ("Scratched along the right side in a car park, other driver unknown.", 95000, 260000),
    ("Hail damage to roof and bonnet, 43 dents counted by the garage.", 180000, 390000),
    ("Slipped off an icy bend into the ditch, no other vehicle.", 420000, 1120000),
    ("Rear window broken, radio and a bag stolen.", 88000, 210000),
)
HOUSEHOLD = (
    ("Dishwasher hose burst, water under the kitchen floor.", 120000, 870000),
    ("Storm took eleven roof tiles and the gutter on the north side.", 160000, 540000),
    ("Burglary through the cellar window, bicycle and tools missing.", 95000, 480000),
    ("Chimney fire, soot in two rooms, facade blackened.", 310000, 1380000),
    ("Lightning strike, router, heat pump controller and freezer defective.", 70000, 330000),
)
TRAVEL = (
    ("Ferry cancelled because of a storm, two nights and a new crossing booked.", 32000, 98000),
    ("Broken wrist on the third day, treatment abroad and an earlier flight home.", 140000, 690000),
    ("Luggage arrived nine days late, clothing bought on the spot.", 18000, 74000),
)
VEHICLES = ("Estate car, UMX 418", "Delivery van, KL-NG 77", "Electric hatchback, 231-D-5580", "Camper van, OYT-912")
HOMES = ("Detached house, 142 m²", "Flat, 3rd floor, 68 m²", "Timber cabin, 54 m²", "Terraced house, 96 m²")
TRIPS = ("Annual travel cover, family of 4", "Annual travel cover, 1 person")
