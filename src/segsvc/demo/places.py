"""Countries with their cities, languages and calling codes, and common names by language."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from segsvc.demo.draws import Codes, shares, zipf

_TABLE_SIZE = 1_024

_COUNTRIES = """
US 1 en:90,es:10 New York|Los Angeles|Chicago|Houston|Phoenix|Seattle|Denver|Boston
GB 44 en London|Birmingham|Manchester|Leeds|Glasgow|Bristol
DE 49 de:95,en:5 Berlin|Hamburg|München|Köln|Frankfurt am Main|Stuttgart|Düsseldorf|Leipzig
FR 33 fr Paris|Marseille|Lyon|Toulouse|Nice|Nantes|Bordeaux
CA 1 en:77,fr:23 Toronto|Montréal|Vancouver|Calgary|Ottawa
ES 34 es Madrid|Barcelona|Valencia|Sevilla|Zaragoza|Málaga
IT 39 it Roma|Milano|Napoli|Torino|Bologna|Firenze
AU 61 en Sydney|Melbourne|Brisbane|Perth|Adelaide
NL 31 nl:90,en:10 Amsterdam|Rotterdam|Den Haag|Utrecht|Eindhoven
PL 48 pl Warszawa|Kraków|Łódź|Wrocław|Poznań
JP 81 ja Tokyo|Osaka|Nagoya|Sapporo|Fukuoka
BR 55 pt São Paulo|Rio de Janeiro|Brasília|Salvador|Curitiba
SE 46 sv:93,en:7 Stockholm|Göteborg|Malmö|Uppsala
MX 52 es Ciudad de México|Guadalajara|Monterrey|Puebla
CH 41 de:65,fr:23,it:12 Zürich|Genève|Basel|Lausanne|Bern
AT 43 de Wien|Graz|Linz|Salzburg|Innsbruck
BE 32 nl:58,fr:42 Antwerpen|Gent|Bruxelles|Liège
PT 351 pt Lisboa|Porto|Braga|Coimbra
IE 353 en Dublin|Cork|Galway|Limerick
NZ 64 en Auckland|Wellington|Christchurch|Dunedin
"""

_NAMES = {
    "en": (
        "Emma Olivia Grace Sophie Charlotte Amelia Lucy Hannah Megan Zoe",
        "James Oliver Jack Harry Daniel Thomas Ryan Samuel Ethan Adam",
        "Smith Jones Taylor Brown Williams Wilson Johnson Davies Walker White Clark Hall O'Brien "
        "Murphy Patel Lee",
    ),
    "es": (
        "Lucía María Carmen Ana Elena Sofía Paula Laura Marta Inés",
        "Hugo Mateo Javier Pablo Diego Álvaro José Luis Andrés Raúl",
        "García López Martínez Sánchez Pérez Gómez Ruiz Díaz Moreno Muñoz Romero Torres Vega "
        "Castro Ortiz Núñez",
    ),
    "de": (
        "Anna Lena Julia Katharina Sabine Ute Marie Lea Petra Heike",
        "Lukas Jonas Felix Jürgen Stefan Jörg Paul Max Thomas Günter",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer "
        "Köhler Krüger Groß Jäger",
    ),
    "fr": (
        "Camille Léa Chloé Manon Inès Juliette Zoé Hélène Amélie Claire",
        "Louis Gabriel Hugo Arthur Jérôme François Théo Lucas Étienne Rémi",
        "Martin Bernard Dubois Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Garnier "
        "Faure Rousseau Blanc Guérin",
    ),
    "it": (
        "Giulia Sofia Aurora Chiara Martina Francesca Elisa Sara Paola Alice",
        "Leonardo Francesco Alessandro Lorenzo Matteo Luca Marco Andrea Paolo Nicolò",
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo "
        "Conti Costa Fontana Rizzo",
    ),
    "nl": (
        "Emma Julia Sanne Lotte Eva Fleur Anouk Femke Noor Iris",
        "Daan Sem Bram Lars Thijs Jeroen Sander Pieter Ruben Koen",
        "Jansen Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra "
        "Kok Vermeulen Kuipers Postma",
    ),
    "pl": (
        "Zofia Julia Maja Hanna Agnieszka Małgorzata Ewa Katarzyna Alicja Żaneta",
        "Jan Jakub Antoni Szymon Paweł Łukasz Michał Piotr Tomasz Marek",
        "Nowak Kowal Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski "
        "Mazur Krawczyk Kaczmarek Zając Król Wróbel",
    ),
    "ja": (
        "Yui Aoi Hina Sakura Yuna Rin Miyu Haruka Akari Emi",
        "Haruto Sota Yuto Ren Kaito Takumi Kenji Daiki Hiroshi Shota",
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida "
        "Yamada Sasaki Mori Ikeda Ono",
    ),
    "pt": (
        "Maria Ana Beatriz Mariana Júlia Larissa Inês Leonor Camila Luísa",
        "João Pedro Lucas Tiago Rafael Gustavo Miguel André Bruno Fábio",
        "Silva Santos Oliveira Souza Pereira Costa Ferreira Almeida Gonçalves Ribeiro Carvalho "
        "Araújo Rocha Dias Teixeira Simões",
    ),
    "sv": (
        "Alice Maja Elsa Astrid Wilma Ebba Linnéa Saga Åsa Ingrid",
        "William Oscar Lucas Elias Hugo Björn Gustav Axel Nils Göran",
        "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson "
        "Lindberg Berg Åberg Sjöberg Holm Öberg",
    ),
}

LANGUAGES = pa.array(list(_NAMES))
FIRST_NAMES = 10
LAST_NAMES = 16
NAMES_PER_LANGUAGE = 2 * FIRST_NAMES * LAST_NAMES
"""Women's first, each first name with every last name."""

