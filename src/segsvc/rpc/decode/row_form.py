"""The row form of writes -> columns. Comfortable for callers, and not the fast way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from segsvc.domain.calendar import FIRST_EVENT, LAST_EVENT
from segsvc.domain.columns import (
    BooleanColumn,
    FieldColumn,
    ListColumn,
    NumberColumn,
    Strings,
    TextColumn,
    Values,
)
from segsvc.domain.ids import contact_id_problem
from segsvc.domain.schema import (
    AttributeDefinition,
    BehaviorDefinition,
    Schema,
    ValueType,
)
from segsvc.domain.text import fold
from segsvc.domain.write import ContactBatch, EventBlock
from segsvc.rpc.decode.rows import RowErrors
from segsvc.rpc.decode.values import Definition, Plain, WrongType, plain_value
from segsvc.v1 import ingest_pb2, value_pb2

MAX_EVENT_ID_BYTES = 64
EVENT_TIMES = "must lie in the years 1970..2105"


def contact_ids_of(rows: Iterable[str], errors: RowErrors) -> Strings:
    """Pack contact ids; wrong ones are noted and packed as "?"."""
    checked = []
    for row, contact_id in enumerate(rows):
        problem = contact_id_problem(contact_id)
        if problem is not None:
            errors.add(row, "contact_id", "CONTACT_ID_INVALID", problem)
        checked.append("?" if problem is not None else contact_id)
    return Strings.of(checked)


@dataclass(slots=True)
class FieldBuilder:
    """The values of one attribute or property, gathered row by row."""

    definition: Definition
    rows: list[int] = field(default_factory=list)
    values: list[Plain] = field(default_factory=list)
    unset: list[int] = field(default_factory=list)

    def column(self) -> FieldColumn:
        """Return what was gathered."""
        return FieldColumn(
            self.definition.name,
            np.array(self.rows, np.uint32),
            pack_values(self.definition.type, self.values),
            np.array(self.unset, np.uint32),
        )


def pack_values(value_type: ValueType, values: Sequence[Plain]) -> Values:
    """Pack plain values of one type into a column."""
    if value_type in {ValueType.TEXT, ValueType.KEY}:
        return text_column([str(value) for value in values])
    if value_type is ValueType.BOOLEAN:
        return BooleanColumn(np.array(values, np.bool_))
    if value_type in {ValueType.TEXT_SET, ValueType.TEXT_LIST, ValueType.KEY_LIST}:
        return list_column([value if isinstance(value, tuple) else () for value in values])
    return NumberColumn(np.array(values, np.int64))


def text_column(texts: Iterable[str]) -> TextColumn:
    """Pack texts as codes into their distinct values."""
    places: dict[str, int] = {}
    codes = [places.setdefault(text, len(places)) for text in texts]
    return TextColumn(np.array(codes, np.uint32), Strings.of(list(places)))


def list_column(lists: Sequence[tuple[str, ...]]) -> ListColumn:
    """Pack lists of texts."""
    offsets = np.zeros(len(lists) + 1, np.uint32)
    np.cumsum([len(held) for held in lists], out=offsets[1:])
    return ListColumn(offsets, text_column(text for held in lists for text in held))


def contact_rows(
    rows: Sequence[ingest_pb2.ContactRow], schema: Schema, errors: RowErrors
) -> ContactBatch:
    """Decode contact rows; wrong ones are noted in *errors* and must be dropped."""
    ids = contact_ids_of((row.contact_id for row in rows), errors)
    sets: dict[str, FieldBuilder] = {}
    adds: dict[str, FieldBuilder] = {}
    removes: dict[str, FieldBuilder] = {}
    for number, row in enumerate(rows):
        _set_values(number, row.set, schema.attributes, sets, errors, 'set["{}"]')
        for place, name in enumerate(row.unset):
            builder = _builder(sets, name, schema.attributes)
            if builder is None:
                _unknown(errors, number, f"unset[{place}]", "ATTRIBUTE", name)
            elif name in row.set:
                errors.add(number, f"unset[{place}]", "CONTRADICTORY", f"{name!r} is also set")
            elif not (builder.unset and builder.unset[-1] == number):
                builder.unset.append(number)
        edited: dict[tuple[str, str], bool] = {}
        for place, edit in enumerate(row.edits):
            path = f"edits[{place}]"
            if not _contradicts(number, path, edit, edited, errors):
                _edit(number, path, edit, schema, adds, removes, errors)
    return ContactBatch(
        ids,
        tuple(builder.column() for builder in sets.values()),
        tuple(builder.column() for builder in adds.values()),
        tuple(builder.column() for builder in removes.values()),
    )


def _set_values(
    number: int,
    values: Mapping[str, value_pb2.Value],
    definitions: Mapping[str, Definition],
    builders: dict[str, FieldBuilder],
    errors: RowErrors,
    path: str,
    *,
    can_unset: bool = True,
) -> None:
    for name, value in values.items():
        builder = _builder(builders, name, definitions)
        if builder is None:
            kind = "ATTRIBUTE" if can_unset else "PROPERTY"
            _unknown(errors, number, path.format(name), kind, name)
            continue
        try:
            plain = plain_value(value, builder.definition)
        except WrongType as wrong:
            errors.add(number, path.format(name), "TYPE_WRONG", str(wrong))
        except ValueError as wrong:
            errors.add(number, path.format(name), "VALUE_INVALID", str(wrong))
        else:
            if plain is not None:
                builder.rows.append(number)
                builder.values.append(plain)
            elif can_unset:
                builder.unset.append(number)


def _builder(
    builders: dict[str, FieldBuilder], name: str, definitions: Mapping[str, Definition]
) -> FieldBuilder | None:
    builder = builders.get(name)
    if builder is None and name in definitions:
        builder = builders[name] = FieldBuilder(definitions[name])
    return builder


def _unknown(errors: RowErrors, row: int, field: str, kind: str, name: str) -> None:
    errors.add(row, field, f"{kind}_UNKNOWN", f"the store has no {kind.lower()} {name!r}")


def _contradicts(
    number: int,
    path: str,
    edit: ingest_pb2.TextSetEdit,
    edited: dict[tuple[str, str], bool],
    errors: RowErrors,
) -> bool:
    """Note an edit that takes back what it or an earlier edit of its row did.

    *edited* holds, by attribute and folded element, whether the row adds it, else it removes it.
    """
    for adds, texts in ((True, edit.add), (False, edit.remove)):
        for text in texts:
            if edited.setdefault((edit.attribute, fold(text)), adds) is not adds:
                wrong = f"the row adds and removes {text!r}"
                errors.add(number, path, "CONTRADICTORY", wrong)
                return True
    return False


def _edit(
    number: int,
    path: str,
    edit: ingest_pb2.TextSetEdit,
    schema: Schema,
    adds: dict[str, FieldBuilder],
    removes: dict[str, FieldBuilder],
    errors: RowErrors,
) -> None:
    definition = schema.attributes.get(edit.attribute)
    if definition is None:
        _unknown(errors, number, f"{path}.attribute", "ATTRIBUTE", edit.attribute)
    elif definition.type is not ValueType.TEXT_SET:
        wrong = f"{edit.attribute!r} is a {definition.type}, not a text set"
        errors.add(number, f"{path}.attribute", "TYPE_WRONG", wrong)
    else:
        for builders, texts, name in ((adds, edit.add, "add"), (removes, edit.remove, "remove")):
            _edit_elements(number, f"{path}.{name}", texts, definition, builders, errors)


def _edit_elements(
    number: int,
    path: str,
    texts: Sequence[str],
    definition: AttributeDefinition,
    builders: dict[str, FieldBuilder],
    errors: RowErrors,
) -> None:
    if not texts:
        return
    wire = value_pb2.Value(texts=value_pb2.TextList(values=texts))
    try:
        plain = plain_value(wire, definition)
    except ValueError as wrong:
        errors.add(number, path, "VALUE_INVALID", str(wrong))
        return
    assert isinstance(plain, tuple)
    builder = builders.setdefault(definition.name, FieldBuilder(definition))
    if builder.rows and builder.rows[-1] == number:
        earlier = builder.values[-1]
        assert isinstance(earlier, tuple)
        builder.values[-1] = (*earlier, *plain)
    else:
        builder.rows.append(number)
        builder.values.append(plain)


@dataclass(slots=True)
class _BlockBuilder:
    behavior: BehaviorDefinition
    rows: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)
    properties: dict[str, FieldBuilder] = field(default_factory=dict)

    def block(self) -> EventBlock:
        has_ids = any(self.event_ids)
        return EventBlock(
            self.behavior.name,
            np.array(self.rows, np.uint32),
            Strings.of(self.ids),
            np.array(self.times, np.int64),
            Strings.of(self.event_ids) if has_ids else None,
            tuple(builder.column() for builder in self.properties.values()),
        )


def event_rows(
    rows: Sequence[ingest_pb2.EventRow], schema: Schema, errors: RowErrors
) -> list[EventBlock]:
    """Decode event rows into a block per behavior; wrong rows are noted and must be dropped."""
    blocks: dict[str, _BlockBuilder] = {}
    for number, row in enumerate(rows):
        behavior = schema.behaviors.get(row.behavior)
        if behavior is None:
            _unknown(errors, number, "behavior", "BEHAVIOR", row.behavior)
            continue
        block = blocks.setdefault(row.behavior, _BlockBuilder(behavior))
        block.rows.append(number)
        block.ids.append(_checked_id(number, row.contact_id, errors))
        block.times.append(_time(number, row, errors))
        block.event_ids.append(_event_id(number, row.event_id, errors))
        definitions = {held.name: held for held in behavior.properties}
        local = len(block.rows) - 1
        trial = RowErrors(local + 1, errors.path)
        _set_values(
            local,
            row.properties,
            definitions,
            block.properties,
            trial,
            'properties["{}"]',
            can_unset=False,
        )
        for error in trial.found():
            errors.add(number, error.field, error.reason, error.description)
    return [builder.block() for builder in blocks.values()]


def _checked_id(number: int, contact_id: str, errors: RowErrors) -> str:
    problem = contact_id_problem(contact_id)
    if problem is None:
        return contact_id
    errors.add(number, "contact_id", "CONTACT_ID_INVALID", problem)
    return "?"


def _time(number: int, row: ingest_pb2.EventRow, errors: RowErrors) -> int:
    if not row.HasField("time"):
        errors.add(number, "time", "TIME_INVALID", "is required")
        return 0
    if not FIRST_EVENT <= row.time.seconds <= LAST_EVENT:
        errors.add(number, "time", "TIME_INVALID", EVENT_TIMES)
        return 0
    return row.time.seconds


def _event_id(number: int, event_id: str, errors: RowErrors) -> str:
    if len(event_id.encode()) > MAX_EVENT_ID_BYTES:
        wrong = f"must be at most {MAX_EVENT_ID_BYTES} bytes of UTF-8"
        errors.add(number, "event_id", "EVENT_ID_INVALID", wrong)
        return ""
    return event_id
