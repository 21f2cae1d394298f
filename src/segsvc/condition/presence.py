"""Whether a value is there at all."""

from enum import StrEnum


class Presence(StrEnum):
    """A value is set, or is not."""

    SET = "is set"
    NOT_SET = "is not set"
