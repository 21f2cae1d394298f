"""Fourteen questions that a marketing team asks about its audience, five variants of each."""

from benchmarks.questions.question import Question, varied

SAVED = {
    "s1": 'country in ("DE", "AT", "CH") and email_status is "subscribed"',
    "s2": "has done order_placed in the last 90 days",
    "s3": "points > 1000",
    "s4": 'tags any of ("complaint", "do-not-call")',
    "s5": "has done email_unsubscribed in the last 365 days",
}
"""The saved segments that the last question combines: three without two."""

_COUNTRIES = ("US", "GB", "DE", "FR", "ES")
_DAYS = (30, 31, 32, 33, 34)

_COMBINED = (
    '(in segment "{a}" or in segment "s2" or in segment "s3") '
    'and not in segment "s4" and not in segment "{b}"'
)
_COMBINATIONS = varied(a=("s1",), b=("s5",))

AUDIENCE = (
    Question("equality", "one equality", 'country is "{country}"', varied(country=_COUNTRIES)),
    Question(
        "any-of",
        "any of three, and a status",
        'country in ("{a}", "IT", "NL") and email_status is "subscribed"',
        varied(a=_COUNTRIES),
    ),
    Question(
        "five",
        "five predicates with a Not",
        'country in ("{a}", "IT", "NL") and email_status is "subscribed" and gender is "female" '
        'and tags any of ("newsletter", "app-user") and not is_member is true',
        varied(a=_COUNTRIES),
    ),
    Question(
        "range",
        "a number range",
        "points between {low} and {high}",
        varied(low=(100, 210, 320, 430, 540), high=(900, 1_100, 1_300, 1_500, 1_700)),
    ),
    Question(
        "ordered",
        "ordered in the last 30 days",
        "has done order_placed in the last {days} days",
        varied(days=_DAYS),
    ),
    Question(
        "viewed-not-ordered",
        "viewed in 7 days but not ordered in 90",
        "has done product_viewed in the last {days} days "
        "and not has done order_placed in the last {quiet} days",
        varied(days=(7, 8, 9, 10, 11), quiet=(90, 91, 92, 93, 94)),
    ),
    Question(
        "opens",
        "at least 3 opens in 30 days",
        "has done email_opened in the last {days} days with count >= 3",
        varied(days=_DAYS),
    ),
    Question(
        "spend",
        "total spend, country and any tag",
        'has done order_placed with sum of value > {spend} and country is "{country}" '
        'and tags any of ("newsletter", "first-purchase", "sale-hunter")',
        varied(spend=(100, 110, 120, 130, 140), country=_COUNTRIES),
    ),
    Question(
        "sum",
        "orders of 180 days sum up to between 100 and 300",
        "has done order_placed in the last {days} days with sum of value between 100 and 300",
        varied(days=(180, 181, 182, 183, 184)),
    ),
    Question(
        "product",
        "buyers of one product",
        'has done order_placed where product_ids is "{product}"',
        varied(product=("p0001847", "p0001117", "p0001100", "p0001548", "p0002472")),
    ),
    Question(
        "birthday",
        "birthday in 7 days",
        "birthday anniversary in the next {days} days",
        varied(days=(7, 8, 9, 10, 11)),
    ),
    Question(
        "email",
        "e-mail address contains",
        'email contains "{part}"',
        varied(part=("smith", "anna", "c00007", "er.c0", "lopez")),
    ),
    Question(
        "nested",
        "ten nested leaves",
        '((country in ("{country}", "GB") and (email_status is "subscribed" or '
        'sms_status is "subscribed")) or (tags any of ("vip", "loyalty-gold") and points > 500)) '
        'and not (gender is "male" and is_member is true) and (registered_at in the last {days} '
        "days or has done order_placed in the last {days} days) "
        'and registration_source in ("checkout", "popup", "app")',
        varied(country=_COUNTRIES, days=(365, 366, 367, 368, 369)),
    ),
    Question("segments", "three segments without two others", _COMBINED, _COMBINATIONS),
    Question(
        "segments-ids",
        "three segments without two others, as ids",
        _COMBINED,
        _COMBINATIONS,
        wants_ids=True,
    ),
)
