"""Polars: frames in memory, one thread, eager expressions.

Settings, and why: low-cardinality texts are Enums; each tag is a Boolean column; events are sorted
by time, so that a window is a slice found by binary search, copied nowhere; contacts stand in the
order of their number, so that a set of contacts becomes a mask by one scatter; saved segments are
Boolean columns.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers import tables
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
from benchmarks.peers.peer import Answer, Unsupported
from benchmarks.questions.audience import SAVED
from benchmarks.questions.question import Ask
from benchmarks.stores.files import Files
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


class Polars:
    """See `peer.Peer`."""

    def __init__(self, files: Files, at: int) -> None:
        os.environ["POLARS_MAX_THREADS"] = "1"
        import polars as pl

        self._pl, self._at = pl, at
        held = tables.contact_table(files)
        self._tags = {name: f"tag {name}" for name in tables.tag_names(held)}
        frame = pl.DataFrame(held)
        self._events = {
            name: pl.DataFrame(tables.event_table(files, name)).with_columns(
                pl.col("time").set_sorted()
            )
            for name in files.behaviors
        }
        enums = [
            pl.col(name).cast(pl.Enum(frame[name].cast(pl.String).drop_nulls().unique().sort()))
            for name in tables.TEXTS
        ]
        tags = [
            pl.col("tags").list.contains(name).fill_null(False).alias(column)
            for name, column in self._tags.items()
        ]
        self._contacts = frame.with_columns(*enums, *tags).drop("tags").rechunk()
        for name, text in SAVED.items():
            said = self._expression(read(text)).fill_null(False).alias(name)
            self._contacts = self._contacts.with_columns(said)

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """See `peer.Peer.prepare`."""
        tree = read(ask.text)
        pl = self._pl
        if ask.wants_ids:
            return lambda: (
                self._contacts.lazy()
                .filter(self._expression(tree))
                .select("id")
                .collect()["id"]
                .to_numpy()
            )
        if not isinstance(tree, AllOf | AnyOf | Not):
            leaf = lower(tree, self._at)
            if isinstance(leaf, Events) and not leaf.negated:
                self._check(leaf)
                return lambda: len(self._contacts_of(leaf))
        self._expression(tree)
        return lambda: int(
            self._contacts.lazy()
            .select(self._expression(tree).fill_null(False).sum().cast(pl.Int64))
            .collect()
            .item()
        )

    def close(self) -> None:
        """See `peer.Peer.close`."""

    def _expression(self, tree: Condition) -> Any:
        """Return *tree* as a Boolean expression over contacts; parts about events run now."""
        match tree:
            case AllOf(children):
                return self._pl.all_horizontal(*map(self._expression, children))
            case AnyOf(children):
                return self._pl.any_horizontal(*map(self._expression, children))
            case Not(child):
                return ~self._expression(child).fill_null(False)
            case _:
                leaf = lower(tree, self._at)
                said = self._leaf(leaf)
                return ~said.fill_null(False) if leaf.negated else said

    def _leaf(self, leaf: Attribute | Column | Events | Flag) -> Any:
        pl = self._pl
        match leaf:
            case Attribute(name, held):
                return self._test(name, held)
            case Column(name, low, high):
                return pl.col(name).is_between(low, high)
            case Flag(segment_id):
                return pl.col(segment_id)
            case Events():
                self._check(leaf)
                mask = np.zeros(len(self._contacts), np.bool_)
                mask[self._contacts_of(leaf).to_numpy()] = True
                return pl.lit(pl.Series(mask))

    def _test(self, name: str, held: object) -> Any:
        pl = self._pl
        match held:
            case OneOf(values) if name == "tags":
                return pl.any_horizontal(*(pl.col(self._tags[value]) for value in values))
            case AllOfValues(values):
                return pl.all_horizontal(*(pl.col(self._tags[value]) for value in values))
            case OneOf(values) if name == "product_ids":
                return pl.any_horizontal(*(pl.col(name).list.contains(value) for value in values))
            case OneOf((value,)):
                return pl.col(name) == value
            case OneOf(values):
                return pl.col(name).is_in(list(values))
            case Contains(needle, Place.ANYWHERE):
                return pl.col(name).str.contains(needle, literal=True)
            case Contains(needle, Place.START):
                return pl.col(name).str.starts_with(needle)
            case Contains(needle, Place.END):
                return pl.col(name).str.ends_with(needle)
            case MonthDays(days):
                return pl.col("birth_day").is_in(sorted(days))
            case Is(True):
                return pl.col(name)
            case _:
                raise Unsupported(type(held).__name__)

    def _check(self, leaf: Events) -> None:
        if leaf.reduction not in {
            Reduction.COUNT,
            Reduction.SUM,
            Reduction.FIRST_TIME,
            Reduction.LAST_TIME,
        }:
            raise Unsupported(leaf.reduction)

    def _contacts_of(self, leaf: Events) -> Any:
        """Return the contacts of *leaf*, each once."""
        pl, frame = self._pl, self._events[leaf.behavior]
        times = frame["time"]
        start = times.search_sorted(leaf.first, "left")
        part = frame[start : times.search_sorted(leaf.last, "right")]
        for clause in leaf.where:
            part = part.filter(self._clause(clause))
        if leaf.is_any:
            return part["contact"].unique()
        measure = {
            Reduction.COUNT: pl.len(),
            Reduction.SUM: pl.col("cents").sum() if "cents" in part.columns else None,
            Reduction.FIRST_TIME: pl.col("time").min(),
            Reduction.LAST_TIME: pl.col("time").max(),
        }[leaf.reduction]
        grouped = part.lazy().group_by("contact").agg(measure.alias("measure"))
        within = pl.col("measure").is_between(leaf.low, leaf.high)
        return grouped.filter(within).select("contact").collect()["contact"]

    def _clause(self, held: PropertyPredicate) -> Any:
        if isinstance(held.predicate, In):
            low, high = -(-held.predicate.low // 100), held.predicate.high // 100
            said = self._pl.col("cents").is_between(low, high)
        else:
            said = self._test(held.property, held.predicate)
        return ~said.fill_null(False) if held.negated else said
