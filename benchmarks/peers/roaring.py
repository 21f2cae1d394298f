"""Plain pyroaring, as a good engineer would write it by hand in a day.

A bitmap per value of everything with few values; for numbers and times 64 prefix bitmaps at
quantiles, whose difference is refined with the column at both edges; "has done in the last N days"
through the latest time per contact; buyers of every product. What needs counting or summing events
inside a window has no bitmap, and is not answered. Text is searched with Arrow's kernel.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyroaring import BitMap

from benchmarks.peers import tables
from benchmarks.peers.lowered import (
    FOREVER,
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
from segsvc.domain.predicate import AllOfValues, Contains, Is, MonthDays, OneOf, Place

_PREFIXES = 64

Places = npt.NDArray[Any]


def bitmap(places: Places) -> BitMap:
    """Make a bitmap the fast way; quickest when *places* ascend."""
    return BitMap(array("I", np.ascontiguousarray(places, np.uint32).tobytes()))


def by_value(codes: Places, count: int) -> list[BitMap]:
    """Return the places of each of the codes 0..count-1."""
    order = np.argsort(codes, kind="stable").astype(np.uint32)
    edges = np.searchsorted(codes[order], np.arange(count + 1))
    return [bitmap(order[edges[i] : edges[i + 1]]) for i in range(count)]


class Ranges:
    """A number per contact, and the contacts below each of 64 quantiles."""

    def __init__(self, values: Places) -> None:
        self._values = values
        ordered = np.sort(values)
        picked = ordered[np.linspace(0, len(values) - 1, _PREFIXES).astype(int)]
        self._bounds = np.unique(picked)
        self._below = [bitmap(np.flatnonzero(values < bound)) for bound in self._bounds]
        self._below.append(bitmap(np.arange(len(values))))

    def between(self, low: int, high: int) -> BitMap:
        """Return the contacts whose number lies from *low* to *high*."""
        return self._up_to(high) - self._up_to(low - 1)

    def _up_to(self, high: int) -> BitMap:
        place = int(np.searchsorted(self._bounds, high, side="right"))
        if place == 0:
            return BitMap()
        below, above = self._below[place - 1], self._below[place]
        bin_ = np.frombuffer((above - below).to_array(), np.uint32)
        return below | bitmap(bin_[self._values[bin_] <= high])


class Roaring:
    """See `peer.Peer`."""

    def __init__(self, files: Files, at: int) -> None:
        held = tables.contact_table(files)
        self._at = at
        self._everyone = bitmap(np.arange(held.num_rows))
        self._values = {name: _postings(held.column(name)) for name in tables.TEXTS}
        self._flags = {
            name: bitmap(np.flatnonzero(held.column(name).fill_null(False).to_numpy()))
            for name in tables.FLAGS
        }
        self._tags = _list_postings(held.column("tags"))
        days = held.column("birth_day").to_numpy()
        self._birth_days = by_value(days, 1_232)
        self._numbers = {
            name: held.column(name).to_numpy()
            for name in held.schema.names
            if name in ("points", "registered_at", "spend") or name.startswith(("n_", "last_"))
        }
        self._ranges: dict[str, Ranges] = {}
        self._texts = {name: held.column(name).combine_chunks() for name in ("email", "name")}
        self._buyers = _buyers(files)
        for name, text in SAVED.items():
            self._flags[name] = self._members(read(text))

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """See `peer.Peer.prepare`."""
        tree = read(ask.text)
        self._members(tree)
        if ask.wants_ids:
            return lambda: np.frombuffer(self._members(tree).to_array(), np.uint32)
        return lambda: self._count(tree)

    def close(self) -> None:
        """See `peer.Peer.close`."""

    def _count(self, tree: Condition) -> int:
        if isinstance(tree, AllOf):
            *first, last = self._ordered(tree.children)
            if first:
                left = self._narrowed(first)
                if isinstance(last, Not):
                    return len(left) - left.intersection_cardinality(self._members(last.child))
                return int(left.intersection_cardinality(self._members(last)))
        return len(self._members(tree))

    def _members(self, tree: Condition) -> BitMap:
        match tree:
            case AllOf(children):
                return self._narrowed(self._ordered(children))
            case AnyOf(children):
                return BitMap.union(*map(self._members, children))
            case Not(child):
                return self._everyone - self._members(child)
            case _:
                leaf = lower(tree, self._at)
                found = self._leaf(leaf)
                return self._everyone - found if leaf.negated else found

    def _ordered(self, children: Iterable[Condition]) -> list[Condition]:
        """Negations last: there must be something to take them from."""
        return sorted(children, key=lambda child: isinstance(child, Not))

    def _narrowed(self, ordered: list[Condition]) -> BitMap:
        left = self._members(ordered[0])
        for child in ordered[1:]:
            if isinstance(child, Not):
                left = left - self._members(child.child)
            else:
                left = left & self._members(child)
        return left

    def _leaf(self, leaf: Attribute | Column | Events | Flag) -> BitMap:
        match leaf:
            case Attribute(name, held):
                return self._test(name, held)
            case Column(name, low, high):
                return self._between(name, low, high)
            case Flag(segment_id):
                return self._flags[segment_id]
            case Events(behavior, (), first, last) if leaf.is_any and last >= self._at:
                return self._between(f"last_{behavior}", first, FOREVER)
            case Events("order_placed", (clause,)) if leaf.is_any and leaf.first == 0:
                match clause.predicate:
                    case OneOf((product,)) if clause.property == "product_ids":
                        return self._buyers.get(product, BitMap())
        raise Unsupported("events are not bitmaps")

    def _between(self, name: str, low: int, high: int) -> BitMap:
        """Ranges are made when a question is prepared that needs them."""
        if name not in self._ranges:
            self._ranges[name] = Ranges(self._numbers[name])
        return self._ranges[name].between(low, high)

    def _test(self, name: str, held: object) -> BitMap:
        match held:
            case OneOf(values) if name in self._values or name == "tags":
                postings = self._tags if name == "tags" else self._values[name]
                return BitMap.union(*(postings.get(value, BitMap()) for value in values))
            case OneOf((value,)):
                return bitmap(np.flatnonzero(_true(pc.equal(self._texts[name], value))))
            case AllOfValues(values):
                return BitMap.intersection(*(self._tags[value] for value in values))
            case MonthDays(days):
                return BitMap.union(*(self._birth_days[day] for day in days))
            case Is(True):
                return self._flags[name]
            case Contains(needle, place):
                kernel = {
                    Place.ANYWHERE: pc.match_substring,
                    Place.START: pc.starts_with,
                    Place.END: pc.ends_with,
                }[place]
                return bitmap(np.flatnonzero(_true(kernel(self._texts[name], needle))))
        raise Unsupported(type(held).__name__)


def _true(held: pa.Array) -> Places:
    return np.asarray(held.fill_null(False))


def _postings(column: pa.ChunkedArray) -> dict[str, BitMap]:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    size = len(encoded.dictionary)
    codes = encoded.indices.fill_null(size).to_numpy(zero_copy_only=False)
    return dict(zip(encoded.dictionary.to_pylist(), by_value(codes, size), strict=True))


def _list_postings(column: pa.ChunkedArray) -> dict[str, BitMap]:
    plain = column.cast(pa.list_(pa.string())).combine_chunks()
    holders = np.asarray(pc.list_parent_indices(plain)).astype(np.uint32)
    encoded = pc.list_flatten(plain).dictionary_encode()
    codes = np.asarray(encoded.indices)
    return {
        name: bitmap(holders[codes == code])
        for code, name in enumerate(encoded.dictionary.to_pylist())
    }


def _buyers(files: Files) -> dict[str, BitMap]:
    read_ = pq.read_table(files.events("order_placed"), columns=["contact", "product_ids"])
    lists = read_.column("product_ids").cast(pa.list_(pa.string())).combine_chunks()
    contacts = read_.column("contact").to_numpy()[np.asarray(pc.list_parent_indices(lists))]
    encoded = pc.list_flatten(lists).dictionary_encode()
    codes, names = np.asarray(encoded.indices), encoded.dictionary.to_pylist()
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    return {
        name: bitmap(np.unique(contacts[order[edges[i] : edges[i + 1]]]))
        for i, name in enumerate(names)
    }
