"""Segments the service suggests: ready conditions, with the store's own numbers put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.instant import InstantTest
from segsvc.condition.measure import Measure, MeasureKind
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.tree import AllOf, AnyOf, Condition
from segsvc.domain.errors import InvalidArgument, NotFound
from segsvc.domain.window import BetweenAgo, InTheLast, MoreThanAgo, Span, TimeUnit, Window

HIGH_VALUE_PERCENTILE = 90


class StoreNumbers(Protocol):
    """What suggestions read of a store."""

    def spend_percentile(self, percent: int, country: str | None) -> Decimal:
        """Return the gross spend that *percent* % of the buyers (of a country) do not exceed.

        0 when nobody has bought.
        """

    def top_value(self, attribute: str) -> str | None:
        """Return the value of a text attribute that most contacts have."""


Chosen: TypeAlias = Mapping[str, str]
"""Values of a suggestion's parameters, by name; every one is there."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something a suggestion asks: a value of a text attribute."""

    name: str
    title: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A spend that was taken from the store: where its leaf stands among the root's children."""

    child: int
    title: str
    percentile: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested segment; *build* makes its condition from the store's numbers of the moment."""

    id: str
    title: str
    description: str
    build: Callable[[StoreNumbers, Chosen], Condition]
    parameters: tuple[Parameter, ...] = ()
    threshold: Threshold | None = None

    def choose(self, store: StoreNumbers, given: Chosen) -> dict[str, str]:
        """Return a value for every parameter: the given one, or the store's most frequent.

        Raises:
            InvalidArgument: an unknown parameter, an empty value, or none to propose.
        """
        known = {held.name: held for held in self.parameters}
        for name, wanted in given.items():
            if name not in known:
                raise InvalidArgument.of(
                    f'parameters["{name}"]', f"{self.id} takes {sorted(known) or 'no parameters'}"
                )
            if not wanted:
                raise InvalidArgument.of(f'parameters["{name}"]', "must not be empty")
        chosen = dict(given)
        for name, held in known.items():
            value: str | None = given.get(name) or store.top_value(held.attribute)
            if value is None:
                raise InvalidArgument.of(
                    f'parameters["{name}"]', f"no contact has a {held.attribute}; give one"
                )
            chosen[name] = value
        return chosen


def _days(amount: int) -> Span:
    return Span(amount, TimeUnit.DAY)


def _last(amount: int) -> Window:
    return InTheLast(_days(amount))


def _did(
    behavior: str, window: Window | None = None, measure: Measure | None = None
) -> BehaviorLeaf:
    return BehaviorLeaf(behavior, window=window, measure=measure)


def _did_not(behavior: str, window: Window | None = None) -> BehaviorLeaf:
    return BehaviorLeaf(behavior, window=window, has_not=True)


def _is(attribute: str, value: str) -> AttributeLeaf:
    return AttributeLeaf(attribute, TextTest(TextOperator.IS, (value,)))


def _at_least(count: int) -> Measure:
    test = NumberTest(NumberOperator.GREATER_OR_EQUAL, Decimal(count))
    return Measure(MeasureKind.COUNT, test)


def _spent_at_least(amount: Decimal) -> BehaviorLeaf:
    test = NumberTest(NumberOperator.GREATER_OR_EQUAL, amount)
    return _did("order_placed", measure=Measure(MeasureKind.SUM, test, "value"))


_SUBSCRIBED = _is("email_status", "subscribed")
_ENGAGED = AnyOf((_did("email_opened", _last(90)), _did("email_clicked", _last(90))))


def _active_subscribers(store: StoreNumbers, chosen: Chosen) -> Condition:
    return AllOf((_SUBSCRIBED, _ENGAGED))


def _potential_converters(store: StoreNumbers, chosen: Chosen) -> Condition:
    viewed = _did("product_viewed", _last(30), _at_least(3))
    return AllOf((AnyOf((viewed, _did("email_clicked", _last(30)))), _did_not("order_placed")))


def _high_value(store: StoreNumbers, chosen: Chosen) -> Condition:
    spend = _spent_at_least(store.spend_percentile(HIGH_VALUE_PERCENTILE, None))
    return AllOf((_did("order_placed"), spend))


def _new_subscribers(store: StoreNumbers, chosen: Chosen) -> Condition:
    return AllOf((_SUBSCRIBED, _did("email_subscribed", _last(30))))


def _lapsed_buyers(store: StoreNumbers, chosen: Chosen) -> Condition:
    return AllOf((_did("order_placed"), _did_not("order_placed", _last(180))))


