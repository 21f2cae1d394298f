"""What people write besides the printed form, and how their mistakes are shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.condition.language import (
    MAX_CHARACTERS,
    ConditionSyntaxError,
    SyntaxReason,
    parse,
    parse_with_spans,
    pointer,
)
from segsvc.condition.tree import describe
from tests.condition.strategies import WIDE_SCHEMA


@pytest.mark.parametrize(
    ("comfortable", "printed"),
    [
        ("COUNTRY".lower() + " IS 'de'", 'country is "de"'),
        ('country = "de" AND NOT vip = True', 'country is "de" and not (vip is true)'),
        ('country in ("a", "b")', 'country any of ("a", "b")'),
        ("country not in ('a')", 'country none of ("a")'),
        ('country <> "a"', 'country is not "a"'),
        ("score is 5.00", "score = 5"),
        ("score is not .5", "score != 0.5"),
        ("sample 5 %", 'sample 5% salted ""'),
        ("not in segment 's'", 'not in segment "s"'),
        ("not (in segment 's')", 'not (in segment "s")'),
        ("not not in segment 's'", 'not (not in segment "s")'),
        (
            "has done order_placed where value > 5 in the last 1 days",
            "has done order_placed where (value > 5) in the last 1 day",
        ),
        (
            "score > 1 and score > 2 or score > 3",
            "(score > 1 and score > 2) or score > 3",
        ),
        ("((score > 1))", "score > 1"),
        (
            "last_seen before 2024-01-31T14:00+02:00",
            "last_seen before 2024-01-31T12:00:00Z",
        ),
        ("'country' is\n\t'\\u00e4\\''", 'country is "ä\'"'),
        ('"not" is set', '"not" is set'),
        ("today is true", "today is true"),
    ],
)
def test_comfortable_forms_mean_the_printed_one(comfortable: str, printed: str) -> None:
    assert describe(parse(comfortable, WIDE_SCHEMA)) == printed


@pytest.mark.parametrize(
    ("text", "line", "column", "reason", "words"),
    [
        ("", 1, 1, SyntaxReason.SYNTAX, "the text is empty; expected the name of an attribute"),
        ('contry is "x"', 1, 1, SyntaxReason.ATTRIBUTE_UNKNOWN, "did you mean 'country'"),
        ("contry foo", 1, 1, SyntaxReason.ATTRIBUTE_UNKNOWN, "did you mean 'country'"),
        ("value > 3", 1, 1, SyntaxReason.ATTRIBUTE_UNKNOWN, "property of order_placed"),
        ("visited today", 1, 1, SyntaxReason.ATTRIBUTE_UNKNOWN, "'has done visited'"),
        ("has done visitd", 1, 10, SyntaxReason.BEHAVIOR_UNKNOWN, "did you mean 'visited'"),
        (
            "has done order_placed where (valu > 3)",
            1,
            30,
            SyntaxReason.PROPERTY_UNKNOWN,
            "did you mean 'value'",
        ),
        ("country > 3", 1, 9, SyntaxReason.TYPE_WRONG, "is a text attribute; it takes is, is not"),
        ('tags contains "a"', 1, 6, SyntaxReason.TYPE_WRONG, "any of, all of, none of"),
        (
            "has done order_placed with sum of coupon_id > 3",
            1,
            35,
            SyntaxReason.TYPE_WRONG,
            "only numbers have a sum",
        ),
        ("country foo", 1, 9, SyntaxReason.SYNTAX, "expected is, is not, any of"),
        ("country is foo", 1, 12, SyntaxReason.SYNTAX, "a text in quotes"),
        ('country is "x', 1, 12, SyntaxReason.SYNTAX, "never closed"),
        ("score >", 1, 8, SyntaxReason.SYNTAX, "the text ends; expected a number"),
        ("score > 1\n  and", 2, 6, SyntaxReason.SYNTAX, "the text ends; expected the name"),
        ("(score > 1", 1, 11, SyntaxReason.SYNTAX, "'and', 'or' or ')'"),
        ("score > 1)", 1, 10, SyntaxReason.SYNTAX, "found ')'; expected the end, 'and' or 'or'"),
        ("and is set", 1, 1, SyntaxReason.SYNTAX, 'is written "and", in quotes'),
        ("tags any of ()", 1, 14, SyntaxReason.SYNTAX, "a text in quotes"),
        ("last_seen in the last 30", 1, 25, SyntaxReason.SYNTAX, "'days'"),
        ("last_seen in the last 1.5 days", 1, 23, SyntaxReason.VALUE_INVALID, "whole number"),
        ("wedding on 2024-02-30", 1, 12, SyntaxReason.VALUE_INVALID, "day must be 1..29"),
        (
            "last_seen after 2024-01-01T00:00:00",
            1,
            17,
            SyntaxReason.VALUE_INVALID,
            "needs its time zone",
        ),
        ('country is "\\q"', 1, 12, SyntaxReason.VALUE_INVALID, "no escape"),
        ('country is "\\ud800"', 1, 12, SyntaxReason.VALUE_INVALID, "half of a character"),
    ],
)
def test_a_mistake_is_pointed_at_in_plain_words(
    text: str, line: int, column: int, reason: SyntaxReason, words: str
) -> None:
    with pytest.raises(ConditionSyntaxError) as refused:
        parse(text, WIDE_SCHEMA)
    error = refused.value
    assert (error.line, error.column, error.reason) == (line, column, reason)
    assert words in error.description
    assert error.offset <= error.end <= len(text)
    shown, carets = _pointer(text, error).split("\n")
    assert shown == text.split("\n")[line - 1]
    assert carets == " " * (column - 1) + "^" * max(error.end - error.offset, 1)
    assert error.violations[0].field == "condition_text"
    assert error.violations[0].description.startswith(f"line {line}, column {column}: ")


def test_the_pointer_shows_only_the_surroundings_of_a_long_line() -> None:
    text = f'country is "{"x" * 500}" foo and {"(" * 500}'
    with pytest.raises(ConditionSyntaxError) as refused:
        parse(text, WIDE_SCHEMA)
    shown, carets = _pointer(text, refused.value).split("\n")
    assert shown.startswith("...")
    assert shown.endswith("...")
    assert shown[carets.index("^") :].startswith("foo")


def test_the_carets_end_with_the_line_and_with_what_is_shown() -> None:
    text = "score > 1 and (\n  score > 2\n)"
    assert pointer(text, 14, len(text)) == "score > 1 and (\n" + " " * 14 + "^"
    assert pointer("x" * 500, 0, 500) == "x" * 120 + "...\n" + "^" * 120


def test_the_caret_stands_below_wide_characters() -> None:
    text = 'country is "日本" 本'
    with pytest.raises(ConditionSyntaxError) as refused:
        parse(text, WIDE_SCHEMA)
    assert _pointer(text, refused.value) == f"{text}\n" + " " * 18 + "^^"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "not " * 50_000 + "vip is true",
        "(" * 9_000 + "vip is foo" + ")" * 9_000,
        "not (" * 5_000 + "vip is true" + ")" * 5_000,
        "x" * (MAX_CHARACTERS + 1),
    ],
    ids=["parentheses", "nots", "both", "not parentheses", "long"],
)
def test_monstrous_texts_are_refused_calmly(text: str) -> None:
    with pytest.raises(ConditionSyntaxError):
        parse(text, WIDE_SCHEMA)


def test_spans_say_where_each_part_stands() -> None:
    text = 'country is "a" and not (score > 1 or has done visited today)'
    parsed = parse_with_spans(text, WIDE_SCHEMA)

    def said(path: str) -> str:
        start, end = parsed.span(path)
        return text[start:end]

    assert said("") == text
    assert said("all_of.children[0].text.test.values[0]") == 'country is "a"'
    assert said("all_of.children[1]") == text[19:]
    inner = "all_of.children[1].not.child.any_of.children"
    assert said(f"{inner}[0]") == "score > 1"
    assert said(f"{inner}[1].behavior.window.calendar") == "has done visited today"


_WORDS = """
    country score tags vip has done not in the last segment visited order_placed where value
    ( ) and or is = > 5 3 days "a" 'b with count sum of today between 2024-01-01 % sample , \\
"""
_PIECES = st.sampled_from(_WORDS.split())


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=12).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_condition_or_a_syntax_error(text: str) -> None:
    try:
        parse(text, WIDE_SCHEMA)
    except ConditionSyntaxError as error:
        shown = error
    else:
        return
    assert 0 <= shown.offset <= shown.end <= len(text)
    assert _pointer(text, shown).endswith("^")


def _pointer(text: str, error: ConditionSyntaxError) -> str:
    return pointer(text, error.offset, error.end)
