"""Reading the text form of conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from segsvc.condition.check import child_path
from segsvc.condition.language.builder import TreeBuilder
from segsvc.condition.language.choices import operators
from segsvc.condition.language.grammar import GRAMMAR, in_words
from segsvc.condition.language.node import Node
from segsvc.condition.language.syntax_error import (
    ConditionSyntaxError,
    SyntaxReason,
    syntax_error,
)
from segsvc.condition.quoting import RESERVED
from segsvc.condition.tree import Condition
from segsvc.domain.schema import Schema, ValueType

MAX_CHARACTERS = 256 * 1024
"""Longest text that is read: more than 64 KiB of condition ever print as."""

_IN_A_TEST = {"_CONTAINS", "_IS"}
_AFTER_IS = {"TRUTH", "_SET"}


@dataclass(frozen=True, slots=True)
class ParsedCondition:
    """A condition and where each of its nodes stands in the text."""

    condition: Condition
    spans: Mapping[str, tuple[int, int]]
    """Path of a node (``"all_of.children[2]"``; ``""``: the root) -> characters start..end-1."""

    def span(self, path: str) -> tuple[int, int]:
        """Return the span of the innermost node that holds what *path* names."""
        while path not in self.spans:
            path = path.rpartition(".")[0]
        return self.spans[path]


def parse(text: str, schema: Schema, field: str = "condition_text") -> Condition:
    """Read what `tree.describe` prints, and some comfort around it.

    ``parse(describe(c), schema) == c`` for every valid *c*. Decimals come back equal but without
    trailing zeros. *field* names the text in the error.

    Raises:
        ConditionSyntaxError: when the text is no condition, or names what *schema* does not have.

    >>> from segsvc.domain.standard_schema import STANDARD_SCHEMA
    >>> parse('country = "DE" and has done visited today', STANDARD_SCHEMA).children[1].behavior
    'visited'
    """
    return _read(text, schema, field).condition


def parse_with_spans(text: str, schema: Schema, field: str = "condition_text") -> ParsedCondition:
    """Read as `parse` does and remember where each node stands."""
    root = _read(text, schema, field)
    spans: dict[str, tuple[int, int]] = {}
    waiting = [("", root)]
    while waiting:
        path, node = waiting.pop()
        spans[path] = node.start, node.end
        for place, child in enumerate(node.children):
            waiting.append((child_path(path, node.condition, place), child))
    return ParsedCondition(root.condition, spans)


@cache
def _lark() -> Lark:
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _read(text: str, schema: Schema, field: str) -> Node:
    if len(text) > MAX_CHARACTERS:
        raise syntax_error(
            text,
            MAX_CHARACTERS,
            len(text),
            f"the text is longer than {MAX_CHARACTERS:,} characters",
            reason=SyntaxReason.LIMIT_EXCEEDED,
            field=field,
        )
    try:
        tree = _lark().parse(text)
    except UnexpectedInput as wrong:
        raise _explain(text, wrong, schema, field) from None
    try:
        node = TreeBuilder(text, schema, field).transform(tree)
    except VisitError as wrong:
        raise wrong.orig_exc from None
    assert isinstance(node, Node)
    return node


def _explain(text: str, wrong: UnexpectedInput, schema: Schema, field: str) -> ConditionSyntaxError:
    start, end = _place(text, wrong)
    if text[start : start + 1] in {'"', "'"} and not _is_closed(text, start):
        return syntax_error(text, start, end, "the quote is never closed on its line", field=field)
    accepted, values = _state(text)
    found = f"found {text[start:end]!r}" if end > start else "the text ends"
    if not text.strip():
        found = "the text is empty"
    hint = ""
    if accepted >= _IN_A_TEST or accepted >= _AFTER_IS:
        tested = _tested_type(values, TreeBuilder(text, schema, field))
        operand = _operand(tested)
        if operand and "_IS" not in accepted:
            expected = in_words({"_NOT", "_SET", operand})
        else:
            expected = tuple(operators(tested).split(", "))
    else:
        expected = in_words(accepted)
        if "ATTRIBUTE" in accepted and text[start:end].lower() in RESERVED:
            hint = f' (an attribute of this name is written "{text[start:end].lower()}", in quotes)'
    description = f"{found}; expected {_either(expected)}{hint}"
    return syntax_error(text, start, end, description, expected=expected, field=field)


def _operand(tested: ValueType) -> str:
    """Return the terminal that follows ``is`` for a field of a type; "" when none does."""
    if tested.is_textual:
        return "STRING"
    return {ValueType.NUMBER: "NUMBER", ValueType.BOOLEAN: "TRUTH"}.get(tested, "")


def _tested_type(values: list[object], names: TreeBuilder) -> ValueType:
    """Return the type of the field that is named last among *values*, the parser's stack.

    Raises:
        ConditionSyntaxError: when it is not known; that explains more than what follows it.
    """
    tokens = {value.type: value for value in values if isinstance(value, Token)}
    if "PROPERTY" not in tokens:
        return names.attribute_named(tokens["ATTRIBUTE"]).type
    behavior = names.behavior_named(tokens["BEHAVIOR"])
    return names.property_type(behavior, tokens["PROPERTY"])


def _place(text: str, wrong: UnexpectedInput) -> tuple[int, int]:
    if isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END":
        return len(text.rstrip()), len(text.rstrip())
    start = wrong.pos_in_stream
    if start is None:
        return len(text), len(text)
    end = start + 1
    if isinstance(wrong, UnexpectedCharacters | UnexpectedToken) and _is_word(text[start]):
        while end < len(text) and _is_word(text[end]):
            end += 1
    return start, end


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_closed(text: str, start: int) -> bool:
    at = start + 1
    while at < len(text) and text[at] != "\n":
        if text[at] == text[start]:
            return True
        at += 2 if text[at] == "\\" else 1
    return False


def _state(text: str) -> tuple[set[str], list[object]]:
    """Return the terminals that the place of the first error allows, and what was read so far.

    The wrong token itself may already have moved the parser, so what comes before is read again.
    """
    parser, tokens = _lark().parse_interactive(text), list[Token]()
    try:
        tokens.extend(parser.iter_parse())
    except UnexpectedToken as wrong:
        if tokens and tokens[-1] is wrong.token:
            tokens.pop()
    except UnexpectedInput:
        pass
    parser = _lark().parse_interactive(text)
    for token in tokens:
        parser.feed_token(token)
    accepts = cast(Callable[[], set[str]], parser.accepts)
    return accepts(), list(parser.parser_state.value_stack)


def _either(expected: tuple[str, ...]) -> str:
    if len(expected) <= 1:
        return "".join(expected)
    return f"{', '.join(expected[:-1])} or {expected[-1]}"
