"""``import contacts|events FILE``: CSV and Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from segsvc.cli.connection import (
    DEFAULT_SERVER,
    DEFAULT_STORE,
    Authority,
    Json,
    Server,
    StoreId,
    opened,
    say_wrong,
)
from segsvc.cli.console import answers, errors
from segsvc.client import CallFailed, Store, Summary

imports = typer.Typer(no_args_is_help=True, help="Import files, durable chunk by chunk.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or Parquet.")]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", "-m", help="COLUMN=name: what a column is; COLUMN= leaves it out."),
]
Separator = Annotated[str, typer.Option(help="Cuts lists in CSV cells.")]
ImportId = Annotated[
    str, typer.Option("--import-id", help="Go on with an import that broke, within 24 hours.")
]


@imports.command()
def contacts(
    file: File,
    mapping: Mapping = None,
    separator: Separator = ";",
    unset_empty: Annotated[
        bool, typer.Option("--unset-empty", help="Empty cells unset the attribute.")
    ] = False,
    import_id: ImportId = "",
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Import contacts: a column contact_id, and attributes by name (+tags adds, -tags removes)."""
    source = _Source(file, mapping or [])
    with opened(server, store, tls_ca) as shop, _Bar(source, import_id) as bar:
        bar.done(
            shop.import_contacts(
                source.batches(),
                unset_nulls=unset_empty,
                separator=separator,
                import_id=bar.import_id,
                progress=bar.moved,
            ),
            json,
        )


@imports.command()
def events(
    file: File,
    behavior: Annotated[
        str, typer.Option(help="What was done; else the column behavior says it row by row.")
    ] = "",
    mapping: Mapping = None,
    separator: Separator = ";",
    refuse_unknown: Annotated[
        bool, typer.Option("--refuse-unknown", help="Reject events of unknown contacts.")
    ] = False,
    skip_event_ids: Annotated[
        bool, typer.Option("--skip-event-id-check", help="The file holds each event once.")
    ] = False,
    import_id: ImportId = "",
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Import events: contact_id, time, maybe event_id and behavior, and properties by name."""
    source = _Source(file, mapping or [])
    with opened(server, store, tls_ca) as shop, _Bar(source, import_id) as bar:
        bar.done(
            _record(shop, behavior, source, bar, separator, refuse_unknown, skip_event_ids), json
        )


def _record(
    shop: Store,
    behavior: str,
    source: _Source,
    bar: _Bar,
    separator: str,
    refuse_unknown: bool,
    skip_event_ids: bool,
) -> Summary:
    return shop.import_events(
        behavior,
        source.batches(),
        on_unknown_contact="refuse" if refuse_unknown else "create",
        skip_event_id_check=skip_event_ids,
        separator=separator,
        import_id=bar.import_id,
        progress=bar.moved,
    )


class _Source:
    """A file as Arrow batches with its columns renamed."""

    def __init__(self, file: Path, mapping: list[str]) -> None:
        self.file = file
        self.rows: int | None = None
        pairs = [held.partition("=") for held in mapping]
        if any(not middle for _, middle, _ in pairs):
            raise typer.BadParameter("--map is COLUMN=name")
        self._names = {column: name for column, _, name in pairs}
        self._parquet = file.suffix.lower() in (".parquet", ".pq")
        if self._parquet:
            self.rows = pa_parquet.ParquetFile(file).metadata.num_rows
        self.read_bytes = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the file, a few MB at a time."""
        read = self._of_parquet() if self._parquet else self._of_csv()
        unknown = set(self._names)
        for batch in read:
            unknown -= set(batch.schema.names)
            if unknown:
                raise typer.BadParameter(f"no column {sorted(unknown)[0]!r} in {self.file}")
            names = [self._names.get(name, name) for name in batch.schema.names]
            kept = [index for index, name in enumerate(names) if name]
            yield pa.RecordBatch.from_arrays(
                [batch.column(index) for index in kept], [names[index] for index in kept]
            )
            self.read_bytes += batch.nbytes

    def _of_parquet(self) -> Iterator[pa.RecordBatch]:
        file = pa_parquet.ParquetFile(self.file)
        # One row group at a time: Arrow cannot read lists of coded texts across two of them.
        for group in range(file.num_row_groups):
            yield from file.iter_batches(50_000, row_groups=[group])

    def _of_csv(self) -> Iterator[pa.RecordBatch]:
        with self.file.open(newline="", encoding="utf-8-sig") as file:
            header = next(csv.reader(file), [])
        # Cells stay text here, so that one wrong cell rejects its row and not the file.
        text = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=True,
        )
        read = pa_csv.ReadOptions(block_size=4 * 2**20)
        parse = pa_csv.ParseOptions(newlines_in_values=True)
        yield from pa_csv.open_csv(self.file, read, parse, text)


class _Bar:
    """Progress on stderr, the summary at the end, the rejected rows beside the file."""

    def __init__(self, source: _Source, import_id: str) -> None:
        self._source = source
        self.import_id = import_id or uuid4().hex[:12]
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} rows, {task.fields[rate]}"),
            TimeRemainingColumn(),
            console=errors,
        )

    def __enter__(self) -> _Bar:
        self._bar.start()
        self._task = self._bar.add_task(self._source.file.name, total=self._source.rows, rate="")
        return self

    def __exit__(self, _: object, failed: BaseException | None, __: object) -> None:
        self._bar.stop()
        if isinstance(failed, KeyError):
            say_wrong(f"{failed.args[0]}; --map says what columns are")
            raise typer.Exit(2)
        if isinstance(failed, pa.ArrowInvalid):
            say_wrong(f"{self._source.file}: {failed}")
            raise typer.Exit(2)
        if isinstance(failed, CallFailed):
            errors.print(f"what was acknowledged is kept; go on with --import-id {self.import_id}")

    def moved(self, summary: Summary) -> None:
        """Show how far the import is."""
        rows = self._source.rows
        if rows is None and self._source.read_bytes:
            share = self._source.read_bytes / max(self._source.file.stat().st_size, 1)
            rows = int(summary.rows / max(min(share, 1), 1e-9))
        speed = self._bar.tasks[0].speed  # of the last half minute: chunks done before go by fast
        rate = f"{speed:,.0f} rows/s" if speed else ""
        self._bar.update(self._task, completed=summary.rows, total=rows, rate=rate)

    def done(self, summary: Summary, as_json: bool) -> None:
        """Write rejected rows beside the file and print the summary."""
        beside = self._source.file.with_name(self._source.file.name + ".rejected.csv")
        if summary.rejected:
            with beside.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["row", "field", "reason", "description"])
                for held in summary.rejected_rows:
                    writer.writerow([held.row + 1, held.field, held.reason, held.description])
        if as_json:
            import json

            facts = {
                "rows": summary.rows,
                "accepted": summary.accepted,
                "created_contacts": summary.created_contacts,
                "duplicates": summary.duplicates,
                "clamped": summary.clamped,
                "rejected": summary.rejected,
                "rejected_file": str(beside) if summary.rejected else None,
                "revision": summary.revision,
            }
            print(json.dumps(facts))
            return
        answers.print(
            f"{summary.accepted:,} of {summary.rows:,} rows applied, "
            f"{summary.created_contacts:,} contacts new, {summary.duplicates:,} duplicates, "
            f"{summary.clamped:,} clamped, {summary.rejected:,} rejected"
        )
        if summary.rejected:
            answers.print(f"why rows were rejected: {beside}", soft_wrap=True)
