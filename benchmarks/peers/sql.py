"""A condition as SQL, in the shape that suits a column store: one scan of contacts, sets of ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from benchmarks.peers.lowered import (
    AllOf,
    AnyOf,
    Attribute,
    Column,
    Condition,
    Events,
    Flag,
    Not,
    lower,
    read,
)
from benchmarks.peers.peer import Unsupported
from benchmarks.questions.question import Ask
from segsvc.domain.predicate import (
    AllOfValues,
    Contains,
    In,
    Is,
    MonthDays,
    OneOf,
    Place,
    PropertyPredicate,
    Reduction,
)

_LISTS = ("tags", "product_ids", "categories")


class Dialect(Protocol):
    """Where the SQL of the peers differs."""

    def has_any(self, column: str, values: Iterable[str]) -> str:
        """A list holds one of *values*."""

    def has_all(self, column: str, values: Iterable[str]) -> str:
        """A list holds every one of *values*."""

    def match(self, column: str, needle: str, place: Place) -> str:
        """A text has *needle* at *place*."""

    def complement(self, expression: str) -> str:
        """Not, also where *expression* is null."""


def quoted(values: Iterable[str]) -> str:
    """Return a list of string literals."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def statement(ask: Ask, dialect: Dialect, at: int) -> str:
    """Return the query that answers *ask*."""
    tree = read(ask.text)
    if ask.wants_ids:
        return f"SELECT id FROM contacts WHERE {predicate(tree, dialect, at)} ORDER BY id"
    if not isinstance(tree, AllOf | AnyOf | Not):
        leaf = lower(tree, at)
        if isinstance(leaf, Events) and not leaf.negated:
            return _count_of_events(leaf, dialect)
    if isinstance(tree, AllOf):
        driven = _driven_by_events(tree, dialect, at)
        if driven:
            return driven
    return f"SELECT count(*) FROM contacts WHERE {predicate(tree, dialect, at)}"


def _count_of_events(leaf: Events, dialect: Dialect) -> str:
    if leaf.is_any:
        where = _where(leaf, dialect)
        return f"SELECT count(DISTINCT contact) FROM {leaf.behavior} WHERE {where}"
    return f"SELECT count(*) FROM ({_contacts_of(leaf, dialect)}) AS held"


def _driven_by_events(tree: AllOf, dialect: Dialect, at: int) -> str:
    """Return a query that never touches contacts, when all operands are about events."""
    positive: list[str] = []
    negative: list[str] = []
    for child in tree.children:
        inner = child.child if isinstance(child, Not) else child
        if isinstance(inner, AllOf | AnyOf | Not):
            return ""
        leaf = lower(inner, at)
        if not isinstance(leaf, Events):
            return ""
        held = negative if leaf.negated ^ isinstance(child, Not) else positive
        held.append(_contacts_of(leaf, dialect))
    if not positive:
        return ""
    first, *others = positive
    tests = [f"contact IN ({other})" for other in others]
    tests += [f"contact NOT IN ({other})" for other in negative]
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f"SELECT count(DISTINCT contact) FROM ({first}) AS held{where}"


def predicate(tree: Condition, dialect: Dialect, at: int) -> str:
    """Return *tree* as an expression over a row of contacts."""
    match tree:
        case AllOf(children):
            return "(" + " AND ".join(predicate(child, dialect, at) for child in children) + ")"
        case AnyOf(children):
            return "(" + " OR ".join(predicate(child, dialect, at) for child in children) + ")"
        case Not(child):
            return dialect.complement(predicate(child, dialect, at))
        case _:
            leaf = lower(tree, at)
            said = _leaf(leaf, dialect)
            return dialect.complement(said) if leaf.negated else said


def _leaf(leaf: Attribute | Column | Events | Flag, dialect: Dialect) -> str:
    match leaf:
        case Attribute(name, held):
            return _test(name, held, dialect)
        case Column(name, low, high):
            return f"{name} BETWEEN {low} AND {high}"
        case Flag(segment_id):
            return segment_id
        case Events():
            return f"id IN ({_contacts_of(leaf, dialect)})"


def _contacts_of(leaf: Events, dialect: Dialect) -> str:
    chosen = f"SELECT contact FROM {leaf.behavior} WHERE {_where(leaf, dialect)}"
    if leaf.is_any:
        return chosen
    measured = {
        Reduction.COUNT: "count(*)",
        Reduction.SUM: "sum(cents)",
        Reduction.FIRST_TIME: "min(time)",
        Reduction.LAST_TIME: "max(time)",
    }.get(leaf.reduction)
    if measured is None:
        raise Unsupported(leaf.reduction)
    return f"{chosen} GROUP BY contact HAVING {measured} BETWEEN {leaf.low} AND {leaf.high}"


def _where(leaf: Events, dialect: Dialect) -> str:
    tests = [f"time BETWEEN {leaf.first} AND {leaf.last}"]
    tests += [_clause(held, dialect) for held in leaf.where]
    return " AND ".join(tests)


def _clause(held: PropertyPredicate, dialect: Dialect) -> str:
    if isinstance(held.predicate, In):
        said = f"cents BETWEEN {-(-held.predicate.low // 100)} AND {held.predicate.high // 100}"
    else:
        said = _test(held.property, held.predicate, dialect)
    return dialect.complement(said) if held.negated else said


def _test(name: str, held: object, dialect: Dialect) -> str:
    match held:
        case OneOf(values) if name in _LISTS:
            return dialect.has_any(name, values)
        case AllOfValues(values):
            return dialect.has_all(name, values)
        case OneOf(values):
            return f"{name} IN ({quoted(values)})"
        case Contains(needle, place):
            return dialect.match(name, needle, place)
        case MonthDays(days):
            return f"birth_day IN ({', '.join(map(str, sorted(days)))})"
        case Is(True):
            return name
        case _:
            raise Unsupported(type(held).__name__)