_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss", "ø": "o", "'": None})


@dataclass(frozen=True, slots=True, eq=False)
class Geography:
    """Dictionaries of places, and tables to draw from: one row for each country."""

    countries: pa.Array
    country_table: Codes
    cities: pa.Array
    city_tables: Codes
    language_tables: Codes
    calling_codes: pa.Array


@lru_cache(maxsize=1)
def geography() -> Geography:
    """Return the places of every generated store."""
    lines = [line.split(maxsplit=3) for line in _COUNTRIES.strip().splitlines()]
    towns = [line[3].split("|") for line in lines]
    firsts = np.cumsum([0, *map(len, towns)])
    tables = [
        zipf(len(held), 0.9, _TABLE_SIZE) + at for held, at in zip(towns, firsts, strict=False)
    ]
    return Geography(
        countries=pa.array([line[0] for line in lines]),
        country_table=zipf(len(lines), 1.1),
        cities=pa.array([town for held in towns for town in held]),
        city_tables=np.stack(tables),
        language_tables=np.stack([_language_table(line[2]) for line in lines]),
        calling_codes=pa.array([f"+{line[1]}" for line in lines]),
    )


def _language_table(text: str) -> Codes:
    weights = dict.fromkeys(_NAMES, 0.0)
    for part in text.split(","):
        language, _, weight = part.partition(":")
        weights[language] = float(weight or 100)
    return shares(list(weights.values()), _TABLE_SIZE)


@lru_cache(maxsize=1)
def full_names() -> pa.Array:
    """Return all names, `NAMES_PER_LANGUAGE` for each of `LANGUAGES` in that order."""
    return pa.array(
        [
            f"{first} {last}"
            for women, men, lasts in _NAMES.values()
            for first in [*women.split(), *men.split()]
            for last in lasts.split()
        ]
    )


@lru_cache(maxsize=1)
def mailbox_names() -> pa.Array:
    """Return `full_names` in the letters of an address, such as ``jurgen.muller.``."""
    return pa.array([_plain(name).replace(" ", ".") + "." for name in full_names().to_pylist()])


def _plain(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.translate(_PLAIN))
    return "".join(part for part in parts if not unicodedata.combining(part)).lower()
