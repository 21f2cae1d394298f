"""Under which rules records are accepted: our semantics, Unicode and time zone data."""

import unicodedata
from importlib.metadata import version

SEMANTICS = 1
"""Grows when a condition, window or write means something else than before."""

RULES = f"semantics-{SEMANTICS};unicode-{unicodedata.unidata_version};tzdata-{version('tzdata')}"

WATCH_GENERATION = "watch_generation"
"""The fact of a RULES record that says which generation of watches begins with it."""
