"""Two years of real orders as a store: see the README of the data for the mapping."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "online_retail"
AS_OF = datetime(2011, 12, 9, 12, 50, tzinfo=UTC)

_LINES = """
create table lines as
select *, row_number() over () as place from (
    select * from read_parquet('{folder}/online_retail_2009_2010.parquet')
    where InvoiceDate < timestamp '2010-12-01'
    union all by name
    select * from read_parquet('{folder}/online_retail_2010_2011.parquet')
)
where CustomerID is not null
"""

_CONTACTS = """
create table contacts as
select cast(CustomerID as bigint)::varchar as contact_id,
       arg_max(Country, (InvoiceDate, place)) as country
from lines group by 1 order by 1
"""

_EVENTS = """
create table {behavior} as
select cast(any_value(CustomerID) as bigint)::varchar as contact_id,
       InvoiceNo as order_id,
       epoch(min(InvoiceDate))::bigint as time,
       {sign} sum(Quantity * UnitPrice::decimal(18, 4)) as value,
       list_sort(list_distinct(list(StockCode))) as product_ids
from lines where {which} group by InvoiceNo order by time, order_id
"""


@dataclass(frozen=True)
class Retail:
    """The store in DuckDB, and as Arrow tables to import."""

    database: duckdb.DuckDBPyConnection

    def table(self, name: str) -> pa.Table:
        return self.database.sql(f"select * from {name}").to_arrow_table()

    def ids(self, query: str) -> set[str]:
        """Return the contact ids that a query finds."""
        return {row[0] for row in self.database.execute(query).fetchall()}


def load() -> Retail:
    database = duckdb.connect()
    database.execute(_LINES.format(folder=FOLDER))
    database.execute(_CONTACTS)
    for behavior, sign, which in (
        ("order_placed", "", "InvoiceNo not like 'C%'"),
        ("order_cancelled", "-", "InvoiceNo like 'C%'"),
    ):
        database.execute(_EVENTS.format(behavior=behavior, sign=sign, which=which))
    return Retail(database)


def packed(texts: list[str]) -> tuple[bytes, bytes]:
    """Return the bytes and offsets of a StringColumn."""
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    return b"".join(encoded), offsets.tobytes()