def _cart_without_order(store: StoreNumbers, chosen: Chosen) -> Condition:
    return AllOf((_did("cart_updated", _last(14)), _did_not("order_placed", _last(14))))


def _view_without_order(store: StoreNumbers, chosen: Chosen) -> Condition:
    return AllOf((_did("product_viewed", _last(14)), _did_not("order_placed", _last(14))))


def _birthday_this_month(store: StoreNumbers, chosen: Chosen) -> Condition:
    return AttributeLeaf("birthday", AnniversaryTest(AnniversaryKind.THIS_MONTH))


def _win_back(store: StoreNumbers, chosen: Chosen) -> Condition:
    bought = _did("order_placed", BetweenAgo(_days(90), _days(365)))
    return AllOf((_SUBSCRIBED, bought, _did_not("order_placed", _last(90))))


def _cancelling_subscribers(store: StoreNumbers, chosen: Chosen) -> Condition:
    return AllOf((_SUBSCRIBED, _did("order_cancelled", _last(90))))


def _high_spenders_of_country(store: StoreNumbers, chosen: Chosen) -> Condition:
    country = chosen["country"]
    spend = _spent_at_least(store.spend_percentile(HIGH_VALUE_PERCENTILE, country))
    return AllOf((_is("country", country), _did("order_placed"), spend))


def _repeat_buyers(store: StoreNumbers, chosen: Chosen) -> Condition:
    return _did("order_placed", _last(365), _at_least(3))


def _unengaged(store: StoreNumbers, chosen: Chosen) -> Condition:
    registered = AttributeLeaf("registered_at", InstantTest(MoreThanAgo(_days(90))))
    return AllOf((_SUBSCRIBED, registered, _did("email_sent", _last(90)), _no_opens()))


def _no_opens() -> Condition:
    return AllOf((_did_not("email_opened", _last(90)), _did_not("email_clicked", _last(90))))


SUGGESTIONS = {
    held.id: held
    for held in (
        Suggestion(
            "active_email_subscribers",
            "Active e-mail subscribers",
            "Subscribed, and opened or clicked an e-mail in the last 90 days.",
            _active_subscribers,
        ),
        Suggestion(
            "potential_converters",
            "Potential converters",
            "Never ordered, but looked at products or clicked an e-mail in the last 30 days.",
            _potential_converters,
        ),
        Suggestion(
            "high_value_customers",
            "High-value customers",
            "Spent as much as the best tenth of the store's buyers.",
            _high_value,
            threshold=Threshold(1, "total spend of the best tenth of buyers", 90),
        ),
        Suggestion(
            "new_subscribers",
            "New subscribers",
            "Subscribed to e-mail in the last 30 days.",
            _new_subscribers,
        ),
        Suggestion(
            "lapsed_buyers",
            "Lapsed buyers",
            "Ordered once or more, but not in the last 180 days.",
            _lapsed_buyers,
        ),
        Suggestion(
            "cart_without_order",
            "Cart without order",
            "Put a product into the cart in the last 14 days and did not order.",
            _cart_without_order,
        ),
        Suggestion(
            "view_without_order",
            "View without order",
            "Looked at a product in the last 14 days and did not order.",
            _view_without_order,
        ),
        Suggestion(
            "birthday_this_month",
            "Birthday this month",
            "Has a birthday in the current month.",
            _birthday_this_month,
        ),
        Suggestion(
            "win_back",
            "Win-back",
            "Subscribed; ordered between 90 and 365 days ago and not since.",
            _win_back,
        ),
        Suggestion(
            "cancelling_subscribers",
            "Subscribers who cancelled",
            "Subscribed, and cancelled an order in the last 90 days.",
            _cancelling_subscribers,
        ),
        Suggestion(
            "high_spenders_of_country",
            "High spenders of a country",
            "Of one country, among the best tenth of its buyers by spend.",
            _high_spenders_of_country,
            (Parameter("country", "Country", "country"),),
            Threshold(2, "total spend of the country's best tenth of buyers", 90),
        ),
        Suggestion(
            "repeat_buyers",
            "Repeat buyers",
            "Ordered at least three times in the last 365 days.",
            _repeat_buyers,
        ),
        Suggestion(
            "unengaged_subscribers",
            "Unengaged subscribers",
            "Subscribed and mailed in the last 90 days, but neither opened nor clicked.",
            _unengaged,
        ),
    )
}


def suggestion(suggestion_id: str) -> Suggestion:
    """Return a suggestion, or raise `NotFound`."""
    found = SUGGESTIONS.get(suggestion_id)
    if found is None:
        raise NotFound("suggestion", suggestion_id)
    return found
