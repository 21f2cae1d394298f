"""The grammar of the text form, and what its terminals are called in plain words.

Keywords are terminals of their own and ignore case. Which words a place allows decides how a word
is read, so an attribute may be called ``count`` or ``today``; only the `RESERVED` words, which can
begin a condition, must be quoted when they are an attribute's name.
"""

from segsvc.condition.quoting import RESERVED

_KEYWORDS = """
    after ago all and anniversary any before between contains count done ends first has in is
    last month more net next none not of on or salted sample segment set spend starts than the
    this time today where with yesterday
"""

_TERMINALS = "\n".join(rf"_{word.upper()}.2: /{word}(?!\w)/i" for word in _KEYWORDS.split())

_STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
_NAME = rf"[a-z_]\w*|{_STRING}"

GRAMMAR = rf"""
start: expression

?expression: conjunction
    | conjunction (_OR conjunction)+ -> any_of
?conjunction: factor
    | factor (_AND factor)+ -> all_of
?factor: _NOT factor -> negation
    | _LPAR expression _RPAR
    | _ALL _LPAR expression _RPAR -> all_of
    | _ANY _LPAR expression _RPAR -> any_of
    | ATTRIBUTE test -> attribute
    | _HAS [NOT] _DONE BEHAVIOR [where] [window] [_WITH measure] -> behavior
    | _NET _SPEND [window] comparison -> net_spend
    | _IN _SEGMENT STRING -> in_segment
    | _NOT_IN _SEGMENT STRING -> not_in_segment
    | _SAMPLE NUMBER _PERCENT [_SALTED STRING] -> sample

where: _WHERE (clause | _LPAR clause (_AND clause)* _RPAR)
clause: PROPERTY test

?measure: _COUNT comparison -> count
    | REDUCTION _OF PROPERTY comparison -> reduction
    | _FIRST _TIME window -> first_time
    | _LAST _TIME window -> last_time

?test: comparison
    | window
    | (_IS | _EQUAL) STRING -> text_is
    | (_IS _NOT | _UNEQUAL) STRING -> text_is_not
    | (_ANY _OF | _IN) values -> any_of_values
    | (_NONE _OF | _NOT_IN) values -> none_of_values
    | _ALL _OF values -> all_of_values
    | [NOT] _CONTAINS STRING -> contains
    | [NOT] _STARTS _WITH STRING -> starts_with
    | [NOT] _ENDS _WITH STRING -> ends_with
    | (_IS | _EQUAL) TRUTH -> truth
    | _IS _SET -> is_set
    | _IS _NOT _SET -> is_not_set
    | _ANNIVERSARY _TODAY -> anniversary_today
    | _ANNIVERSARY _THIS _MONTH -> anniversary_this_month
    | _ANNIVERSARY _IN _MONTH NUMBER -> anniversary_in_month
    | _ANNIVERSARY _IN _THE _NEXT NUMBER _DAYS -> anniversary_next
    | _ANNIVERSARY _IN _THE _LAST NUMBER _DAYS -> anniversary_last

values: _LPAR STRING (_COMMA STRING)* _RPAR

?comparison: (_IS | _EQUAL) NUMBER -> equal
    | (_IS _NOT | _UNEQUAL) NUMBER -> unequal
    | ORDER NUMBER -> order
    | _BETWEEN NUMBER _AND NUMBER -> between_numbers

?window: _IN _THE _LAST span -> in_the_last
    | _IN _THE _NEXT span -> in_the_next
    | _MORE _THAN span _AGO -> more_than_ago
    | _BETWEEN span _AND span _AGO -> between_ago
    | _TODAY -> today
    | _YESTERDAY -> yesterday
    | _THIS PERIOD -> this_period
    | _LAST PERIOD -> last_period
    | _BEFORE INSTANT -> before
    | _AFTER INSTANT -> after
    | _BETWEEN INSTANT _AND INSTANT -> between_instants
    | _ON DATE -> on_date
    | _BEFORE DATE -> before_date
    | _AFTER DATE -> after_date
    | _BETWEEN DATE _AND DATE -> between_dates

span: NUMBER UNIT

{_TERMINALS}
_NOT_IN.3: /not\s+in(?!\w)/i
NOT.2: /not(?!\w)/i
TRUTH.2: /(?:true|false)(?!\w)/i
REDUCTION.2: /(?:sum|average|minimum|maximum)(?!\w)/i
UNIT.2: /(?:hour|day|week|month|year)s?(?!\w)/i
PERIOD.2: /(?:week|month|year)(?!\w)/i
_DAYS.2: /days?(?!\w)/i
_EQUAL: /==?/
_UNEQUAL: /!=|<>/
ORDER: /<=|>=|<(?!>)|>/
_LPAR: "("
_RPAR: ")"
_COMMA: ","
_PERCENT: "%"
STRING: /{_STRING}/
ATTRIBUTE: /(?!(?:{"|".join(sorted(RESERVED))})(?!\w))(?:{_NAME})/i
BEHAVIOR: /{_NAME}/i
PROPERTY: /{_NAME}/i
INSTANT.3: /\d{{4}}-\d\d-\d\d[tT]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[zZ]|[+-]\d\d:\d\d)?/
DATE.2: /\d{{4}}-\d\d-\d\d/
NUMBER: /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/

%ignore /\s+/
"""

_WORDS = {
    "$END": "the end",
    "ATTRIBUTE": "the name of an attribute",
    "BEHAVIOR": "the name of a behavior",
    "PROPERTY": "the name of a property",
    "STRING": 'a text in quotes, like "Germany"',
    "NUMBER": "a number",
    "INSTANT": "an instant, like 2024-01-31T12:00:00Z",
    "DATE": "a date, like 2024-01-31",
    "TRUTH": "'true' or 'false'",
    "REDUCTION": "'sum', 'average', 'minimum' or 'maximum'",
    "UNIT": "'hours', 'days', 'weeks', 'months' or 'years'",
    "PERIOD": "'week', 'month' or 'year'",
    "ORDER": "'<', '<=', '>' or '>='",
    "_EQUAL": "'='",
    "_UNEQUAL": "'!='",
    "_LPAR": "'('",
    "_RPAR": "')'",
    "_COMMA": "','",
    "_PERCENT": "'%'",
    "_NOT_IN": "'not in'",
}

_ORDER = ("ATTRIBUTE", "BEHAVIOR", "PROPERTY", "STRING", "NUMBER", "DATE", "INSTANT")


_STARTS = (
    "the name of an attribute",
    "'has done'",
    "'in segment'",
    "'net spend'",
    "'sample'",
    "'not'",
    "'('",
)


def in_words(terminals: set[str]) -> tuple[str, ...]:
    """Say which *terminals* a place allows, the most telling first and every one once.

    Where a condition begins, what it can begin with is said in whole words.
    """
    if "ATTRIBUTE" in terminals:
        return _STARTS
    places = {terminal: place for place, terminal in enumerate(_ORDER)}
    ranked = sorted(terminals, key=lambda name: (places.get(name, len(_ORDER)), name.lower()))
    words = (_WORDS.get(name, f"'{name.lstrip('_').lower()}'") for name in ranked)
    return tuple(dict.fromkeys(words))
