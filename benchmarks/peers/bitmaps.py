"""The same bitmaps, combined by others: pyroaring by hand, and chDB's groupBitmap functions.

They are given the answers of segsvc's leaves, so only the combining is compared. pyroaring starts
with the smallest operand, combines in place, and lets the last operator only count. chDB holds all
bitmaps in one row of a Memory table, a column each, which was three times faster there than a row
each.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from benchmarks.peers.lowered import AllOf, AnyOf, Condition, Not, read
from benchmarks.peers.peer import Answer, Unsupported
from benchmarks.questions.question import Ask


def write_bitmaps(path: Path, images: dict[str, bytes], universe: bytes) -> None:
    """Write portable Roaring images by the text of their leaf, for the peers below."""
    path.write_bytes(pickle.dumps((universe, images)))


def _read(path: Path) -> tuple[BitMap, dict[Condition, BitMap]]:
    universe, images = pickle.loads(path.read_bytes())
    held = {read(text): BitMap.deserialize(image) for text, image in images.items()}
    return BitMap.deserialize(universe), held


class PyRoaring:
    """See `peer.Peer`."""

    def __init__(self, path: Path) -> None:
        self._everyone, self._leaves = _read(path)

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """See `peer.Peer.prepare`."""
        tree = read(ask.text)
        return lambda: self._count(tree)

    def close(self) -> None:
        """See `peer.Peer.close`."""

    def _count(self, tree: Condition) -> int:
        if not isinstance(tree, AllOf) or len(tree.children) < 2:
            return len(self._members(tree))
        positive, negative = self._operands(tree)
        if negative:
            last = negative.pop()
            left = self._combined(positive, negative)
            return len(left) - int(left.intersection_cardinality(last))
        last = positive.pop()
        return int(self._combined(positive, negative).intersection_cardinality(last))

    def _operands(self, tree: AllOf) -> tuple[list[BitMap], list[BitMap]]:
        positive, negative = [], []
        for child in tree.children:
            if isinstance(child, Not):
                negative.append(self._members(child.child))
            else:
                positive.append(self._members(child))
        if not positive:
            positive.append(self._everyone)
        return sorted(positive, key=len), sorted(negative, key=len)

    def _combined(self, positive: list[BitMap], negative: list[BitMap]) -> BitMap:
        left, owned = positive[0], False
        for other in positive[1:]:
            left = left.__iand__(other) if owned else left & other
            owned = True
        for other in negative:
            left = left.__isub__(other) if owned else left - other
            owned = True
        return left

    def _members(self, tree: Condition) -> BitMap:
        match tree:
            case AllOf():
                return self._combined(*self._operands(tree))
            case AnyOf(children):
                return BitMap.union(*map(self._members, children))
            case Not(child):
                return self._everyone - self._members(child)
            case _:
                return self._leaves[tree]


class GroupBitmap:
    """See `peer.Peer`."""

    def __init__(self, path: Path) -> None:
        from chdb import session

        everyone, leaves = _read(path)
        self._folder = TemporaryDirectory(prefix="chdb-")
        self._session = session.Session(self._folder.name)
        self._session.query("CREATE DATABASE held ENGINE = Atomic")
        self._session.query("USE held")
        self._columns = {leaf: f"b{number}" for number, leaf in enumerate(leaves)}
        kind = "AggregateFunction(groupBitmap, UInt32)"
        self._session.query(f"CREATE TABLE parts (number UInt32, held {kind}) ENGINE = Memory")
        for number, bitmap in enumerate((*leaves.values(), everyone)):
            ids = pa.table({"n": pa.array(np.frombuffer(bitmap.to_array(), np.uint32))})
            self._session.query(
                f"INSERT INTO parts SELECT {number}, groupBitmapState(assumeNotNull(n)) "
                "FROM Python(ids)"
            )
            del ids
        names = [*self._columns.values(), "everyone"]
        columns = ", ".join(f"{name} {kind}" for name in names)
        self._session.query(f"CREATE TABLE bitmaps ({columns}) ENGINE = Memory")
        chosen = ", ".join(
            f"(SELECT held FROM parts WHERE number = {number})" for number in range(len(names))
        )
        self._session.query(f"INSERT INTO bitmaps SELECT {chosen}")
        self._session.query("DROP TABLE parts")

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """See `peer.Peer.prepare`."""
        said = self._said(read(ask.text))
        for operator in ("And", "Or", "Andnot"):  # the last one only counts
            if said.startswith(f"bitmap{operator}("):
                said = said.replace(f"bitmap{operator}", f"bitmap{operator}Cardinality", 1)
                break
        else:
            said = f"bitmapCardinality({said})"
        held = f"SELECT {said} FROM bitmaps SETTINGS max_threads = 1"
        return lambda: int(self._session.query(held).bytes())

    def close(self) -> None:
        """See `peer.Peer.close`."""
        self._session.close()
        self._folder.cleanup()

    def _said(self, tree: Condition) -> str:
        match tree:
            case AllOf(children):
                positive = [self._said(held) for held in children if not isinstance(held, Not)]
                said = positive[0] if positive else "everyone"
                for other in positive[1:]:
                    said = f"bitmapAnd({said}, {other})"
                for child in children:
                    if isinstance(child, Not):
                        said = f"bitmapAndnot({said}, {self._said(child.child)})"
                return said
            case AnyOf(children):
                said, *others = map(self._said, children)
                for other in others:
                    said = f"bitmapOr({said}, {other})"
                return said
            case Not(child):
                return f"bitmapAndnot(everyone, {self._said(child)})"
            case _ if tree in self._columns:
                return self._columns[tree]
            case _:
                raise Unsupported("this leaf has no bitmap")
