"""Every kind of leaf, and ranges of every selectivity."""

from benchmarks.questions.question import Question, varied

_DAYS = (30, 41, 52, 63, 74)

KINDS = (
    Question("text", "text is", 'city is "{city}"', varied(city=("Berlin", "Paris", "London"))),
    Question("text any of", "text any of 3", 'city in ("Berlin", "Paris", "{city}")',
             varied(city=("London", "Roma", "Madrid"))),
    Question("text contains", "text contains", 'email contains "{part}"',
             varied(part=("schmidt", "garcia", "emma", "web.ex", "c0001"))),
    Question("text starts with", "text starts with", 'email starts with "{part}"',
             varied(part=("anna", "emma", "lucas", "o", "jo"))),
    Question("text ends with", "text ends with", 'email ends with "{part}"',
             varied(part=("@mail.example", "@example.com", ".org", "example", "@work.example"))),
    Question("key lookup", "one e-mail address", 'email is "{address}"',
             varied(address=("nobody@mail.example", "someone@example.com"))),
    Question("number", "number range", "points between {low} and {high}",
             varied(low=(10, 20, 30, 40, 50), high=(700, 800, 900, 1_000, 1_100))),
    Question("instant", "instant in the last N days", "registered_at in the last {days} days",
             varied(days=_DAYS)),
    Question("anniversary", "birthday in the next N days",
             "birthday anniversary in the next {days} days", varied(days=(3, 5, 14, 30, 60))),
    Question("boolean", "boolean is true", "is_member is true", varied(none=(0,))),
    Question("text set any", "any of two tags", 'tags any of ("{tag}", "vip")',
             varied(tag=("newsletter", "app-user", "parent"))),
    Question("text set all", "all of two tags", 'tags all of ("{tag}", "newsletter")',
             varied(tag=("first-purchase", "app-user", "parent"))),
    Question("behavior", "has done in the last N days",
             "has done product_viewed in the last {days} days", varied(days=_DAYS)),
    Question("behavior ever", "has done ever", "has done {name}",
             varied(name=("order_placed", "coupon_clicked", "sms_clicked"))),
    Question("behavior where", "has done where a property is in the last N days",
             'has done product_viewed where category is "Shoes" in the last {days} days',
             varied(days=_DAYS)),
    Question("behavior count", "at least 3 in the last N days",
             "has done page_viewed in the last {days} days with count >= 3", varied(days=_DAYS)),
    Question("behavior sum", "sum in the last N days",
             "has done order_placed in the last {days} days with sum of value > 150",
             varied(days=_DAYS)),
    Question("behavior last time", "last time more than N days ago",
             "has done visited with last time more than {days} days ago", varied(days=_DAYS)),
    Question("segment", "in segment", 'in segment "s2"', varied(none=(0,))),
    Question("sample", "a stable sample", 'sample {percent}% salted "bench"',
             varied(percent=(1, 5, 10, 20, 50))),
)  # fmt: skip

SELECTIVITIES = (0.01, 0.1, 1.0, 10.0, 50.0)
"""Per cent of all contacts."""
