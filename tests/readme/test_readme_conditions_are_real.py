"""What the README says about the condition language holds."""

import re
from pathlib import Path

import pytest

from segsvc.condition.check import check
from segsvc.condition.language import parse
from segsvc.condition.tree import describe
from segsvc.domain.standard_schema import STANDARD_SCHEMA

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```condition\n(.*?)^```", re.DOTALL | re.MULTILINE)
EXAMPLES = [line for block in BLOCK.findall(README.read_text()) for line in block.splitlines()]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_valid_and_says_itself_again(example: str) -> None:
    condition = parse(example, STANDARD_SCHEMA)
    assert check(condition, STANDARD_SCHEMA) == []
    assert parse(describe(condition), STANDARD_SCHEMA) == condition


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 10
