"""Conditions that read like the sentence they stand for.

>>> from segsvc.client.conditions import days, has_done, text
>>> germans = text("country").is_("DE")
>>> regulars = has_done("order_placed").in_the_last(days(90)).count >= 3
>>> condition = germans & regulars & ~text("email").ends_with("@example.com")

``&``, ``|`` and ``~`` combine; `all_of` and `any_of` take many. What each test means is said in
condition.proto, what a window means in window.proto. The server checks names and types.
"""

from segsvc.client.conditions.attributes import (
    boolean,
    date,
    instant,
    number,
    text,
    text_set,
)
from segsvc.client.conditions.behaviors import Deed, NetSpend, has_done, has_not_done, net_spend
from segsvc.client.conditions.expression import Expression, all_of, any_of, condition_of
from segsvc.client.conditions.groups import in_segment, not_in_segment, sample
from segsvc.client.conditions.targets import Saved, Segments, Target, saved, segments, target_of
from segsvc.client.conditions.windows import Span, days, hours, months, weeks, years

__all__ = [
    "Deed",
    "Expression",
    "NetSpend",
    "Saved",
    "Segments",
    "Span",
    "Target",
    "all_of",
    "any_of",
    "boolean",
    "condition_of",
    "date",
    "days",
    "has_done",
    "has_not_done",
    "hours",
    "in_segment",
    "instant",
    "months",
    "net_spend",
    "not_in_segment",
    "number",
    "sample",
    "saved",
    "segments",
    "target_of",
    "text",
    "text_set",
    "weeks",
    "years",
]
