"""The attributes of contacts: one column class per type, all with the same face.

`AttributeColumn` is that face; `make_column` picks the class.
"""

from segsvc.domain.schema import AttributeDefinition, ValueType
from segsvc.index.attributes.column import AttributeColumn
from segsvc.index.attributes.fixed import BooleanAttribute, DateAttribute, NumberAttribute
from segsvc.index.attributes.text import TextAttribute
from segsvc.index.attributes.text_set import TextSetAttribute
from segsvc.index.ranges import Ranges


def make_column(definition: AttributeDefinition, ranges: Ranges) -> AttributeColumn:
    """Return an empty column of the definition's type; *ranges* makes its bins."""
    match definition.type:
        case ValueType.TEXT | ValueType.KEY:
            return TextAttribute(definition, ranges)
        case ValueType.TEXT_SET:
            return TextSetAttribute(definition)
        case ValueType.BOOLEAN:
            return BooleanAttribute(definition, ranges)
        case ValueType.DATE:
            return DateAttribute(definition, ranges)
        case _:
            return NumberAttribute(definition, ranges)


__all__ = ["AttributeColumn", "TextAttribute", "TextSetAttribute", "make_column"]
