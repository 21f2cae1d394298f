"""From the parse tree to windows, tests and measures: the part that needs no schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn, TypeVar

from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeTest
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.language import literals
from segsvc.condition.language.choices import IS_NOT_SET, IS_SET, Candidates
from segsvc.condition.language.syntax_error import SyntaxReason, syntax_error
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.text_set import TextSetOperator, TextSetTest
from segsvc.domain.calendar import CalendarPeriod
from segsvc.domain.window import (
    After,
    AfterDate,
    Before,
    BeforeDate,
    Between,
    BetweenAgo,
    BetweenDates,
    During,
    InTheLast,
    InTheNext,
    MoreThanAgo,
    OnDate,
    Span,
    TimeUnit,
    Window,
)

Asked = NumberTest | Window | Candidates
"""A comparison, a window, or a wording that the type of its field decides."""

T = TypeVar("T")


def candidates_of(asked: Asked) -> Candidates:
    """Return the tests that *asked* can be."""
    if isinstance(asked, tuple):
        return asked
    if isinstance(asked, NumberTest):
        return (asked,)
    return (InstantTest(asked), DateTest(asked))


@dataclass(frozen=True, slots=True)
class Clause:
    """What was asked of a property, before its behavior is known."""

    property: Token
    asked: Asked
    start: int
    end: int


@v_args(inline=True)
class OperandBuilder(Transformer_NonRecursive[Token, object]):
    """Builds what stands in and around leaves of the condition *text*."""

    def __init__(self, text: str, field: str) -> None:
        super().__init__()
        self._text = text
        self._field = field

    def _fail(
        self, start: int | None, end: int | None, description: str, reason: SyntaxReason
    ) -> NoReturn:
        raise syntax_error(
            self._text, start or 0, end or 0, description, reason=reason, field=self._field
        )

    def _read(self, token: Token, read: Callable[[str], T]) -> T:
        try:
            return read(str(token))
        except ValueError as wrong:
            self._fail(token.start_pos, token.end_pos, str(wrong), SyntaxReason.VALUE_INVALID)

    def _number(self, token: Token) -> Decimal:
        return self._read(token, literals.number)

    def _string(self, token: Token) -> str:
        return self._read(token, literals.string)

    def _name(self, token: Token) -> str:
        return self._string(token) if token[0] in "\"'" else str(token)

    # Tests of texts and text sets.

    def text_is(self, value: Token) -> Candidates:
        """Read ``is "x"``."""
        return (TextTest(TextOperator.IS, (self._string(value),)),)

    def text_is_not(self, value: Token) -> Candidates:
        """Read ``is not "x"``."""
        return (TextTest(TextOperator.IS_NOT, (self._string(value),)),)

    def values(self, *tokens: Token) -> tuple[str, ...]:
        """Read ``("a", "b")``."""
        return tuple(map(self._string, tokens))

    def any_of_values(self, values: tuple[str, ...]) -> Candidates:
        """Read ``any of ("a", "b")``."""
        texts = TextTest(TextOperator.ANY_OF, values)
        return texts, TextSetTest(TextSetOperator.ANY_OF, values)

    def none_of_values(self, values: tuple[str, ...]) -> Candidates:
        """Read ``none of ("a", "b")``."""
        texts = TextTest(TextOperator.NONE_OF, values)
        return texts, TextSetTest(TextSetOperator.NONE_OF, values)

    def all_of_values(self, values: tuple[str, ...]) -> Candidates:
        """Read ``all of ("a", "b")``."""
        return (TextSetTest(TextSetOperator.ALL_OF, values),)

    def contains(self, negation: Token | None, value: Token) -> Candidates:
        """Read ``contains "x"``."""
        return self._place(TextOperator.CONTAINS, negation, value)

    def starts_with(self, negation: Token | None, value: Token) -> Candidates:
        """Read ``not starts with "x"``."""
        return self._place(TextOperator.STARTS_WITH, negation, value)

    def ends_with(self, negation: Token | None, value: Token) -> Candidates:
        """Read ``not ends with "x"``."""
        return self._place(TextOperator.ENDS_WITH, negation, value)

    def _place(self, operator: TextOperator, negation: Token | None, value: Token) -> Candidates:
        said = operator if negation is None else TextOperator(f"not {operator}")
        return (TextTest(said, (self._string(value),)),)

    # Presence, booleans and numbers.

    def is_set(self) -> Candidates:
        """Read ``is set``."""
        return IS_SET

    def is_not_set(self) -> Candidates:
        """Read ``is not set``."""
        return IS_NOT_SET

    def truth(self, word: Token) -> Candidates:
        """Read ``is true``."""
        return (BooleanTest(BooleanOperator(f"is {word.lower()}")),)

    def equal(self, value: Token) -> NumberTest:
        """Read ``= 5``."""
        return NumberTest(NumberOperator.EQUAL, self._number(value))

    def unequal(self, value: Token) -> NumberTest:
        """Read ``!= 5``."""
        return NumberTest(NumberOperator.NOT_EQUAL, self._number(value))

    def order(self, sign: Token, value: Token) -> NumberTest:
        """Read ``>= 5``."""
        return NumberTest(NumberOperator(str(sign)), self._number(value))

    def between_numbers(self, lower: Token, upper: Token) -> NumberTest:
        """Read ``between 1 and 5``."""
        return NumberTest(NumberOperator.BETWEEN, self._number(lower), self._number(upper))

    # Anniversaries.

    def anniversary_today(self) -> Candidates:
        """Read ``anniversary today``."""
        return _anniversary(AnniversaryKind.TODAY)

    def anniversary_this_month(self) -> Candidates:
        """Read ``anniversary this month``."""
        return _anniversary(AnniversaryKind.THIS_MONTH)

    def anniversary_in_month(self, month: Token) -> Candidates:
        """Read ``anniversary in month 2``."""
        return _anniversary(AnniversaryKind.IN_MONTH, self._whole(month))

    def anniversary_next(self, days: Token) -> Candidates:
        """Read ``anniversary in the next 7 days``."""
        return _anniversary(AnniversaryKind.IN_THE_NEXT_DAYS, self._whole(days))

    def anniversary_last(self, days: Token) -> Candidates:
        """Read ``anniversary in the last 7 days``."""
        return _anniversary(AnniversaryKind.IN_THE_LAST_DAYS, self._whole(days))

    def _whole(self, token: Token) -> int:
        return self._read(token, literals.whole_number)

    # Windows.

    def span(self, amount: Token, unit: Token) -> Span:
        """Read ``30 days``."""
        return Span(self._whole(amount), TimeUnit(unit.lower().removesuffix("s")))

    def in_the_last(self, span: Span) -> Window:
        """Read ``in the last 30 days``."""
        return InTheLast(span)

    def in_the_next(self, span: Span) -> Window:
        """Read ``in the next 30 days``."""
        return InTheNext(span)

    def more_than_ago(self, span: Span) -> Window:
        """Read ``more than 30 days ago``."""
        return MoreThanAgo(span)

    def between_ago(self, newer: Span, older: Span) -> Window:
        """Read ``between 1 day and 2 days ago``."""
        return BetweenAgo(newer, older)

    def today(self) -> Window:
        """Read ``today``."""
        return During(CalendarPeriod.TODAY)

    def yesterday(self) -> Window:
        """Read ``yesterday``."""
        return During(CalendarPeriod.YESTERDAY)

    def this_period(self, period: Token) -> Window:
        """Read ``this week``."""
        return During(CalendarPeriod(f"this {period.lower()}"))

    def last_period(self, period: Token) -> Window:
        """Read ``last week``."""
        return During(CalendarPeriod(f"last {period.lower()}"))

    def before(self, instant: Token) -> Window:
        """Read ``before 2024-01-31T12:00:00Z``."""
        return Before(self._read(instant, literals.instant))

    def after(self, instant: Token) -> Window:
        """Read ``after 2024-01-31T12:00:00Z``."""
        return After(self._read(instant, literals.instant))

    def between_instants(self, start: Token, end: Token) -> Window:
        """Read ``between 2024-01-31T12:00:00Z and 2024-02-01T12:00:00Z``."""
        return Between(self._read(start, literals.instant), self._read(end, literals.instant))

    def on_date(self, day: Token) -> Window:
        """Read ``on 2024-01-31``."""
        return OnDate(self._read(day, literals.date))

    def before_date(self, day: Token) -> Window:
        """Read ``before 2024-01-31``."""
        return BeforeDate(self._read(day, literals.date))

    def after_date(self, day: Token) -> Window:
        """Read ``after 2024-01-31``."""
        return AfterDate(self._read(day, literals.date))

    def between_dates(self, start: Token, end: Token) -> Window:
        """Read ``between 2024-01-31 and 2024-02-29``."""
        return BetweenDates(self._read(start, literals.date), self._read(end, literals.date))

    # Clauses.

    @v_args(inline=True, meta=True)
    def clause(self, meta: Meta, name: Token, asked: Asked) -> Clause:
        """Read ``value > 5``."""
        return Clause(name, asked, meta.start_pos, meta.end_pos)

    def where(self, *clauses: Clause) -> tuple[Clause, ...]:
        """Read ``where (value > 5 and coupon_id is set)``."""
        return clauses


def _anniversary(kind: AnniversaryKind, amount: int = 0) -> tuple[AttributeTest, ...]:
    return (AnniversaryTest(kind, amount),)
