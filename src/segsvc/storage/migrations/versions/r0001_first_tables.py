"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first release."""
    op.create_table(
        "ownership",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
    )
    op.create_table(
        "stores",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("store_id", sa.String(64)),
        sa.Column("last_revision", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("store_id", name="stores_store_id"),
        sqlite_autoincrement=True,
    )
    _create_journal()
    _create_snapshots()
    op.create_table(
        "resolutions",
        _store_key(),
        sa.Column("resolution_id", sa.String(128), primary_key=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("header", sa.LargeBinary, nullable=False),
        sa.Column("bitmap", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )


def _create_journal() -> None:
    op.create_table(
        "journal",
        _store_key(),
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def _create_snapshots() -> None:
    op.create_table(
        "snapshots",
        _store_key(),
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("crc", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "chunks",
        _store_key(),
        sa.Column("digest", sa.LargeBinary(20), primary_key=True),
        sa.Column("encoding", sa.String(16), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("stored_size", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def _store_key() -> sa.Column[int]:
    return sa.Column("store_key", sa.Integer, sa.ForeignKey("stores.key"), primary_key=True)
