"""How text compares: NFKC and casefold, with the original kept for display."""

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return the form under which two texts are the same text.

    Folding a folded text changes nothing: casefold can leave text that NFKC would change
    again, so the pair is applied until it stands still.

    >>> fold("Straße") == fold("STRASSE")
    True
    """
    if text.isascii():
        return text.lower()
    while True:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        if folded == text:
            return folded
        text = folded
