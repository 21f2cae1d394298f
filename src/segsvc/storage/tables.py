"""The tables as the newest migration leaves them.

Stores have an inner key that is never their id, so that deleting one is a single small update
(its id is taken away) and a new store of the same id never meets rows of the old one.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

ownership = Table(
    "ownership",
    metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", String(32), nullable=False),
)
"""One row: who may write. Every write checks the epoch in its own transaction."""

stores = Table(
    "stores",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("store_id", String(64)),
    Column("last_revision", BigInteger, nullable=False),
    UniqueConstraint("store_id", name="stores_store_id"),
    sqlite_autoincrement=True,
)
"""``store_id`` is null once the store is deleted and its rows wait to be removed. Keys are never
used again, not even by SQLite: work that began for a deleted store must not meet a new one."""


def _store_key() -> Column[int]:
    return Column("store_key", Integer, ForeignKey("stores.key"), primary_key=True)


journal = Table(
    "journal",
    metadata,
    _store_key(),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("format", Integer, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Records after the newest snapshot. ``size`` comes before the body, which is read lazily."""

snapshots = Table(
    "snapshots",
    metadata,
    _store_key(),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("format", Integer, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("manifest", LargeBinary, nullable=False),
)
"""At most one per store. A snapshot counts from the commit of its row; ``size`` is stored bytes."""

chunks = Table(
    "chunks",
    metadata,
    _store_key(),
    Column("digest", LargeBinary(20), primary_key=True),
    Column("encoding", String(16), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("stored_size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Bytes by the BLAKE2b of their decoded form; the newest manifest says which are in use."""

changes = Table(
    "changes",
    metadata,
    _store_key(),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Membership changes up to the newest snapshot; revisions without any have no row."""

resolutions = Table(
    "resolutions",
    metadata,
    _store_key(),
    Column("resolution_id", String(128), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("crc", BigInteger, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("bitmap", LargeBinary, nullable=False),
)
"""Recipients that were promised to a caller, until they expire."""

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""Keys that sign tokens; they outlive restarts and takeovers."""
