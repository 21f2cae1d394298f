"""The schema every new store starts with: all nine SmartPush filter types (DESIGN section 6)."""

from segsvc.domain.schema import (
    AttributeDefinition,
    BehaviorDefinition,
    FilterType,
    PropertyDefinition,
    Schema,
    ValueType,
)

SUBSCRIPTION_STATUSES = ("unsubscribed", "not_subscribed", "subscribed")
"""Strictest first: a merge keeps the first of these that either contact has."""

LIFECYCLE_LABELS = ("loyal", "high_potential", "nurture_needed", "dormant", "churned")

CONSENT_ATTRIBUTES = ("email_status", "sms_status")


def _attribute(
    filter_type: FilterType,
    name: str,
    value_type: ValueType,
    title: str,
    values: tuple[str, ...] = (),
) -> AttributeDefinition:
    return AttributeDefinition(
        name, value_type, title, filter_type=filter_type, values=values, standard=True
    )


def _behavior(
    filter_type: FilterType, name: str, title: str, *properties: PropertyDefinition
) -> BehaviorDefinition:
    return BehaviorDefinition(
        name, title, filter_type=filter_type, properties=properties, standard=True
    )


_ATTRIBUTES = (
    _attribute(FilterType.PROPERTIES, "name", ValueType.TEXT, "Name"),
    _attribute(FilterType.PROPERTIES, "email", ValueType.TEXT, "E-mail address"),
    _attribute(FilterType.PROPERTIES, "phone", ValueType.KEY, "Phone number"),
    _attribute(FilterType.PROPERTIES, "gender", ValueType.TEXT, "Gender"),
    _attribute(FilterType.PROPERTIES, "country", ValueType.TEXT, "Country"),
    _attribute(FilterType.PROPERTIES, "city", ValueType.TEXT, "City"),
    _attribute(FilterType.PROPERTIES, "birthday", ValueType.DATE, "Birthday"),
    _attribute(FilterType.PROPERTIES, "language", ValueType.TEXT, "Language"),
    _attribute(FilterType.PROPERTIES, "registration_source", ValueType.TEXT, "Registration source"),
    _attribute(FilterType.PROPERTIES, "registered_at", ValueType.INSTANT, "Registered at"),
    _attribute(FilterType.MEMBERSHIP, "is_member", ValueType.BOOLEAN, "Is a member"),
    _attribute(
        FilterType.EMAIL_CHANNEL,
        "email_status",
        ValueType.TEXT,
        "E-mail subscription status",
        SUBSCRIPTION_STATUSES,
    ),
    _attribute(
        FilterType.EMAIL_CHANNEL, "email_invalid", ValueType.BOOLEAN, "E-mail address is invalid"
    ),
    _attribute(
        FilterType.SMS_CHANNEL,
        "sms_status",
        ValueType.TEXT,
        "SMS subscription status",
        SUBSCRIPTION_STATUSES,
    ),
    _attribute(FilterType.SMS_CHANNEL, "sms_invalid", ValueType.BOOLEAN, "Phone number is invalid"),
    _attribute(
        FilterType.CUSTOMER_LIFECYCLE,
        "lifecycle",
        ValueType.TEXT,
        "Lifecycle stage",
        LIFECYCLE_LABELS,
    ),
    _attribute(FilterType.OTHERS, "tags", ValueType.TEXT_SET, "Tags"),
    _attribute(FilterType.OTHERS, "imported_tags", ValueType.TEXT_SET, "Imported tags"),
    _attribute(FilterType.OTHERS, "popup_tags", ValueType.TEXT_SET, "Popup-collected tags"),
)

_CAMPAIGN = PropertyDefinition("campaign_id", ValueType.KEY, "Campaign")
_URL = PropertyDefinition("url", ValueType.KEY, "Link")
_ORDER = PropertyDefinition("order_id", ValueType.KEY, "Order")
_VALUE = PropertyDefinition("value", ValueType.NUMBER, "Value")
_PRODUCTS = PropertyDefinition("product_ids", ValueType.KEY_LIST, "Products")
_CATEGORIES = PropertyDefinition("categories", ValueType.TEXT_LIST, "Categories")
_PRODUCT = PropertyDefinition("product_id", ValueType.KEY, "Product")
_CATEGORY = PropertyDefinition("category", ValueType.TEXT, "Category")
_COUPON = PropertyDefinition("coupon_id", ValueType.KEY, "Coupon")

_EMAIL, _SMS = FilterType.EMAIL_CHANNEL, FilterType.SMS_CHANNEL
_CONSUMER, _ACTIVE = FilterType.CONSUMER_BEHAVIOR, FilterType.ACTIVE_BEHAVIOR

_BEHAVIORS = (
    _behavior(_EMAIL, "email_sent", "E-mail sent", _CAMPAIGN),
    _behavior(_EMAIL, "email_opened", "E-mail opened", _CAMPAIGN),
    _behavior(_EMAIL, "email_clicked", "E-mail clicked", _CAMPAIGN, _URL),
    _behavior(_EMAIL, "email_subscribed", "Subscribed to e-mail"),
    _behavior(_EMAIL, "email_unsubscribed", "Unsubscribed from e-mail", _CAMPAIGN),
    _behavior(_SMS, "sms_sent", "SMS sent", _CAMPAIGN),
    _behavior(_SMS, "sms_clicked", "SMS clicked", _CAMPAIGN, _URL),
    _behavior(_SMS, "sms_subscribed", "Subscribed to SMS"),
    _behavior(_SMS, "sms_unsubscribed", "Unsubscribed from SMS", _CAMPAIGN),
    _behavior(
        _CONSUMER, "order_placed", "Order placed", _ORDER, _VALUE, _PRODUCTS, _CATEGORIES, _COUPON
    ),
    _behavior(_CONSUMER, "order_cancelled", "Order cancelled", _ORDER, _VALUE, _PRODUCTS),
    _behavior(_CONSUMER, "order_refunded", "Order refunded", _ORDER, _VALUE, _PRODUCTS),
    _behavior(_ACTIVE, "page_viewed", "Page viewed", _URL),
    _behavior(_ACTIVE, "product_viewed", "Product viewed", _PRODUCT, _CATEGORY),
    _behavior(_ACTIVE, "cart_updated", "Product added to cart", _PRODUCT, _VALUE),
    _behavior(_ACTIVE, "visited", "Visited the shop"),
    _behavior(FilterType.SMARTPUSH_EVENTS, "coupon_received", "Coupon received", _COUPON, _VALUE),
    _behavior(FilterType.SMARTPUSH_EVENTS, "coupon_clicked", "Coupon clicked", _COUPON),
)

STANDARD_SCHEMA = Schema.of(_ATTRIBUTES, _BEHAVIORS)
